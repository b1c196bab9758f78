//go:build e2e

package backtest_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

const (
	services = 50
	weeks    = 4
)

// Four weeks at one value a minute of 50 series are read from a Prometheus and
// backtested. What that took is printed.
func TestBacktestOfAPrometheus(t *testing.T) {
	now := history.Align(time.Now(), time.Minute)
	url := startPrometheus(t, stored(now))
	began := time.Now()
	got, err := backtest.ReadPrometheus(t.Context(), backtest.PrometheusConfig{
		URL: url, Timeout: 30 * time.Second, Query: "sum by (service) (requests)",
		Range: weeks * 7 * 24 * time.Hour, Step: time.Minute, End: now,
	}, clock.RealClock{})
	require.NoError(t, err)
	read := time.Since(began)
	require.Len(t, got.Series, services)
	require.Empty(t, got.Notes)
	for i := range got.Series {
		require.Len(t, got.Series[i].Values, weeks*7*24*60, got.Series[i].Name)
	}
	report, err := backtest.Run(t.Context(), got.Series, backtest.Config{
		Origins: 6, History: 28 * 24 * time.Hour, Levels: []float64{0.5, 0.9, 0.95, 0.99},
	})
	require.NoError(t, err)
	took := time.Since(began)
	t.Logf("%d series, %d queries in %v, %d forecasts of the past beside three peers in %v; %v in all on %d processors",
		services, got.Queries, read.Round(time.Millisecond), report.Windows, (took - read).Round(time.Millisecond), took.Round(time.Millisecond), runtime.GOMAXPROCS(0))
	t.Logf("\n%s", report.Text(false))
	require.Equal(t, 6*services, report.Windows)
	require.Less(t, float64(report.Models[0].FirstHour.PinballRatio), 1.0)
}

// stored are services with a day, a weekend, noise and a peak of their own.
func stored(now time.Time) []history.Samples {
	out := make([]history.Samples, services)
	for k := range out {
		random := rand.New(rand.NewPCG(uint64(k), 1))
		phase, size := random.Float64()*2*math.Pi, math.Exp(6*random.Float64())
		s := history.Samples{Labels: map[string]string{"__name__": "requests", "service": fmt.Sprintf("service-%02d", k), "pod": "a"}}
		level := 1.0
		for at := now.Add(-weeks*7*24*time.Hour - time.Hour); !at.After(now); at = at.Add(time.Minute) {
			angle := 2*math.Pi*float64(at.Unix()%86400)/86400 + phase
			level += 0.01*(1-level) + 0.01*random.NormFloat64()
			v := size * level * (1.2 + math.Sin(angle) + 0.3*math.Sin(2*angle)) * (1 + 0.03*random.NormFloat64())
			if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
				v *= 0.7
			}
			s.Points = append(s.Points, history.Point{TimeMillis: at.UnixMilli(), Value: math.Max(v, 0)})
		}
		out[k] = s
	}
	return out
}

// startPrometheus runs a Prometheus over the samples on the loopback and returns
// its URL once it is ready. It fails without a binary: a suite that skips proves
// nothing.
func startPrometheus(t *testing.T, samples []history.Samples) string {
	t.Helper()
	name := os.Getenv("PROMETHEUS_BIN")
	if name == "" {
		name = "prometheus"
	}
	binary, err := exec.LookPath(name)
	require.NoError(t, err, "install the package prometheus or write its path into PROMETHEUS_BIN")
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(filepath.Join(dir, "data"), samples...))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), nil, 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	var output bytes.Buffer
	cmd := exec.Command(binary, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--storage.tsdb.retention.time=10y", "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // ended by a signal it has no exit code of its own
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
		if t.Failed() {
			t.Logf("output of %s:\n%s", binary, output.String())
		}
	})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			t.Fatal("Prometheus ended by itself")
		case <-t.Context().Done():
			t.Fatal("Prometheus is not ready")
		case <-tick.C:
		}
		resp, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return "http://" + address
		}
	}
}
