package warmup

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestMetricsAreWellNamed(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg)
	m.progress(Progress{Stage: StageRamping, Ratio: 0.25})
	m.sent(Outcome{Class: ClassSuccess, Latency: time.Millisecond})
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, 1.0, testutil.ToFloat64(m.stage.WithLabelValues("Ramping")))
	require.Equal(t, 0.0, testutil.ToFloat64(m.stage.WithLabelValues("Ready")))
}

// The controller of another version reads this.
func TestHandler(t *testing.T) {
	reg := prometheus.NewRegistry()
	NewMetrics(reg)
	p := Progress{Version: 1, Ratio: 0.5, Stage: StageLatencyAbove, Message: "GET /: slow", Round: 1, Began: start(), Requests: 60, InFlight: 2, Rate: 4, Reference: ReferenceTap}
	h := NewHandler(func() Progress { return p }, reg)
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	require.JSONEq(t, `{"version":1,"ratio":0.5,"stage":"LatencyAbove","message":"GET /: slow","done":false,"round":1,"began":"2026-11-26T14:00:00Z",`+
		`"requests":60,"inFlight":2,"rate":4,"reference":"Tap"}`, get(http.MethodGet, "/progress").Body.String())
	require.Equal(t, http.StatusOK, get(http.MethodGet, "/healthz").Code)
	require.Contains(t, get(http.MethodGet, "/metrics").Body.String(), "foreshadow_sidecar_requests_total")
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		require.Equal(t, http.StatusMethodNotAllowed, get(method, "/progress").Code)
	}
	var back Progress
	require.NoError(t, json.Unmarshal([]byte(`{"version":1,"ratio":1,"done":true,"stage":"ANewStage","aNewField":{}}`), &back))
}
