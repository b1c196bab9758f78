package history_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/historytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newRemote(t *testing.T, cfg history.RemoteConfig) *history.Remote {
	t.Helper()
	r, err := history.NewRemote(cfg, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// promHandler serves query_range as Prometheus does, bounds and errors
// included, over blocks on disk.
type promHandler struct {
	engine *promql.Engine
	db     storage.Queryable
}

func (h *promHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/prefix/api/v1/query_range" {
		http.NotFound(w, r)
		return
	}
	start, end, step := formSeconds(r, "start"), formSeconds(r, "end"), formSeconds(r, "step")
	if _, err := model.ParseDuration(r.FormValue("timeout")); err != nil {
		fail(w, http.StatusBadRequest, "bad_data", "timeout: "+err.Error())
		return
	}
	if (end-start)/step > 11_000 {
		fail(w, http.StatusBadRequest, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
		return
	}
	q, err := h.engine.NewRangeQuery(r.Context(), h.db, nil, r.FormValue("query"), time.UnixMilli(start), time.UnixMilli(end), time.Duration(step)*time.Millisecond)
	if err != nil {
		fail(w, http.StatusBadRequest, "bad_data", err.Error())
		return
	}
	defer q.Close()
	res := q.Exec(r.Context())
	if res.Err != nil {
		if _, ok := errors.AsType[promql.ErrTooManySamples](res.Err); ok {
			fail(w, http.StatusUnprocessableEntity, "execution", res.Err.Error())
			return
		}
		fail(w, http.StatusInternalServerError, "internal", res.Err.Error())
		return
	}
	matrix, _ := res.Matrix()
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": "success",
		"data":   map[string]any{"resultType": "matrix", "result": asModel(matrix)},
	})
}

func fail(w http.ResponseWriter, code int, kind, text string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": kind, "error": text})
}

// formSeconds reads seconds as milliseconds.
func formSeconds(r *http.Request, name string) int64 {
	v, _ := strconv.ParseFloat(r.FormValue(name), 64)
	return int64(v*1000 + 0.5)
}

func asModel(m promql.Matrix) model.Matrix {
	out := model.Matrix{}
	for _, s := range m {
		stream := &model.SampleStream{Metric: model.Metric{}}
		for name, value := range s.Metric.Map() {
			stream.Metric[model.LabelName(name)] = model.LabelValue(value)
		}
		for _, p := range s.Floats {
			stream.Values = append(stream.Values, model.SamplePair{Timestamp: model.Time(p.T), Value: model.SampleValue(p.F)})
		}
		out = append(out, stream)
	}
	return out
}

// servePrometheus stores the samples and serves them over HTTP.
func servePrometheus(t *testing.T, maxSamples int, stored []history.Samples) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, stored...))
	opts := tsdb.DefaultOptions()
	db, err := tsdb.Open(dir, promslog.NewNopLogger(), nil, opts, nil)
	require.NoError(t, err)
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: maxSamples, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		EnableAtModifier:         true, EnableNegativeOffset: true, Parser: parser.NewParser(history.ParserOptions()),
	})
	server := httptest.NewServer(&promHandler{engine: engine, db: db})
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, engine.Close())
		require.NoError(t, db.Close())
	})
	return server
}

func TestRemoteConformance(t *testing.T) {
	historytest.Run(t, "remote", func(t *testing.T, stored []history.Samples) history.Source {
		return newRemote(t, history.RemoteConfig{URL: servePrometheus(t, 50_000_000, stored).URL + "/prefix/"})
	})
	historytest.Run(t, "remote with a small sample limit", func(t *testing.T, stored []history.Samples) history.Source {
		return newRemote(t, history.RemoteConfig{URL: servePrometheus(t, 2_000, stored).URL + "/prefix"})
	})
}
