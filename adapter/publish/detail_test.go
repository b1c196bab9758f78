package publish

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

func TestForecastsAreServed(t *testing.T) {
	board := testBoard(
		testPool("shop", "web", func(p *Pool) { p.Detail = json.RawMessage(`{"model":"DailyShape"}`) }),
		testPool("shop", "young", func(p *Pool) {
			p.PredictedLoad = Refuse("there is no forecast: the history is too short")
		}),
	)
	handler := WithForecasts(NewHandler(prometheus.NewRegistry(), func() error { return nil }, log.NewNopLogger()), board)
	for _, tt := range []struct {
		name, method, path string
		code               int
		kind, body         string
	}{
		{"a forecast", http.MethodGet, "/api/v1/pools/shop/web/forecast", 200, "application/json", "{\n  \"model\": \"DailyShape\"\n}\n"},
		{"none yet", http.MethodGet, "/api/v1/pools/shop/young/forecast", 503, "text/plain; charset=utf-8", "the pool has no forecast yet: there is no forecast: the history is too short\n"},
		{"no such pool", http.MethodGet, "/api/v1/pools/shop/shop/forecast", 404, "text/plain; charset=utf-8", "there is no such ShadowPool here.\n"},
		{"nothing is written", http.MethodPost, "/api/v1/pools/shop/web/forecast", 404, "text/plain; charset=utf-8", "404 page not found\n"},
		{"the rest is still there", http.MethodGet, "/-/healthy", 200, "text/plain; charset=utf-8", "foreshadow-adapter is healthy.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest(tt.method, tt.path, nil))
			if recorder.Code != tt.code || recorder.Body.String() != tt.body || recorder.Header().Get("Content-Type") != tt.kind {
				t.Errorf("got %d %q %q, want %d %q %q", recorder.Code, recorder.Header().Get("Content-Type"), recorder.Body, tt.code, tt.kind, tt.body)
			}
		})
	}
}
