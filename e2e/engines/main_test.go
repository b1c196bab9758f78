//go:build e2e && ecosystem

package engines

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/sources"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// origin is the first instant of what is stored.
var origin = time.Date(2021, time.March, 1, 0, 0, 0, 0, time.UTC)

const (
	startTimeout = 2 * time.Minute
	stopGrace    = 30 * time.Second
)

// program finds what `make e2e-ecosystem` has left in bin. Without it the test
// fails: a suite that skips proves nothing.
func program(t *testing.T, name, made string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run %s bin/%s in the root of the repository", err, made, name)
	}
	return path
}

// start runs a program until the test ends, and waits until url answers.
func start(t *testing.T, name, path, url string, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(process.Config{Name: name, Path: path, Args: args, LogDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Stop(stopGrace))
		if t.Failed() {
			raw, _ := os.ReadFile(p.Log())
			t.Logf("log of %s:\n%s", name, raw)
		}
	})
	require.NoError(t, p.Await(t.Context(), startTimeout, name+" to be ready", func(ctx context.Context) (string, bool) {
		return get(ctx, url)
	}))
	return p
}

func get(ctx context.Context, url string) (string, bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error(), false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error(), false
	}
	_ = resp.Body.Close()
	return resp.Status, resp.StatusCode == http.StatusOK
}

// open reads a sources file with one entry, here for every namespace, and
// returns its source, and the registry that counts what is asked.
func open(t *testing.T, entry string) (history.Source, *prometheus.Registry) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sources.yaml")
	require.NoError(t, os.WriteFile(path, []byte("sources:\n- {name: engine, namespaces: ['*'], "+entry+"}\n"), 0o600))
	reg := prometheus.NewRegistry()
	set := sources.NewSet(sources.Options{
		PerNamespace: 8, Metrics: history.NewMetrics(reg), Logger: log.NewNopLogger(), Clock: clock.RealClock{},
		Confinement: history.Confinement{Label: "namespace"},
	})
	_, err := sources.NewFile(path, set)
	require.NoError(t, err)
	got, err := set.Of("engine", "shop")
	require.NoError(t, err)
	return got.Source, reg
}

// logBytes says what an answer of a day of minutes takes.
func logBytes(t *testing.T, src history.Source, reg *prometheus.Registry) {
	t.Helper()
	before := counted(t, reg)
	res, err := src.QueryRange(t.Context(), "sum(rate(conformance_counter[5m]))", history.Range{Start: origin.Add(10 * time.Minute), End: origin.Add(12 * time.Hour), Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, res.Series, 1)
	t.Logf("%d points of a rate: %.0f bytes", len(res.Series[0].Points), counted(t, reg)-before)
}

func counted(t *testing.T, reg *prometheus.Registry) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "foreshadow_prometheus_response_bytes_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("no metric counts the bytes of answers")
	return 0
}
