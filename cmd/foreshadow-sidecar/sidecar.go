package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"golang.org/x/net/netutil"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// stateBytes are enough for a label.
const stateBytes = 64

// addresses are where a sidecar listens.
type addresses struct{ web, receive, tap net.Addr }

// sidecar is all that runs; what is nil does not.
type sidecar struct {
	options options
	logger  log.Logger
	web     http.Handler
	app     *warmup.HTTPApp
	driver  *warmup.Driver
	inbox   *warmup.Inbox
	tap     *warmup.Tap
	mirror  *warmup.Mirror
}

func newSidecar(o options, logger log.Logger) (*sidecar, error) {
	warms, taps := o.list != "" || o.receive != "", o.tap != ""
	if !warms && !taps {
		return nil, errors.New("nothing to do: write --requests.file or --receive.listen-address to warm the app up, --tap.listen-address to sample its requests")
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), versioncollector.NewCollector("foreshadow_sidecar"))
	metrics := warmup.NewMetrics(reg)
	s := &sidecar{options: o, logger: logger}
	progress := func() warmup.Progress {
		return warmup.Progress{Version: warmup.ProgressVersion, Stage: warmup.StageIdle}
	}
	if warms {
		if err := s.warm(metrics); err != nil {
			return nil, err
		}
		progress = s.driver.Progress
	}
	if taps {
		if err := s.sample(metrics); err != nil {
			return nil, err
		}
	}
	s.web = warmup.NewHandler(progress, reg)
	return s, nil
}

// warm makes what warms the app up.
func (s *sidecar) warm(metrics *warmup.Metrics) (err error) {
	o, c := &s.options, clock.RealClock{}
	var credentials func() http.Header
	if o.credentials != "" {
		credentials = warmup.NewFile(o.credentials, warmup.MaxListBytes, warmup.ParseCredentials, c, s.logger).Get
	}
	if s.app, err = warmup.NewHTTPApp(o.app, credentials, c); err != nil {
		return fmt.Errorf("--app.url: %w", err)
	}
	feed := warmup.Feed{}
	if o.list != "" {
		list := warmup.NewFile(o.list, warmup.MaxListBytes, warmup.ParseList, c, s.logger)
		feed.List, feed.ListErr = list.Get, list.Err
	}
	if o.profile != "" {
		feed.Profile = warmup.NewFile(o.profile, warmup.MaxProfileBytes, warmup.ParseProfile, c, s.logger).Get
	}
	if o.state != "" {
		feed.State = warmup.NewFile(o.state, stateBytes, warmup.ParseState, c, s.logger).Get
	}
	if o.receive != "" {
		s.inbox = warmup.NewInbox(warmup.NewStrip(o.withhold, o.keep), o.receiveUnsafe, c, metrics)
		feed.Inbox = s.inbox
	}
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	s.driver, err = warmup.NewDriver(o.settings, s.app, feed, random, c, log.With(s.logger, "component", "warmup"), metrics)
	return err
}

// sample makes what stands in front of the app.
func (s *sidecar) sample(metrics *warmup.Metrics) (err error) {
	o, c := &s.options, clock.RealClock{}
	logger := log.With(s.logger, "component", "tap")
	to := warmup.MirrorConfig{Shadows: o.shadows, Refresh: o.refresh, Lookup: net.DefaultResolver.LookupHost, Strip: warmup.NewStrip(o.withhold, o.keep)}
	if s.mirror, err = warmup.NewMirror(to, c, logger, metrics); err != nil {
		return err
	}
	s.tap, err = warmup.NewTap(warmup.TapConfig{Percent: o.percent, AllowUnsafe: o.unsafePaths}, o.app, s.mirror, c, logger)
	return err
}

// run returns when the context has ended and all that was on its way is done.
func (s *sidecar) run(ctx context.Context, listening func(addresses)) error {
	var g run.Group
	var at addresses
	for _, each := range []struct {
		flag, address string
		handler       http.Handler
		addr          *net.Addr
		// read bounds a whole request, and connections how many there are; the app
		// behind a tap has bounds of its own.
		read        time.Duration
		connections int
	}{
		{"--web.listen-address", s.options.listen, s.web, &at.web, readTimeout, webConnections},
		{"--receive.listen-address", s.options.receive, s.inbox, &at.receive, readTimeout, receiveConnections},
		{"--tap.listen-address", s.options.tap, s.tap, &at.tap, 0, 0},
	} {
		if each.address == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", each.address)
		if err != nil {
			return fmt.Errorf("%s: %w", each.flag, err)
		}
		*each.addr = l.Addr()
		if each.connections > 0 {
			l = netutil.LimitListener(l, each.connections)
		}
		s.serve(&g, l, each.handler, each.read)
	}
	if s.driver != nil {
		defer s.app.Close()
		until(ctx, &g, s.driver.Run)
	}
	if s.tap != nil {
		defer s.tap.Close()
		until(ctx, &g, s.mirror.Run)
	}
	until(ctx, &g, func(ctx context.Context) { <-ctx.Done() })
	level.Info(s.logger).Log("msg", "started", "app", s.options.app, "address", at.web)
	if listening != nil {
		listening(at)
	}
	return g.Run()
}

// readTimeout is how long a request to the sidecar itself may take to come: what is
// read of it is small, and whoever sends it slowly holds memory of the pod.
const readTimeout = 5 * time.Second

// Connections to the sidecar's own ports, each of which holds memory of the pod:
// one more waits until another ends. Taps of many active pods have one each.
const webConnections, receiveConnections = 32, 256

// until adds what runs until the context ends or another of the group does.
func until(ctx context.Context, g *run.Group, f func(context.Context)) {
	ctx, stop := context.WithCancel(ctx)
	g.Add(func() error { f(ctx); return nil }, func(error) { stop() })
}

// serve adds a server of HTTP/1.1 and HTTP/2 without TLS.
func (s *sidecar) serve(g *run.Group, l net.Listener, h http.Handler, read time.Duration) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: h, Protocols: protocols, ReadHeaderTimeout: time.Minute, ReadTimeout: read, IdleTimeout: 2 * time.Minute}
	g.Add(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), s.options.drain)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			level.Warn(s.logger).Log("msg", "requests cut off", "err", err)
		}
	})
}
