package history_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestNewRemoteRefuses(t *testing.T) {
	auth := &config.HTTPClientConfig{BasicAuth: &config.BasicAuth{Username: "reader", Password: "p"}}
	for _, c := range []struct {
		name string
		cfg  history.RemoteConfig
		want string
	}{
		{"a host and port without scheme", history.RemoteConfig{URL: "127.0.0.1:9090"}, `--prometheus.url: "127.0.0.1:9090": has no scheme http or https: write http://127.0.0.1:9090 or https://127.0.0.1:9090`},
		{"a name and port without scheme", history.RemoteConfig{URL: "prometheus:9090"}, `--prometheus.url: "prometheus:9090": has no scheme http or https: write http://prometheus:9090 or https://prometheus:9090`},
		{"another scheme", history.RemoteConfig{URL: "ftp://prometheus:9090"}, `--prometheus.url: "ftp://prometheus:9090": has no scheme http or https: write http://prometheus:9090 or https://prometheus:9090`},
		{"nothing", history.RemoteConfig{}, `--prometheus.url: "": has no scheme http or https: write http://127.0.0.1:9090 or https://127.0.0.1:9090`},
		{"a scheme without host", history.RemoteConfig{URL: "http://"}, `--prometheus.url: "http://": has no host: write one such as http://127.0.0.1:9090`},
		{"a port without host", history.RemoteConfig{URL: "http://:9090"}, `--prometheus.url: "http://:9090": has no host: write one such as http://127.0.0.1:9090`},
		{"what is no URL", history.RemoteConfig{URL: "http://a b"}, `--prometheus.url: "http://a b": is no URL: write one such as http://127.0.0.1:9090`},
		{"a query", history.RemoteConfig{URL: "http://prometheus:9090/?a=b"}, `--prometheus.url: http://prometheus:9090: has text after ? or #: write the URL without it`},
		{"credentials in two places", history.RemoteConfig{URL: "http://reader:p@prometheus", HTTP: auth}, `--prometheus.url: has a user name, and --prometheus.config-file has credentials: write them in one place`},
		{"a deadline too short", history.RemoteConfig{URL: "http://prometheus", Limits: history.Limits{Timeout: time.Millisecond}}, `query timeout 1ms: write at least 1s`},
		{"a negative limit", history.RemoteConfig{URL: "http://prometheus", Limits: history.Limits{MaxSeries: -1}}, `query limits of -1 series, 500000 points, 8 at a time: write at least 1 of each`},
		{"too few bytes", history.RemoteConfig{URL: "http://prometheus", MaxBytes: 10}, `query limits of 10 bytes, 4 attempts: write at least 1024 bytes and 1 attempt`},
		{"a certificate that is not there", history.RemoteConfig{URL: "http://prometheus", HTTP: &config.HTTPClientConfig{TLSConfig: config.TLSConfig{CAFile: "/missing/ca.pem"}}}, `--prometheus.config-file: unable to read CA cert: unable to read file /missing/ca.pem: open /missing/ca.pem: no such file or directory`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := history.NewRemote(c.cfg, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
			require.EqualError(t, err, c.want)
		})
	}
}

func TestLoadHTTPConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "http.yml")
	_, err := history.LoadHTTPConfig(file)
	require.EqualError(t, err, "--prometheus.config-file: "+file+": no such file: write the path of a file in Prometheus' http_config format")

	require.NoError(t, os.WriteFile(file, []byte("basic_auth: {user: reader}\n"), 0o600))
	_, err = history.LoadHTTPConfig(file)
	require.EqualError(t, err, "--prometheus.config-file: "+file+": yaml: unmarshal errors: line 1: field user not found in type config.plain")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("s3cret\n"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte("authorization: {credentials_file: token}\n"), 0o600))
	c, err := history.LoadHTTPConfig(file)
	require.NoError(t, err)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer s3cret" {
			t.Errorf("got Authorization %q", got)
		}
		values()(w, r)
	})
	_, err = ask(t, history.RemoteConfig{URL: f.URL, HTTP: c})
	require.NoError(t, err)

	require.NoError(t, os.Remove(filepath.Join(dir, "token")))
	_, err = ask(t, history.RemoteConfig{URL: f.URL, HTTP: c})
	require.ErrorIs(t, err, history.ErrUnauthorized)
	require.ErrorContains(t, err, "check the files named in --prometheus.config-file")
}

