package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
)

const onePool = `apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: web, namespace: shop}
spec:
  mode: Predict
  scaleTargetRef: {name: web}
  load:
    query: sum(rate(http_requests_total{namespace="shop"}[2m]))
    capacityPerReplica: "100"
`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// standalone are the flags of an adapter that needs no cluster.
func standalone(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"--pools.file=" + write(t, "pools.yaml", onePool), "--web.api-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0",
	}, more...)
}

func TestServeRefusesBadInput(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	locked := t.TempDir()
	store, err := embedded.Open(embedded.Config{Dir: locked}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	require.NoError(t, err)
	defer store.Close()

	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"an unknown level", standalone(t, "--log.level=loud"), `--log.level: unknown level "loud": write debug, info, warn or error`},
		{"an unknown format", standalone(t, "--log.format=xml"), `--log.format: unknown format "xml": write logfmt or json`},
		{"a URL without scheme", standalone(t, "--prometheus.url=localhost:9090"), `--prometheus.url: "localhost:9090": has no scheme http or https: write http://localhost:9090 or https://localhost:9090`},
		{"a Prometheus and a store", standalone(t, "--prometheus.url=http://127.0.0.1:1", "--storage.path=x"), `--storage.path: has no meaning with --prometheus.url: leave one of them out`},
		{"credentials for no Prometheus", standalone(t, "--prometheus.config-file=x"), `--prometheus.config-file: has no meaning without --prometheus.url: write the URL too`},
		{"a label that is none", standalone(t, "--history.confine-label=a-b"), `--history.confine-label: label "a-b": write the name of a label that holds the namespace, such as namespace`},
		{"a query without time", standalone(t, "--prometheus.url=http://127.0.0.1:1", "--prometheus.timeout=1ms"), `--prometheus.timeout: 1ms: write at least 1s`},
		{"an interval of nothing", standalone(t, "--refresh.interval=0s"), `--refresh.interval: 0s: write at least 1s`},
		{"no cluster and no file", []string{"--web.api-address=127.0.0.1:0"}, `--web.api-address: without a cluster pools come from a file: write --pools.file too`},
		{"no cluster at all", []string{"--prometheus.url=http://127.0.0.1:1"}, `write --kubeconfig=FILE, or serve without a cluster with --pools.file=FILE --web.api-address=127.0.0.1:6443`},
		{"no cluster for shadows", []string{"--roles=shadows"}, `must be defined: write --kubeconfig=FILE`},
		{"a Prometheus for shadows", []string{"--roles=shadows", "--prometheus.url=http://127.0.0.1:1"}, `--prometheus.url: has no meaning without --roles=metrics: leave one of them out`},
		{"a port in use", standalone(t, "--prometheus.url=http://127.0.0.1:1", "--web.listen-address="+taken.Addr().String()), fmt.Sprintf(`--web.listen-address %q: the port is in use by another process: stop that process or write another port (0 takes any free one)`, taken.Addr())},
		{"a retention of kept loads without a directory", standalone(t, "--history.keep-retention=4w"), `--history.keep-retention: has no meaning without --history.keep-path: write the directory too`},
		{"kept loads in the store", standalone(t, "--storage.path=x", "--history.keep-path=./x"), `--history.keep-path: ./x: is --storage.path, too: write another directory`},
		{"too little room for kept loads", standalone(t, "--history.keep-path=x", "--history.keep-size=1"), `--history.keep-size: 1: write at least 1048576 bytes`},
		{"a data directory in use", standalone(t, "--storage.path="+locked), "open data directory " + locked + ": another process holds its lock: stop that process or write another directory with --storage.path"},
		{"an open address", standalone(t, "--prometheus.url=http://127.0.0.1:1", "--web.api-address=0.0.0.0:0"), `--web.api-address "0.0.0.0:0": standalone mode has no authentication: write a loopback address such as 127.0.0.1:0`},
		{"certificates for no KEDA", standalone(t, "--keda.tls-cert-file=x"), `--keda.tls-cert-file: has no meaning without --keda.listen-address: write the address too`},
		{"KEDA for shadows", []string{"--roles=shadows", "--keda.listen-address=:0"}, `--keda.listen-address: has no meaning without --roles=metrics: leave one of them out`},
		{"a certificate for nobody", standalone(t, "--certificate.lifetime=1h"), `--certificate.lifetime: has no meaning without --certificate.api-services: write these too`},
		{"a certificate without a cluster", standalone(t, "--certificate.api-services=v1beta1.external.metrics.k8s.io"), `--web.api-address: has no meaning with --certificate.api-services: leave one of them out`},
		{"two certificates", []string{"--certificate.api-services=v1beta1.external.metrics.k8s.io", "--tls-cert-file=tls.crt"}, `--tls-cert-file: has no meaning with --certificate.api-services: leave one of them out`},
		{"KEDA without certificates", standalone(t, "--keda.listen-address=0.0.0.0:0"), `--keda.listen-address "0.0.0.0:0": without certificates anybody could ask: write --keda.tls-cert-file`},
		{"a field that there is not", []string{"--prometheus.url=http://127.0.0.1:1", "--pools.file=" + write(t, "bad.yaml", strings.Replace(onePool, "query:", "querry:", 1)), "--web.api-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0"}, `bad.yaml: document 1 (shop/web): spec.load.querry: unknown field: write "query", or remove it`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := execute(t.Context(), tc.args...)
			require.ErrorContains(t, err, tc.want)
			if slices.Contains(tc.args, "--roles=shadows") {
				require.NotContains(t, err.Error(), "--pools.file", "shadows live in a cluster")
			}
		})
	}
}

