package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	collectorversion "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/certificate"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/sources"
	"github.com/foreshadow-dev/foreshadow/adapter/pools"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/cluster"
)

// server is the adapter as serve wires it.
type server struct {
	o        *serveOptions
	capture  func(loggers)
	loggers  loggers
	registry *prometheus.Registry
	clock    clock.WithTicker
	board    *publish.Board
	cluster  *publish.Cluster
	watcher  pools.Watcher
	status   refresh.StatusSink
	queries  *history.Metrics
	shadows  *cluster.Controller
	unseen   func() int     // pools that no round has ended for
	closers  []func() error // called when nothing runs any more

	certificate *certificate.Keeper // nil where the certificate is from files

	waiting atomic.Int64 // since when pools are known and unseen, Unix nanoseconds
}

// installServe makes root itself the serve command.
func installServe(root *cobra.Command, capture func(loggers)) {
	o := &serveOptions{}
	s := &server{o: o, capture: capture, registry: prometheus.NewRegistry(), clock: clock.RealClock{}, board: &publish.Board{}}
	provider := publish.NewProvider(s.board, s.clock, s.registry)
	s.cluster = publish.NewCluster(provider, s.ready, s.registry)
	ours := pflag.NewFlagSet("foreshadow", pflag.ContinueOnError)
	o.install(ours)
	root.Flags().AddFlagSet(ours)
	root.Flags().AddFlagSet(s.cluster.Flags())
	serve := func(cmd *cobra.Command, _ []string) error {
		if err := o.complete(cmd.Flags()); err != nil {
			return err
		}
		return s.run(cmd.Context(), cmd.ErrOrStderr(), provider)
	}
	root.Args, root.RunE = cobra.NoArgs, serve
	c := &cobra.Command{Use: "serve", Short: "Serve the metrics APIs (the default).", Args: cobra.NoArgs, RunE: serve}
	c.Flags().AddFlagSet(root.Flags())
	root.AddCommand(c)
	groupFlags(ours, s.cluster.Flags(), root, c)
}

// run serves until ctx ends or a part of the adapter cannot go on.
func (s *server) run(ctx context.Context, logs io.Writer, provider *publish.Provider) (err error) {
	defer func() {
		for _, closeIt := range s.closers {
			err = errors.Join(err, closeIt())
		}
	}()
	if s.loggers, err = s.o.log.newLoggers(logs); err != nil {
		return err
	}
	s.capture(s.loggers)
	s.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectorversion.NewCollector("foreshadow"), publish.NewExporter(s.board, s.clock),
	)
	level.Info(s.loggers.kit).Log("msg", "starting foreshadow-adapter", "version", version.Info())

	var g run.Group
	if err := s.addAll(ctx, &g, provider); err != nil {
		return err
	}
	done, stop := context.WithCancel(ctx)
	g.Add(func() error { <-done.Done(); return nil }, func(error) { stop() })
	if err := g.Run(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	level.Info(s.loggers.kit).Log("msg", "stopped")
	return nil
}

// addAll runs the roles that the adapter has. What may be refused comes first:
// a flag that is wrong leaves no store behind.
func (s *server) addAll(ctx context.Context, g *run.Group, provider *publish.Provider) error {
	if s.o.has(roleMetrics) {
		if err := errors.Join(s.newWatcher(), s.checkSource()); err != nil {
			return err
		}
	}
	if err := s.addWeb(g); err != nil {
		return err
	}
	if s.o.has(roleShadows) {
		if err := s.addShadows(ctx, g); err != nil {
			return err
		}
	}
	if !s.o.has(roleMetrics) {
		return nil
	}
	if err := errors.Join(s.addCertificate(ctx, g), s.addMetricsAPI(ctx, g, provider), s.addKEDA(ctx, g)); err != nil {
		return err
	}
	source, err := s.addSource(ctx, g)
	if err != nil {
		return err
	}
	set, file, err := s.newSources(source)
	if err != nil {
		return err
	}
	return s.addPools(ctx, g, set, file)
}

// queriesPerNamespace is how many queries one namespace may have under way.
const queriesPerNamespace = 2

