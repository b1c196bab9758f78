package history_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
)

// fake is a Prometheus that follows a script: one handler per request, the
// last one for all further requests.
type fake struct {
	URL string

	mu     sync.Mutex
	script []http.HandlerFunc
	asked  []url.Values
}

func newFake(t *testing.T, script ...http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{script: script}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	handler := f.script[min(len(f.asked), len(f.script)-1)]
	f.asked = append(f.asked, r.Form)
	f.mu.Unlock()
	handler(w, r)
}

// requests are the forms of the requests so far.
func (f *fake) requests() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]url.Values(nil), f.asked...)
}

// status answers without a body of Prometheus' kind.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		http.Error(w, http.StatusText(code), code)
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func apiFailure(code int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fail(w, code, kind, text) }
}

func matrix(series string) http.HandlerFunc {
	return body(`{"status":"success","data":{"resultType":"matrix","result":[` + series + `]}}`)
}

// values answers the range that is asked for with one series of ones.
func values(warnings ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var points [][2]any
		for t := formSeconds(r, "start"); t <= formSeconds(r, "end"); t += formSeconds(r, "step") {
			points = append(points, [2]any{float64(t) / 1000, "1"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"status": "success", "warnings": warnings,
			"data": map[string]any{"resultType": "matrix", "result": []any{map[string]any{"metric": map[string]string{}, "values": points}}},
		})
	}
}

// jumpClock is a clock on which each wait is over at once, and which remembers
// the waits.
type jumpClock struct {
	*clocktesting.FakeClock
	mu    sync.Mutex
	waits []time.Duration
}

func newJumpClock() *jumpClock {
	return &jumpClock{FakeClock: clocktesting.NewFakeClock(time.Date(2021, 3, 1, 0, 0, 0, 0, time.UTC))}
}

func (c *jumpClock) NewTimer(d time.Duration) clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, d)
	timer := c.FakeClock.NewTimer(d)
	c.Step(d)
	return timer
}

func retryAfter(seconds int) []string { return []string{"Retry-After", strconv.Itoa(seconds)} }
