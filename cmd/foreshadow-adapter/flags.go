package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
)

// serveOptions are the flags of serve, apart from those of the metrics API.
type serveOptions struct {
	log logFlags

	prometheusURL, prometheusConfig string
	prometheusTimeout               time.Duration
	prometheusConcurrency           int

	storagePath      string
	storageRetention time.Duration
	storageSize      int64
	scrapeConfig     string

	sourcesFile    string
	keepPath       string
	keepRetention  time.Duration
	keepSize       int64
	confineLabel   string
	confineByMatch map[string]string

	poolsFile  string
	interval   time.Duration
	apiAddress string
	webAddress string
	webConfig  string

	kubeconfig      string
	namespaces      []string
	leaderNamespace string

	roles   []string
	shadows shadowsFlags
	keda    kedaFlags

	certificate certificateFlags
}

func (o *serveOptions) install(fs *pflag.FlagSet) {
	o.log.install(fs)
	fs.StringSliceVar(&o.roles, "roles", []string{roleMetrics}, "What this adapter does: metrics forecasts and answers autoscalers, shadows makes shadows and activates them. Each has rights of its own, so run them apart.")
	o.shadows.install(fs)
	fs.StringVar(&o.prometheusURL, "prometheus.url", "", "URL of the Prometheus HTTP API (Thanos, Mimir and VictoriaMetrics speak it too). Empty: the embedded store.")
	fs.StringVar(&o.prometheusConfig, "prometheus.config-file", "", "File with TLS, basic or bearer authentication for Prometheus, in the format of its http_config.")
	duration.Var(fs, &o.prometheusTimeout, "prometheus.timeout", 30*time.Second, "Time that one query, or one chunk of a long one, may take, retries included; as long again it may wait for its turn.")
	fs.IntVar(&o.prometheusConcurrency, "prometheus.max-concurrency", 8, "Queries that may run at the same time.")

	fs.StringVar(&o.storagePath, "storage.path", "data", "Directory of the embedded store.")
	duration.Var(fs, &o.storageRetention, "storage.retention", 30*24*time.Hour, "How long the embedded store keeps samples.")
	fs.Int64Var(&o.storageSize, "storage.retention-size", 0, "Bytes that the blocks of the embedded store may take; the oldest go first. 0: no bound.")
	fs.StringVar(&o.scrapeConfig, "scrape.config-file", "", "File with scrape_configs (static_configs only) to fill the embedded store from.")

	fs.StringVar(&o.sourcesFile, "history.sources-file", "", "File of further sources that pools name by spec.load.source, each with its URL, credentials, tenant and namespaces (docs/sources.md); reloaded when it changes. The source default is what the flags say.")
	fs.StringVar(&o.keepPath, "history.keep-path", "", "Directory in which the load of each pool is kept at steps of 5 minutes, for where Prometheus forgets sooner than a forecast wants to remember. Empty: nothing is kept.")
	duration.Var(fs, &o.keepRetention, "history.keep-retention", 8*7*24*time.Hour, "How long loads are kept.")
	fs.Int64Var(&o.keepSize, "history.keep-size", 1<<30, "Bytes that the blocks of kept loads may take; the oldest go first.")
	fs.StringVar(&o.confineLabel, "history.confine-label", "namespace", "Label that says whose a series is. Queries of ShadowPools in a cluster only see series in which it is the pool's namespace.")
	fs.StringToStringVar(&o.confineByMatch, "history.confine-label-by-prefix", nil, "Another such label for metrics whose name begins with a prefix, such as istio_=destination_service_namespace. May be repeated.")

	fs.StringVar(&o.poolsFile, "pools.file", "", "File of ShadowPools, reloaded when it changes. Empty: the ShadowPools of the API server.")
	duration.Var(fs, &o.interval, "refresh.interval", refresh.DefaultInterval, "Time between two refreshes of a pool.")
	fs.StringVar(&o.apiAddress, "web.api-address", "", "Loopback address on which the metrics APIs are served without a cluster and without authentication. Empty: they are served to a cluster, see --secure-port.")
	fs.StringVar(&o.webAddress, "web.listen-address", ":9402", "Address on which Prometheus metrics and health are served.")
	fs.StringVar(&o.webConfig, "web.config.file", "", "File with TLS or basic authentication for --web.listen-address, in the format of Prometheus' exporter-toolkit.")

	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "Kubeconfig of the API server; in a cluster none is needed. The default of --lister-kubeconfig, --authentication-kubeconfig and --authorization-kubeconfig.")
	fs.StringSliceVar(&o.namespaces, "namespaces", nil, "Namespaces whose ShadowPools are served. Empty: all.")
	fs.StringVar(&o.leaderNamespace, "leader-election.namespace", "", "Namespace of the leases by which one of several adapters writes, one for each role, and each role knows whether the other one lives: give both the same. Empty: this one writes without asking.")
	o.keda.install(fs)
	o.certificate.install(fs)
}

