package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
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
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// stateBytes are enough for a label.
const stateBytes = 64

// addresses are where a sidecar listens.
type addresses struct{ web, receive net.Addr }

// sidecar is all that runs.
type sidecar struct {
	options options
	logger  log.Logger
	app     *warmup.HTTPApp
	driver  *warmup.Driver
	web     http.Handler
	inbox   *warmup.Inbox
}

func newSidecar(o options, logger log.Logger) (*sidecar, error) {
	c := clock.RealClock{}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), versioncollector.NewCollector("foreshadow_sidecar"))
	metrics := warmup.NewMetrics(reg)
	var credentials func() http.Header
	if o.credentials != "" {
		credentials = warmup.NewFile(o.credentials, warmup.MaxListBytes, warmup.ParseCredentials, c, logger).Get
	}
	app, err := warmup.NewHTTPApp(o.app, credentials, c)
	if err != nil {
		return nil, fmt.Errorf("--app.url: %w", err)
	}
	feed := warmup.Feed{}
	if o.list != "" {
		feed.List = warmup.NewFile(o.list, warmup.MaxListBytes, warmup.ParseList, c, logger).Get
	}
	if o.profile != "" {
		feed.Profile = warmup.NewFile(o.profile, warmup.MaxProfileBytes, warmup.ParseProfile, c, logger).Get
	}
	if o.state != "" {
		feed.State = warmup.NewFile(o.state, stateBytes, warmup.ParseState, c, logger).Get
	}
	if o.receive != "" {
		feed.Inbox = warmup.NewInbox(warmup.NewStrip(o.withhold, o.keep), o.receiveUnsafe, c, metrics)
	}
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	driver, err := warmup.NewDriver(o.settings, app, feed, random, c, log.With(logger, "component", "warmup"), metrics)
	if err != nil {
		return nil, err
	}
	return &sidecar{options: o, logger: logger, app: app, driver: driver, web: warmup.NewHandler(driver.Progress, reg), inbox: feed.Inbox}, nil
}

// run returns when the context has ended and all that was on its way is done.
func (s *sidecar) run(ctx context.Context, listening func(addresses)) error {
	defer s.app.Close()
	var g run.Group
	var at addresses
	for _, each := range []struct {
		flag, address string
		handler       http.Handler
		addr          *net.Addr
	}{
		{"--web.listen-address", s.options.listen, s.web, &at.web},
		{"--receive.listen-address", s.options.receive, s.inbox, &at.receive},
	} {
		if each.address == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", each.address)
		if err != nil {
			return fmt.Errorf("%s: %w", each.flag, err)
		}
		*each.addr = l.Addr()
		s.serve(&g, l, each.handler)
	}
	driving, stop := context.WithCancel(ctx)
	g.Add(func() error { s.driver.Run(driving); return nil }, func(error) { stop() })
	g.Add(func() error { <-driving.Done(); return nil }, func(error) { stop() })
	level.Info(s.logger).Log("msg", "started", "app", s.options.app, "address", at.web)
	if listening != nil {
		listening(at)
	}
	return g.Run()
}

// serve adds a server of HTTP/1.1 and HTTP/2 without TLS.
func (s *sidecar) serve(g *run.Group, l net.Listener, h http.Handler) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler: h, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: stdlog.New(log.NewStdlibAdapter(level.Warn(s.logger)), "", 0),
	}
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
