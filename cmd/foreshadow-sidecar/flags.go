package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// options are the flags.
type options struct {
	logLevel, logFormat string
	listen              string
	app                 string

	list, credentials, profile, state string
	receive                           string
	receiveUnsafe                     bool
	withhold, keep                    []string
	tap                               string
	shadows                           string
	percent                           int
	unsafePaths                       []string
	refresh                           time.Duration
	drain                             time.Duration

	settings warmup.Settings
}

func (o *options) install(fs *pflag.FlagSet) {
	o.settings = warmup.DefaultSettings()
	fs.SortFlags = false
	fs.StringVar(&o.app, "app.url", "http://127.0.0.1:8080", "The app, in this pod.")
	fs.StringVar(&o.listen, "web.listen-address", ":9797", "Where /progress, /metrics and /healthz are read. Nothing can be changed there.")
	fs.StringVar(&o.list, "requests.file", "", "A weighted list of requests, YAML or JSON.")
	fs.StringVar(&o.credentials, "requests.credentials-file", "", "Headers that are added to every request of the warm-up, one \"Name: value\" a line.")
	fs.StringVar(&o.profile, "profile.file", "", "The profile of the source pod, as the downward API writes the annotation foreshadow.dev/warmup-profile.")
	fs.StringVar(&o.state, "state.file", "", "The state of the pod, as the downward API writes the label foreshadow.dev/state. Without it the app is warmed up once, at the start.")
	fs.StringVar(&o.receive, "receive.listen-address", "", "Where the requests that taps mirror are taken while the app warms up, such as :9798; empty: nowhere.")
	fs.BoolVar(&o.receiveUnsafe, "receive.allow-unsafe", false, "Take mirrored requests of methods that may change something.")
	fs.StringSliceVar(&o.withhold, "headers.withhold", nil, "Headers that are not mirrored, beside those of credentials.")
	fs.StringSliceVar(&o.keep, "headers.keep", nil, "Headers of credentials that are mirrored all the same.")
	o.installTap(fs)
	o.installSettings(fs)
	fs.DurationVar(&o.drain, "shutdown.timeout", 10*time.Second, "How long requests may take to end after a SIGTERM.")
	fs.StringVar(&o.logLevel, "log.level", "info", "Only log messages with the given severity or above. One of: debug, info, warn, error.")
	fs.StringVar(&o.logFormat, "log.format", "logfmt", "Output format of log messages. One of: logfmt, json.")
}

func (o *options) installTap(fs *pflag.FlagSet) {
	fs.StringVar(&o.tap, "tap.listen-address", "", "Where the app's own requests are taken and passed on to it, such as :8079; empty: nowhere.")
	fs.StringVar(&o.shadows, "tap.shadows", "", "The Service of the shadows, and the port at which their sidecars receive, such as web-shadow.shop.svc:9798.")
	fs.IntVar(&o.percent, "tap.percent", 10, "How many percent of the requests are mirrored at most, to shadows that warm up and ask for them.")
	fs.StringSliceVar(&o.unsafePaths, "tap.allow-unsafe-paths", nil, "Paths whose requests, and those below them, are mirrored whatever their method, with their bodies.")
	fs.DurationVar(&o.refresh, "tap.refresh", 2*time.Second, "How often the shadows are looked up.")
}

func (o *options) installSettings(fs *pflag.FlagSet) {
	s := &o.settings
	fs.Float64Var(&s.Fraction, "warmup.fraction", s.Fraction, "The share of the source pod's requests a second that is sent.")
	fs.Float64Var(&s.Rate, "warmup.rate", s.Rate, "Requests a second where the profile does not have the source pod's.")
	fs.Float64Var(&s.MaxRate, "warmup.max-rate", s.MaxRate, "Requests a second at most.")
	fs.DurationVar(&s.RampUp, "warmup.ramp-up", s.RampUp, "How long the rate takes to rise to its target.")
	fs.IntVar(&s.MinRequests, "warmup.min-requests", s.MinRequests, "Requests at least, before the app counts as warm.")
	fs.DurationVar(&s.Stable, "warmup.stable", s.Stable, "How long all conditions must hold.")
	fs.DurationVar(&s.Timeout, "warmup.timeout", s.Timeout, "When the warm-up ends at the latest: a little below warmUp.timeout of the pool.")
	fs.IntVar(&s.MaxInFlight, "warmup.max-in-flight", s.MaxInFlight, "Requests that are on their way at the same time, at most.")
	fs.DurationVar(&s.RequestTimeout, "warmup.request-timeout", s.RequestTimeout, "How long a request may take.")
}
