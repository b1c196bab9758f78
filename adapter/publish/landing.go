package publish

import (
	"fmt"
	"html"
	"net/http"
	"net/url"

	"github.com/prometheus/exporter-toolkit/web"
)

// mostLinks is how many pools the landing page links; /metrics names them all.
const mostLinks = 100

// WithLandingPage adds a page at / to what h serves, with links to the rest: the metrics, health, and how the forecasts of the pools
// came about.
func WithLandingPage(h http.Handler, board *Board, version string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page, err := web.NewLandingPage(web.LandingConfig{
			Name: "foreshadow-adapter", Description: "Predicted capacity for autoscalers", Version: html.EscapeString(version), Profiling: "false",
			Links: links(board.Snapshot()),
		})
		if err != nil {
			say(w, http.StatusInternalServerError, "write the landing page: "+err.Error())
			return
		}
		page.ServeHTTP(w, r)
	})
	return mux
}

func links(s *Snapshot) []web.LandingLinks {
	out := []web.LandingLinks{
		{Address: "/metrics", Text: "Metrics"},
		{Address: "/-/healthy", Text: "Healthy", Description: "whether the process lives"},
		{Address: "/-/ready", Text: "Ready", Description: "whether every pool was looked at once"},
	}
	n := 0
	for p := range s.Pools() {
		if n++; n > mostLinks {
			break
		}
		out = append(out, web.LandingLinks{
			Address: fmt.Sprintf("/api/v1/pools/%s/%s/forecast", url.PathEscape(p.Namespace), url.PathEscape(p.Name)),
			Text:    html.EscapeString("Forecast of " + p.Namespace + "/" + p.Name), Description: "how it came about, as JSON",
		})
	}
	return out
}
