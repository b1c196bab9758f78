package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	collectorversion "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/foreshadow-dev/foreshadow/adapter/certificate"
	"github.com/foreshadow-dev/foreshadow/adapter/docstest"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/sources"
	"github.com/foreshadow-dev/foreshadow/adapter/pools"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/cluster"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

var rewrite = flag.Bool("rewrite", false, "write the pages of docs/reference anew")

var reference = filepath.Join("..", "..", "docs", "reference")

func TestReferenceOfFlags(t *testing.T) {
	root := newRootCommand(func(loggers) {})
	ours, theirs := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	(&serveOptions{}).install(ours)
	root.Flags().VisitAll(func(f *pflag.Flag) {
		if ours.Lookup(f.Name) == nil {
			theirs.AddFlag(f)
		}
	})
	demo, _, err := root.Find([]string{"demo"})
	require.NoError(t, err)
	require.NotSame(t, root, demo)
	page := "# foreshadow-adapter\n\nGenerated from the program (`make generate`). [configure.md](../configure.md) says where to begin.\n\n## serve\n\nWithout a verb it serves.\n\n" +
		docstest.Flags(ours) + "\n## The metrics API in a cluster\n\nThose of the aggregated API server, from `k8s.io/apiserver`. Seldom needed.\n\n" + docstest.Flags(theirs) +
		"\n## demo\n\n" + demo.Short + "\n\n" + docstest.Flags(demo.Flags())
	require.NoError(t, docstest.Keep(filepath.Join(reference, "foreshadow-adapter.md"), page, *rewrite))
}

// What a page tells to type is taken: the verb and every flag exist.
func TestPagesCallWhatExists(t *testing.T) {
	pages, err := docstest.Pages(filepath.Join("..", ".."))
	require.NoError(t, err)
	commands, err := docstest.Commands(pages, "foreshadow-adapter")
	require.NoError(t, err)
	require.NotEmpty(t, commands)
	for _, c := range commands {
		cmd, args, err := newRootCommand(func(loggers) {}).Find(c.Args[1:])
		require.NoError(t, err, "%s: %v", c.Page, c.Args)
		require.NoError(t, cmd.ParseFlags(args), "%s: %v", c.Page, c.Args)
	}
}

// collected keeps what would be registered.
type collected []prometheus.Collector

func (c *collected) Register(x prometheus.Collector) error { *c = append(*c, x); return nil }

func (c *collected) MustRegister(xs ...prometheus.Collector) { *c = append(*c, xs...) }

func (c *collected) Unregister(prometheus.Collector) bool { return false }

// registered are the collectors of each role, made as the programs make them.
func registered(t *testing.T) map[string]*collected {
	t.Helper()
	board, now, logger := &publish.Board{}, clock.RealClock{}, log.NewNopLogger()
	metrics, shadows, sidecar := &collected{}, &collected{}, &collected{}
	publish.NewProvider(board, now, metrics)
	metrics.MustRegister(publish.NewExporter(board, now))
	metrics.MustRegister(publish.NewCertificateExporter(nil))
	history.NewMetrics(metrics)
	list := filepath.Join(t.TempDir(), "sources.yaml")
	require.NoError(t, os.WriteFile(list, []byte("sources: []"), 0o600))
	_, err := sources.NewFile(list, sources.NewSet(sources.Options{Logger: logger, Registerer: metrics, Clock: now}))
	require.NoError(t, err)
	_, err = refresh.NewManager(refresh.Config{
		Interval: refresh.DefaultInterval, Sources: func(_, _ string) (refresh.From, error) { return refresh.From{}, nil },
	}, board, now, logger, metrics)
	require.NoError(t, err)
	_, err = pools.NewFile(pools.FileOptions{Path: "pools.yaml", Registerer: metrics})
	require.NoError(t, err)
	_, err = pools.NewStatusWriter(pools.StatusOptions{Client: fake.NewClientBuilder().Build(), FieldOwner: fieldOwner, Registerer: metrics})
	require.NoError(t, err)
	_, err = certificate.New(certificate.Options{
		APIServices: []string{"v1beta1.external.metrics.k8s.io"}, Host: "foreshadow-adapter.foreshadow.svc", Instance: "a", Lifetime: certificate.DefaultLifetime,
		Client: fake.NewClientBuilder().Build(), Clock: now, Logger: logger, Registerer: metrics,
	})
	require.NoError(t, err)
	keep, err := embedded.OpenKeep(embedded.KeepConfig{Dir: t.TempDir()}, logger, metrics, now)
	require.NoError(t, err)
	require.NoError(t, keep.Close())
	_, err = keda.New(keda.Config{
		Address: "127.0.0.1:0", MaxStreams: 1, MaxConnections: 1, Board: board, Clock: now, Logger: logger, Registerer: metrics,
	})
	require.NoError(t, err)
	_, err = cluster.New(cluster.Options{
		Config: &rest.Config{Host: discovery(t)}, Logger: logger, Logr: logr.Discard(), Registerer: shadows, Clock: now,
	})
	require.NoError(t, err)
	warmup.NewMetrics(sidecar)
	every := &collected{}
	every.MustRegister(collectorversion.NewCollector("foreshadow"))
	return map[string]*collected{"metrics": metrics, "shadows": shadows, "sidecar": sidecar, "each": every}
}