// Whatever is refused, and however late it is looked at, leaves no store behind.
func TestServeThatIsRefusedLeavesNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for name, args := range map[string][]string{
		"a port in use":          standalone(t, "--web.listen-address="+taken.Addr().String()),
		"an API port in use":     standalone(t, "--web.api-address="+taken.Addr().String()),
		"an open API address":    standalone(t, "--web.api-address=0.0.0.0:0"),
		"a web configuration":    standalone(t, "--web.config.file="+write(t, "web.yaml", "tls: yes")),
		"scrape targets":         standalone(t, "--scrape.config-file="+write(t, "scrape.yaml", "scrape: yes")),
		"a pool":                 standalone(t, "--pools.file="+write(t, "pools.yaml", "kind: Pool")),
		"a cluster that is none": {"--web.listen-address=127.0.0.1:0"},
		"a cluster for both":     {"--roles=metrics,shadows", "--web.listen-address=127.0.0.1:0", "--kubeconfig=none"},
		"KEDA for everybody":     standalone(t, "--keda.listen-address=:0"),
		"a level that is none":   standalone(t, "--log.level=loud"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			_, _, err := execute(t.Context(), args...)
			require.Error(t, err)
			left, err := os.ReadDir(".")
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// logBuffer is a log that one goroutine writes and another reads.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually polls f until it says yes.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, 30*time.Second, 10*time.Millisecond, what)
}

func TestServeWithoutAClusterAnswersFromPrometheus(t *testing.T) {
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var values strings.Builder
		now := time.Now().Truncate(time.Minute).Unix()
		for i := range 3 * 24 * 60 {
			if i > 0 {
				values.WriteByte(',')
			}
			fmt.Fprintf(&values, `[%d,"950"]`, now-60*int64(3*24*60-1-i))
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, values.String())
	}))
	defer prometheus.Close()

	ctx, stop := context.WithCancel(t.Context())
	logs := &logBuffer{}
	root := newRootCommand(func(loggers) {})
	root.SetArgs(standalone(t, "--prometheus.url="+prometheus.URL))
	root.SetErr(logs)
	done := make(chan error)
	go func() { done <- root.ExecuteContext(ctx) }()

	address := regexp.MustCompile(`msg="serving Prometheus metrics" address=(\S+)`)
	eventually(t, "the port is logged", func() bool { return address.MatchString(logs.String()) })
	base := "http://" + address.FindStringSubmatch(logs.String())[1]
	body := func(path string) string {
		res, err := http.Get(base + path)
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(raw)
	}
	eventually(t, "ready", func() bool { return strings.Contains(body("/-/ready"), "is ready") })
	require.Contains(t, body("/-/healthy"), "is healthy")
	eventually(t, "the capacity is published", func() bool {
		return strings.Contains(body("/metrics"), `foreshadow_predicted_capacity_replicas{namespace="shop",pool="web"} 11`)
	})
	require.Contains(t, body("/"), `href="/api/v1/pools/shop/web/forecast"`)
	stop()
	require.NoError(t, <-done)
	require.Contains(t, logs.String(), "msg=stopped")
}

func TestTheLoadOfAPoolWithShadowsLeavesThemOut(t *testing.T) {
	o := serveOptions{confineLabel: "namespace"}
	pool := &v1alpha1.ShadowPool{}
	pool.Namespace, pool.Name = "shop", "web"
	pool.Spec.ScaleTargetRef.Name, pool.Spec.BackgroundWork = "web", v1alpha1.BackgroundWorkNone
	pool.Spec.Load.Query = "sum(rate(http_requests_total[2m]))"
	pool.Spec.Load.CapacityPerReplica = new(v1alpha1.Decimal("1"))
	for mode, without := range map[v1alpha1.Mode]bool{v1alpha1.ModePredict: false, v1alpha1.ModeActive: true} {
		pool.Spec.Mode = mode
		pool.Default()
		got, err := refresh.SettingsOf(pool, o.binding(o.confinement()), time.Minute)
		require.NoError(t, err)
		require.Contains(t, got.Query, `http_requests_total{namespace="shop"}`)
		require.Equal(t, without, strings.Contains(got.Query, `foreshadow_shadow_info{namespace="shop"`), got.Query)
	}
}
