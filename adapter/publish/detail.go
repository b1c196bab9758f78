package publish

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// WithForecasts adds GET /api/v1/pools/NAMESPACE/NAME/forecast to what h serves: how the forecast of a pool came about, as JSON. It
// reads the snapshot alone, as the metrics API does; an answer says no more of a pool than its metrics do, and no secret.
func WithForecasts(h http.Handler, board *Board) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("GET /api/v1/pools/{namespace}/{name}/forecast", func(w http.ResponseWriter, r *http.Request) {
		p, found := board.Snapshot().Pool(r.PathValue("namespace"), r.PathValue("name"))
		switch {
		case !found:
			say(w, http.StatusNotFound, "there is no such ShadowPool here.")
		case p.Detail == nil:
			say(w, http.StatusServiceUnavailable, "the pool has no forecast yet: "+whyNoForecast(&p))
		default:
			answerJSON(w, p.Detail)
		}
	})
	return mux
}

func whyNoForecast(p *Pool) string {
	if why := p.PredictedLoad.Refusal(time.Time{}); why != "" {
		return why
	}
	return "look at the pool's status."
}

func answerJSON(w http.ResponseWriter, v json.Marshaler) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		say(w, http.StatusInternalServerError, "encode the forecast: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	// The client may be gone; nobody is left to tell.
	_, _ = w.Write(body.Bytes())
}