// complete checks the flags together and hands the one kubeconfig on.
func (o *serveOptions) complete(fs *pflag.FlagSet) error {
	errs := slices.Concat(o.checkRoles(fs), o.keda.check(fs), o.certificate.check(fs))
	if o.prometheusURL != "" {
		for _, name := range []string{"storage.path", "storage.retention", "storage.retention-size", "scrape.config-file"} {
			if fs.Changed(name) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning with --prometheus.url: leave one of them out", name))
			}
		}
	} else if fs.Changed("prometheus.config-file") {
		errs = append(errs, errors.New("--prometheus.config-file: has no meaning without --prometheus.url: write the URL too"))
	}
	errs = append(errs, o.checkKeep(fs))
	if o.poolsFile != "" && len(o.namespaces) > 0 {
		errs = append(errs, errors.New("--namespaces: has no meaning with --pools.file: leave one of them out"))
	}
	if o.poolsFile == "" && o.apiAddress != "" {
		errs = append(errs, errors.New("--web.api-address: without a cluster pools come from a file: write --pools.file too"))
	}
	if err := o.confinement().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("--history.confine-label: %w", err))
	}
	if o.prometheusTimeout < history.LeastTimeout {
		errs = append(errs, fmt.Errorf("--prometheus.timeout: %v: write at least 1s", o.prometheusTimeout))
	}
	if o.interval < time.Second {
		errs = append(errs, fmt.Errorf("--refresh.interval: %v: write at least 1s", o.interval))
	}
	if o.kubeconfig != "" {
		for _, name := range []string{"lister-kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"} {
			if !fs.Changed(name) {
				errs = append(errs, fs.Set(name, o.kubeconfig))
			}
		}
	}
	return errors.Join(errs...)
}

func (o *serveOptions) checkKeep(fs *pflag.FlagSet) error {
	var errs []error
	if o.keepPath == "" {
		for _, name := range []string{"history.keep-retention", "history.keep-size"} {
			if fs.Changed(name) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning without --history.keep-path: write the directory too", name))
			}
		}
	}
	if o.keepPath != "" && o.prometheusURL == "" && filepath.Clean(o.keepPath) == filepath.Clean(o.storagePath) {
		errs = append(errs, fmt.Errorf("--history.keep-path: %s: is --storage.path, too: write another directory", o.keepPath))
	}
	if o.keepRetention < 24*time.Hour {
		errs = append(errs, fmt.Errorf("--history.keep-retention: %v: write at least 1d", duration.Format(o.keepRetention)))
	}
	if o.keepSize < 1<<20 {
		errs = append(errs, fmt.Errorf("--history.keep-size: %d: write at least 1048576 bytes", o.keepSize))
	}
	if o.storageSize < 0 {
		errs = append(errs, fmt.Errorf("--storage.retention-size: %d: write bytes, or 0 for no bound", o.storageSize))
	}
	return errors.Join(errs...)
}

func (o *serveOptions) confinement() history.Confinement {
	return history.Confinement{Label: strings.TrimSpace(o.confineLabel), ByPrefix: o.confineByMatch}
}

// binding binds queries of ShadowPools to their namespace. Who can write the
// pools file runs the adapter: the queries in it are only checked.
func (o *serveOptions) binding(c history.Confinement) refresh.Binding {
	confined := func(expr, namespace string) (string, error) { return history.Confine(expr, namespace, c) }
	if o.poolsFile != "" {
		return refresh.Binding{Given: checkOnly, Ours: confined}
	}
	live := func(expr, namespace, pool string) (string, error) {
		return history.ConfineLive(expr, namespace, pool, c)
	}
	return refresh.Binding{Given: confined, Ours: confined, Live: live}
}