// addPools refreshes the pools of the watcher from the sources, which file, if
// there is one, changes.
func (s *server) addPools(ctx context.Context, g *run.Group, set *sources.Set, file *sources.File) error {
	manager, err := refresh.NewManager(refresh.Config{
		Interval: s.o.interval, Sources: s.readings(set), Status: s.status,
	}, s.board, s.clock, s.loggers.kit, s.registry)
	if err != nil {
		return err
	}
	s.unseen = manager.Unseen
	addActor(ctx, g, manager.Run)
	if file != nil {
		addActor(ctx, g, func(ctx context.Context) error { return file.Run(ctx, manager.SourcesChanged) })
	}
	addActor(ctx, g, func(ctx context.Context) error { return s.watcher.Run(ctx, manager) })
	return nil
}

// addMetricsAPI serves the external and the custom metrics API, in a cluster or on loopback.
func (s *server) addMetricsAPI(ctx context.Context, g *run.Group, provider *publish.Provider) error {
	if s.o.apiAddress == "" {
		address, err := s.cluster.Listen()
		if err != nil {
			return err
		}
		level.Info(s.loggers.kit).Log("msg", "serving metrics API to the cluster", "address", address)
		addActor(ctx, g, s.cluster.Run)
		return nil
	}
	api, err := publish.NewStandalone(s.o.apiAddress, provider, nil, 0)
	if err != nil {
		return err
	}
	level.Info(s.loggers.kit).Log("msg", "serving metrics API without a cluster", "address", api.Addr())
	addActor(ctx, g, api.Run)
	return nil
}

// shutdownTimeout is how long a scrape may go on when the adapter stops.
const shutdownTimeout = 5 * time.Second

// addWeb serves Prometheus metrics and health.
func (s *server) addWeb(g *run.Group) error {
	listener, err := publish.Listen("--web.listen-address", s.o.webAddress)
	if err != nil {
		return err
	}
	if err := web.Validate(s.o.webConfig); err != nil {
		return errors.Join(fmt.Errorf("--web.config.file %q: %w", s.o.webConfig, err), listener.Close())
	}
	level.Info(s.loggers.kit).Log("msg", "serving Prometheus metrics", "address", listener.Addr())
	handler := publish.WithForecasts(publish.NewHandler(s.registry, s.ready, s.loggers.kit), s.board)
	server := &http.Server{
		Handler:           publish.WithLandingPage(handler, s.board, version.Info()),
		ReadHeaderTimeout: 5 * time.Second,
	}
	g.Add(func() error { return s.serveWeb(server, listener) }, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(ctx) // what is still open then is cut
	})
	return nil
}

func (s *server) serveWeb(server *http.Server, listener net.Listener) error {
	systemd := false
	flags := &web.FlagConfig{
		WebListenAddresses: &[]string{listener.Addr().String()}, WebSystemdSocket: &systemd, WebConfigFile: &s.o.webConfig,
	}
	if err := web.Serve(listener, server, flags, s.loggers.slog); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return nil
}

// firstRounds is how long a start may wait for the first round of every pool;
// what is still missing then is refused one by one.
const firstRounds = 2 * time.Minute

// ready says whether every pool is known and was looked at once, so that an
// adapter that has just started takes no requests that another one can answer.
// A Prometheus that cannot be read keeps nobody from being ready.
func (s *server) ready() error {
	if err := s.shadowsReady(); err != nil || !s.o.has(roleMetrics) {
		return err
	}
	if s.watcher == nil || s.unseen == nil {
		return errors.New("starting")
	}
	select {
	case <-s.watcher.Synced():
	default:
		return errors.New("the ShadowPools have not been read yet")
	}
	if err := s.certified(); err != nil {
		return err
	}
	now := s.clock.Now()
	s.waiting.CompareAndSwap(0, now.UnixNano())
	if n := s.unseen(); n > 0 && now.Sub(time.Unix(0, s.waiting.Load())) < firstRounds {
		pools := "pools"
		if n == 1 {
			pools = "pool"
		}
		return fmt.Errorf("the history of %d %s has not been read yet", n, pools)
	}
	return nil
}

// addActor runs f in the group; the group's end cancels its context.
func addActor(ctx context.Context, g *run.Group, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	g.Add(func() error { return f(ctx) }, func(error) { cancel() })
}
