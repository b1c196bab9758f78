package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/log/level"
	"github.com/go-logr/logr"
	"github.com/oklog/run"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/sources"
	"github.com/foreshadow-dev/foreshadow/adapter/lease"
	"github.com/foreshadow-dev/foreshadow/adapter/pools"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/cluster"
)

// fieldOwner is whom the API server knows the statuses from.
const fieldOwner = "foreshadow-adapter"

// checkSource refuses the flags of a source that is not made yet.
func (s *server) checkSource() error {
	var errs []error
	if s.o.sourcesFile != "" {
		errs = append(errs, sources.Check(s.o.sourcesFile))
	}
	if s.o.prometheusURL == "" && s.o.scrapeConfig != "" {
		errs = append(errs, embedded.CheckScrapeConfig(s.o.scrapeConfig))
	}
	return errors.Join(errs...)
}

// addSource returns where history is read: a Prometheus, or the embedded store,
// which the group closes.
func (s *server) addSource(ctx context.Context, g *run.Group) (history.Source, error) {
	s.queries = history.NewMetrics(s.registry)
	limits := history.Limits{Timeout: s.o.prometheusTimeout, Concurrent: s.o.prometheusConcurrency}
	if s.o.prometheusURL == "" {
		return s.addStore(ctx, g, limits, s.queries)
	}
	cfg := history.RemoteConfig{URL: s.o.prometheusURL, Limits: limits}
	if s.o.prometheusConfig != "" {
		http, err := history.LoadHTTPConfig(s.o.prometheusConfig)
		if err != nil {
			return nil, err
		}
		cfg.HTTP = http
	}
	remote, err := history.NewRemote(cfg, s.loggers.kit, s.queries, s.clock)
	if err != nil {
		return nil, err
	}
	return remote, nil
}

// addStore opens the embedded store and fills it from the scrape targets.
func (s *server) addStore(ctx context.Context, g *run.Group, limits history.Limits, metrics *history.Metrics) (history.Source, error) {
	store, err := embedded.Recover(embedded.Config{
		Dir: s.o.storagePath, Retention: s.o.storageRetention, MaxBytes: s.o.storageSize, Limits: limits, Registerer: s.registry,
	}, s.loggers.kit, metrics, s.clock)
	switch {
	case embedded.IsOperators(err):
		return nil, err
	case err != nil:
		level.Error(s.loggers.kit).Log("msg", "the embedded store cannot be opened: pools have no history", "err", err)
		return embedded.None(err), nil
	}
	s.closers = append(s.closers, store.Close)
	if s.o.scrapeConfig == "" {
		level.Warn(s.loggers.kit).Log("msg", "nothing fills the embedded store: write --prometheus.url, or --scrape.config-file", "path", s.o.storagePath)
		return store, nil
	}
	scraper, err := embedded.NewScraper(s.o.scrapeConfig, store)
	if err != nil {
		return nil, err
	}
	addActor(ctx, g, scraper.Run)
	return store, nil
}

// newSources returns the default and, with a file, what that says, over what is
// kept of each.
func (s *server) newSources(byFlags history.Source) (*sources.Set, *sources.File, error) {
	var wrap func(history.Source, string) history.Source
	if s.o.keepPath != "" {
		keep, err := embedded.OpenKeep(embedded.KeepConfig{
			Dir: s.o.keepPath, Retention: s.o.keepRetention, MaxBytes: s.o.keepSize,
		}, s.loggers.kit, s.registry, s.clock)
		if err != nil {
			return nil, nil, err
		}
		s.closers = append(s.closers, keep.Close)
		wrap = keep.Over
	}
	set := sources.NewSet(sources.Options{
		Wrap: wrap, Default: byFlags, Confinement: s.o.confinement(), PerNamespace: queriesPerNamespace,
		Metrics: s.queries, Logger: s.loggers.kit, Registerer: s.registry, Clock: s.clock,
	})
	if s.o.sourcesFile == "" {
		return set, nil, nil
	}
	file, err := sources.NewFile(s.o.sourcesFile, set)
	return set, file, err
}

// readings says what pools read from, and how their queries are bound there.
func (s *server) readings(set *sources.Set) refresh.Sources {
	return func(name, namespace string) (refresh.From, error) {
		r, err := set.Of(name, namespace)
		if err != nil {
			return refresh.From{}, err
		}
		return refresh.From{Source: r.Source, Bind: s.o.binding(r.Confinement), Data: r.Data, Bound: fmt.Sprint(r.Confinement)}, nil
	}
}

// newWatcher finds out where pools come from.
func (s *server) newWatcher() error {
	if s.o.poolsFile != "" {
		file, err := pools.NewFile(pools.FileOptions{Path: s.o.poolsFile, Logger: s.loggers.kit, Registerer: s.registry, Clock: s.clock})
		if err != nil {
			return fmt.Errorf("--pools.file: %w", err)
		}
		s.watcher = file
		return file.Check()
	}
	cfg, err := s.restConfig()
	if err != nil {
		return err
	}
	manager, err := pools.NewManager(cfg, pools.ManagerOptions{
		Namespaces:              s.o.namespaces,
		Logger:                  logr.FromSlogHandler(s.loggers.slog.Handler()),
		LeaderElectionNamespace: s.o.leaderNamespace,
		LeaderElectionID:        "foreshadow-adapter-metrics",
	})
	if err != nil {
		return err
	}
	if ns := s.o.leaderNamespace; ns != "" {
		// What the pools' status says of shadows holds while their role lives.
		watch := lease.New(lease.Config{
			Reader: manager.GetAPIReader(), Lease: types.NamespacedName{Namespace: ns, Name: cluster.LeaseName}, Clock: s.clock,
			Renewed: s.board.SawShadowsRole,
		})
		if err := manager.Add(watch); err != nil {
			return err
		}
	}
	status, err := pools.NewStatusWriter(pools.StatusOptions{
		Client: manager.GetClient(), FieldOwner: fieldOwner, Logger: s.loggers.kit, Registerer: s.registry, Clock: s.clock,
	})
	if err != nil {
		return err
	}
	watcher, err := pools.NewKubernetes(pools.KubernetesOptions{Manager: manager, Status: status, Logger: s.loggers.kit})
	if err != nil {
		return err
	}
	s.watcher, s.status = watcher, status
	return nil
}

// restConfig connects to the API server of the kubeconfig, or of the cluster
// that we run in.
func (s *server) restConfig() (*rest.Config, error) {
	if s.o.kubeconfig == "" {
		cfg, err := rest.InClusterConfig()
		if err != nil {
			instead := ", or serve without a cluster with --pools.file=FILE --web.api-address=127.0.0.1:6443"
			if s.o.has(roleShadows) {
				instead = "" // shadows live in one
			}
			return nil, fmt.Errorf("there is no cluster: %w: write --kubeconfig=FILE%s", err, instead)
		}
		return cfg, nil
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", s.o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	return cfg, nil
}