func TestRemoteSendsTheURLsCredentials(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "p@ss" {
			t.Errorf("got user %q and password %q", user, password)
		}
		values()(w, r)
	})
	_, err := ask(t, history.RemoteConfig{URL: strings.Replace(f.URL, "//", "//reader:p%40ss@", 1)})
	require.NoError(t, err)
}

// chunks are the ranges that were asked for, in steps.
func chunks(f *fake, step int) []string {
	var out []string
	for _, form := range f.requests() {
		start, _ := strconv.Atoi(form.Get("start"))
		end, _ := strconv.Atoi(form.Get("end"))
		out = append(out, strconv.Itoa(start/step)+"-"+strconv.Itoa(end/step))
	}
	return out
}

func TestRemoteChunks(t *testing.T) {
	tooMany := apiFailure(422, "execution", "query processing would load too many samples into memory in query execution")
	for _, c := range []struct {
		name   string
		script []http.HandlerFunc
		points int
		want   []string
	}{
		{"one step is one request", []http.HandlerFunc{values()}, 1, []string{"0-0"}},
		{"10,000 steps are one request", []http.HandlerFunc{values()}, 10_000, []string{"0-9999"}},
		{"one more is a second request", []http.HandlerFunc{values()}, 10_001, []string{"0-9999", "10000-10000"}},
		{"28 days of minutes are five", []http.HandlerFunc{values()}, 40_320, []string{"0-9999", "10000-19999", "20000-29999", "30000-39999", "40000-40319"}},
		{"too many samples halve the chunk for good", []http.HandlerFunc{values(), tooMany, tooMany, values()}, 20_000, []string{"0-9999", "10000-19999", "10000-14999", "10000-12499", "12500-14999", "15000-17499", "17500-19999"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, c.script...)
			end := time.Unix(int64(c.points-1)*60, 0)
			res, err := newRemote(t, history.RemoteConfig{URL: f.URL}).QueryRange(t.Context(), "up", history.Range{Start: time.Unix(0, 0), End: end, Step: time.Minute})
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, chunks(f, 60)))
			require.Len(t, res.Series, 1)
			require.Len(t, res.Series[0].Points, c.points)
			require.Empty(t, res.Dropped)
		})
	}
	t.Run("a step that is too many by itself ends it", func(t *testing.T) {
		f := newFake(t, tooMany)
		_, err := ask(t, history.RemoteConfig{URL: f.URL})
		require.ErrorIs(t, err, history.ErrTooLarge)
		require.ErrorIs(t, err, history.ErrTooManySamples)
		require.Equal(t, []string{"0-60", "0-29", "0-14", "0-6", "0-2", "0-0"}, chunks(f, 60))
	})
	t.Run("one bad chunk fails the whole", func(t *testing.T) {
		f := newFake(t, values(), status(404))
		res, err := newRemote(t, history.RemoteConfig{URL: f.URL}).QueryRange(t.Context(), "up", history.Range{Start: time.Unix(0, 0), End: time.Unix(20_000*60, 0), Step: time.Minute})
		require.Error(t, err)
		require.Empty(t, res)
	})
}

func TestRemoteWarnings(t *testing.T) {
	f := newFake(t, values("store-2 is\nunavailable", "store-2 is\nunavailable"))
	res, err := ask(t, history.RemoteConfig{URL: f.URL})
	require.NoError(t, err)
	require.True(t, res.Degraded())
	require.Equal(t, []string{"store-2 is unavailable"}, res.Warnings)
}

func TestRemoteWarningsAreNoRemarks(t *testing.T) {
	f := newFake(t, values("PromQL info: metric might not be a counter"), values("PromQL info: a", "PromQL warning: b"))
	res, err := ask(t, history.RemoteConfig{URL: f.URL})
	require.NoError(t, err)
	require.False(t, res.Degraded(), res.Warnings)
	res, err = newRemote(t, history.RemoteConfig{URL: f.URL}).QueryRange(t.Context(), "up", anHour)
	require.NoError(t, err)
	require.Equal(t, []string{"PromQL warning: b"}, res.Warnings)
}

