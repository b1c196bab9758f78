package publish

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

func TestHandler(t *testing.T) {
	tests := []struct {
		name, method, path string
		ready              error
		wantCode           int
		wantBody           string
	}{
		{name: "it is healthy while it is not ready", path: "/-/healthy", ready: errors.New("x"), wantCode: 200, wantBody: "foreshadow-adapter is healthy.\n"},
		{name: "it is ready", path: "/-/ready", wantCode: 200, wantBody: "foreshadow-adapter is ready.\n"},
		{
			name: "it says why it is not ready", path: "/-/ready", ready: errors.New("3 of 5 pools have no forecast yet"), wantCode: 503,
			wantBody: "foreshadow-adapter is not ready: 3 of 5 pools have no forecast yet\n",
		},
		{name: "nothing else is there", path: "/debug/pprof/", wantCode: 404, wantBody: "404 page not found\n"},
		{name: "nothing can be written", method: http.MethodPost, path: "/-/ready", wantCode: 405, wantBody: "Method Not Allowed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			method := tt.method
			if method == "" {
				method = http.MethodGet
			}
			recorder := httptest.NewRecorder()
			handler := NewHandler(prometheus.NewRegistry(), func() error { return tt.ready }, log.NewNopLogger())
			handler.ServeHTTP(recorder, httptest.NewRequest(method, tt.path, nil))
			if recorder.Code != tt.wantCode || recorder.Body.String() != tt.wantBody {
				t.Errorf("got %d %q, want %d %q", recorder.Code, recorder.Body, tt.wantCode, tt.wantBody)
			}
		})
	}
}

func TestMetricsSpeakOpenMetrics(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	recorder := httptest.NewRecorder()
	NewHandler(exporterRegistry(clockAtNoon(), testPool("shop", "web")), nil, log.NewNopLogger()).ServeHTTP(recorder, request)
	if got := recorder.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Errorf("Content-Type = %q, want OpenMetrics", got)
	}
	if !bytes.HasSuffix(recorder.Body.Bytes(), []byte("# EOF\n")) {
		t.Errorf("the page does not end with # EOF:\n%s", recorder.Body)
	}
}

// A collector that fails costs its own metrics only, and is logged.
func TestOneBadCollectorHidesNothing(t *testing.T) {
	reg := exporterRegistry(clockAtNoon(), testPool("shop", "web"))
	desc := prometheus.NewDesc("foreshadow_broken", "Broken.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.NewInvalidMetric(desc, errors.New("out of order"))
	}))
	var logged bytes.Buffer
	recorder := httptest.NewRecorder()
	handler := NewHandler(reg, nil, log.NewLogfmtLogger(&logged))
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK || !strings.Contains(recorder.Body.String(), MetricPredictedCapacity) {
		t.Errorf("got %d without our metrics:\n%s", recorder.Code, recorder.Body)
	}
	if want := "level=error component=publish msg=\"gathered metrics with errors\""; !strings.HasPrefix(logged.String(), want) {
		t.Errorf("logged %q, want it to begin with %q", logged.String(), want)
	}
}
