package publish

import (
	"fmt"
	"net/http"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewHandler returns what the metrics port serves: /metrics from g, /-/healthy, and /-/ready, which is 503 with the reason as long
// as ready returns an error. ready must not wait for anything.
func NewHandler(g prometheus.Gatherer, ready func() error, logger log.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(g, promhttp.HandlerOpts{
		// One bad series must not hide all others.
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          errorLog{logger},
		EnableOpenMetrics: true,
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, "foreshadow-adapter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			say(w, http.StatusServiceUnavailable, "foreshadow-adapter is not ready: "+err.Error())
			return
		}
		say(w, http.StatusOK, "foreshadow-adapter is ready.")
	})
	return mux
}

// say answers with one line of plain text.
func say(w http.ResponseWriter, code int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	// The client may be gone; nobody is left to tell.
	_, _ = fmt.Fprintln(w, line) //nolint:gosec // G705: it is plain text, and nosniff keeps a browser from reading it as anything else
}

// errorLog is how promhttp logs.
type errorLog struct{ logger log.Logger }

func (l errorLog) Println(v ...any) {
	level.Error(l.logger).Log("component", "publish", "msg", "gathered metrics with errors", "err", fmt.Sprint(v...))
}