func TestRemoteReadsALongRangeFromASlowServer(t *testing.T) {
	const chunks = 5
	whole := history.Range{Start: time.Unix(0, 0), End: time.Unix(chunks*10_000*60-1, 0), Step: time.Minute}
	for _, c := range []struct {
		name string
		took time.Duration // by each chunk
		want string
	}{
		{"each chunk has its own deadline", 25 * time.Second, ""},
		{"no chunk begins after ten minutes", 151 * time.Second, "timeout: not finished within 10m0s: check the server's load, or write a cheaper query, such as one over a recording rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var clk *jumpClock
			f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.FormValue("timeout"); got != "30s" {
					t.Errorf("got timeout %s, want 30s", got)
				}
				clk.Step(c.took)
				values()(w, r)
			})
			var r *history.Remote
			r, clk = newRemoteAt(t, history.RemoteConfig{URL: f.URL})
			res, err := r.QueryRange(t.Context(), "up", whole)
			if c.want != "" {
				require.ErrorIs(t, err, history.ErrTimeout)
				require.EqualError(t, err, "query "+f.URL+": "+c.want)
				require.Empty(t, res)
				return
			}
			require.NoError(t, err)
			require.Len(t, res.Series[0].Points, chunks*10_000)
		})
	}
}

func TestRemoteConcurrency(t *testing.T) {
	var (
		now  atomic.Int32
		mu   sync.Mutex
		most int32
	)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		mu.Lock()
		most = max(most, n)
		mu.Unlock()
		values()(w, r)
	})
	r := newRemote(t, history.RemoteConfig{URL: f.URL, Limits: history.Limits{Concurrent: 2}})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.QueryRange(t.Context(), "up", anHour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most, int32(2))
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	f := newFake(t, values(), values("partial"), status(401), matrix(`{"metric":{},"values":[[60,"NaN"],[120,"+Inf"],[180,"1"],[180,"1"],[181,"1"]]}`))
	r, err := history.NewRemote(history.RemoteConfig{URL: f.URL}, log.NewNopLogger(), history.NewMetrics(reg), clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	for range 4 {
		_, _ = r.QueryRange(t.Context(), "up", anHour) // the counters are what is looked at
	}
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP foreshadow_prometheus_queries_total Range queries by result; one may take several HTTP requests.
# TYPE foreshadow_prometheus_queries_total counter
foreshadow_prometheus_queries_total{result="bad_answer"} 0
foreshadow_prometheus_queries_total{result="bad_query"} 0
foreshadow_prometheus_queries_total{result="canceled"} 0
foreshadow_prometheus_queries_total{result="degraded"} 1
foreshadow_prometheus_queries_total{result="success"} 2
foreshadow_prometheus_queries_total{result="timeout"} 0
foreshadow_prometheus_queries_total{result="too_large"} 0
foreshadow_prometheus_queries_total{result="unauthorized"} 1
foreshadow_prometheus_queries_total{result="unavailable"} 0
foreshadow_prometheus_queries_total{result="unreachable"} 0
# HELP foreshadow_prometheus_requests_total HTTP requests to Prometheus, retries and chunks included.
# TYPE foreshadow_prometheus_requests_total counter
foreshadow_prometheus_requests_total 4
# HELP foreshadow_prometheus_samples_dropped_total Samples that were not used as they came, by reason.
# TYPE foreshadow_prometheus_samples_dropped_total counter
foreshadow_prometheus_samples_dropped_total{reason="duplicate"} 1
foreshadow_prometheus_samples_dropped_total{reason="inf"} 1
foreshadow_prometheus_samples_dropped_total{reason="nan"} 1
foreshadow_prometheus_samples_dropped_total{reason="off_grid"} 1
`), "foreshadow_prometheus_queries_total", "foreshadow_prometheus_requests_total", "foreshadow_prometheus_samples_dropped_total"))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}