// discovery serves what a client asks an API server first.
func discovery(t *testing.T) string {
	t.Helper()
	lists := map[string]any{
		"/api":          metav1.APIVersions{Versions: []string{"v1"}},
		"/apis":         metav1.APIGroupList{Groups: []metav1.APIGroup{{Name: "apps", Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "apps/v1", Version: "v1"}}}}},
		"/api/v1":       metav1.APIResourceList{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "nodes", Kind: "Node"}}},
		"/apis/apps/v1": metav1.APIResourceList{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{{Name: "replicasets", Kind: "ReplicaSet", Namespaced: true}}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(lists[r.URL.Path]); err != nil {
			t.Errorf("answer %s: %v", r.URL.Path, err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// described is a metric as its collector describes it.
type described struct{ name, kind, labels, unit, role, stability, help string }

var description = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: "(.*?)"(?:, unit: ".*")?, constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

func describe(t *testing.T, role string, c prometheus.Collector) []described {
	t.Helper()
	ch := make(chan *prometheus.Desc, 100)
	c.Describe(ch)
	close(ch)
	var out []described
	for d := range ch {
		m := description.FindStringSubmatch(d.String())
		require.NotNil(t, m, d)
		out = append(out, described{
			name: m[1], kind: kind(m[1], c), labels: strings.ReplaceAll(m[3], ",", ", "), unit: unit(m[1]), role: role,
			help: strings.ReplaceAll(m[2], `\"`, `"`),
		})
	}
	return out
}

// kind is the type. A collector of several metrics does not say it; there the
// linter's rule does, by which counters alone end in _total.
func kind(name string, c prometheus.Collector) string {
	switch of := reflect.TypeOf(c).String(); {
	case strings.Contains(strings.ToLower(of), "histogram"):
		return "histogram"
	case strings.HasSuffix(name, "_total"):
		return "counter"
	}
	return "gauge"
}

// units of metrics whose names do not say it.
var units = map[string]string{
	"foreshadow_predicted_load": "of the query", "foreshadow_observed_load": "of the query",
	"foreshadow_capacity_per_replica": "of the query", "foreshadow_forecast_absolute_error": "of the query",
	"foreshadow_sidecar_requests_per_second": "1/s",
}

func unit(name string) string {
	const flagged = "0 or 1"
	if u, ok := units[name]; ok {
		return u
	}
	name = strings.TrimSuffix(name, "_total")
	for _, u := range []struct{ suffix, unit string }{
		{"_timestamp_seconds", "Unix seconds"},
		{"_core_seconds", "core-seconds"},
		{"_byte_seconds", "byte-seconds"},
		{"_seconds", "seconds"},
		{"_ratio", "ratio"},
		{"_replicas", "replicas"},
		{"_info", "always 1"},
		{"_active", flagged},
		{"_degraded", flagged},
		{"_success", flagged},
		{"_missing", flagged},
		{"_stage", flagged},
	} {
		if strings.HasSuffix(name, u.suffix) {
			return u.unit
		}
	}
	return "count"
}

// stability is high for what others build on: names of the metrics APIs, then
// what the rules and dashboards of this repository read.
func stability(t *testing.T, name string) string {
	t.Helper()
	switch name {
	case publish.MetricPredictedCapacity, publish.MetricPredictedLoad, publish.MetricWarmReplicas, publish.MetricWarmUpProgress:
		return "stable"
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "dashboards", "*.json"))
	require.NoError(t, err)
	read := regexp.MustCompile(`\b` + name + `(_bucket|_sum|_count)?\b`)
	for _, file := range append(files, filepath.Join("..", "..", "rules", "foreshadow.yaml")) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if read.Match(text) {
			return "beta"
		}
	}
	return "alpha"
}

const metricsPage = "# Metrics\n\n" +
	"Generated from the registries of the programs (`make generate`). [metrics.md](../metrics.md) says what they are good for.\n\n" +
	"The role is the program that exports it: a role of the adapter (`metrics`, `shadows`; port 9402), or the `sidecar` (port 9797); `each` is both roles. The\n" +
	"metrics of the Go runtime and of the process (`go_`, `process_`) come beside them and, with `--storage.path` in use, those of the embedded Prometheus (`prometheus_`).\n\n" +
	"| stability | a change of name, labels or unit |\n|---|---|\n" +
	"| stable | names of the metrics APIs: after 1.0 in a major version alone; before, in a minor one, with a `[CHANGE]` that says what to do |\n" +
	"| beta | read by the rules or dashboards of this repository: in a minor version, with a `[CHANGE]`, and they change with it |\n" +
	"| alpha | in any version |\n\n" +
	"| metric | type | labels | unit | role | stability | meaning |\n|---|---|---|---|---|---|---|\n"

func TestReferenceOfMetrics(t *testing.T) {
	all := map[string]described{}
	for role, collectors := range registered(t) {
		for _, c := range *collectors {
			for _, d := range describe(t, role, c) {
				d.stability = stability(t, d.name)
				all[d.name] = d
			}
		}
	}
	var page strings.Builder
	page.WriteString(metricsPage)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d := all[name]
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s | %s | %s |\n", d.name, d.kind, d.labels, d.unit, d.role, d.stability, docstest.Cell(d.help))
	}
	require.NoError(t, docstest.Keep(filepath.Join(reference, "metrics.md"), page.String(), *rewrite))
	for _, name := range inSource(t) {
		require.Contains(t, all, name, "a metric in the code that no registry here has")
	}
	for name := range published(t) {
		require.Contains(t, all, name, "docs/metrics.md has a metric that is not there")
	}
}

// inSource are the names that the code makes metrics of.
func inSource(t *testing.T) []string {
	t.Helper()
	var out []string
	name := regexp.MustCompile(`(?:Name:\s+|desc\(|perPool\(|NewDesc\()"(foreshadow_[a-z_]+)"`)
	for _, pattern := range []string{"*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "adapter", pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range name.FindAllStringSubmatch(string(text), -1) {
				out = append(out, m[1])
			}
		}
	}
	require.Greater(t, len(out), 40)
	return out
}

// published are the metrics that docs/metrics.md names.
func published(t *testing.T) map[string]bool {
	t.Helper()
	p, err := docstest.Read(reference, filepath.Join("..", "..", "docs", "metrics.md"))
	require.NoError(t, err)
	out := map[string]bool{}
	name := regexp.MustCompile(`^foreshadow_[a-z_]+`)
	for _, s := range p.Spans {
		if m := name.FindString(s); m != "" {
			out[m] = true
		}
	}
	require.Greater(t, len(out), 40)
	return out
}
