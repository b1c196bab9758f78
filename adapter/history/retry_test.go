package history_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func newRemoteAt(t *testing.T, cfg history.RemoteConfig) (*history.Remote, *jumpClock) {
	t.Helper()
	clk := newJumpClock()
	r, err := history.NewRemote(cfg, log.NewNopLogger(), history.NewMetrics(nil), clk)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r, clk
}

func TestRemoteRepeats(t *testing.T) {
	soon := newJumpClock().Now().Add(4 * time.Second).Format(http.TimeFormat)
	for _, c := range []struct {
		name     string
		script   []http.HandlerFunc
		requests int
		wait     time.Duration // the longest must be this at least
		want     error
	}{
		{"after a 503", []http.HandlerFunc{status(503), values()}, 2, 0, nil},
		{"after a 500 and a 502", []http.HandlerFunc{status(500), status(502), values()}, 3, 0, nil},
		{"when a 429 says so", []http.HandlerFunc{status(429, retryAfter(7)...), values()}, 2, 7 * time.Second, nil},
		{"when a 503 says so by date", []http.HandlerFunc{status(503, "Retry-After", soon), values()}, 2, 3 * time.Second, nil},
		{"not for ever", []http.HandlerFunc{status(503)}, 4, 0, history.ErrUnavailable},
		{"not beyond the deadline", []http.HandlerFunc{status(429, retryAfter(31)...), values()}, 1, 0, history.ErrUnavailable},
		{"not when each wait leads to the deadline", []http.HandlerFunc{status(429, retryAfter(12)...)}, 3, 12 * time.Second, history.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, c.script...)
			r, clk := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
			_, err := r.QueryRange(t.Context(), "up", anHour)
			require.ErrorIs(t, err, c.want)
			require.Len(t, f.requests(), c.requests)
			longest := time.Duration(0)
			for _, w := range clk.waits {
				longest = max(longest, w)
			}
			require.GreaterOrEqual(t, longest, c.wait)
			if c.requests > 1 {
				require.NotEmpty(t, clk.waits, "repeated without a wait")
			}
		})
	}
}

func TestRemoteSaysWhyItGaveUp(t *testing.T) {
	f := newFake(t, status(429, retryAfter(60)...))
	r, _ := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
	_, err := r.QueryRange(t.Context(), "up", anHour)
	require.EqualError(t, err, "query "+f.URL+": unavailable: server answered 429, server asked to wait beyond the query's deadline: check the server's load")
}

// A server that asked for nothing is not said to have.
func TestRemoteBlamesNoServerForItsOwnWait(t *testing.T) {
	f := newFake(t, status(503))
	r, _ := newRemoteAt(t, history.RemoteConfig{URL: f.URL, Limits: history.Limits{Timeout: time.Second}, MaxAttempts: 100})
	_, err := r.QueryRange(t.Context(), "up", anHour)
	require.EqualError(t, err, "query "+f.URL+": unavailable: server answered 503: check the server's load")
	require.Less(t, len(f.requests()), 100)
}

func TestRemoteRetryAfterHoldsForAllQueries(t *testing.T) {
	f := newFake(t, status(429, retryAfter(60)...), values())
	r, clk := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
	_, err := r.QueryRange(t.Context(), "up", anHour)
	require.ErrorIs(t, err, history.ErrUnavailable)
	_, err = r.QueryRange(t.Context(), "another", anHour)
	require.EqualError(t, err, "query "+f.URL+": unavailable: server asked to wait beyond the query's deadline: check the server's load")
	require.Len(t, f.requests(), 1)

	clk.Step(45 * time.Second) // 15 seconds are left: within a query's deadline
	_, err = r.QueryRange(t.Context(), "another", anHour)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{15 * time.Second}, clk.waits)
}

func TestRemoteRetryAfterIsBounded(t *testing.T) {
	for name, value := range map[string]string{
		"seconds": "86400", "more seconds than a number holds": "9223372036", "a date": newJumpClock().Now().AddDate(10, 0, 0).Format(http.TimeFormat),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, status(503, "Retry-After", value), values())
			r, clk := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
			_, err := r.QueryRange(t.Context(), "up", anHour)
			require.ErrorIs(t, err, history.ErrUnavailable)
			clk.Step(5*time.Minute - 31*time.Second)
			_, err = r.QueryRange(t.Context(), "up", anHour)
			require.ErrorIs(t, err, history.ErrUnavailable)
			clk.Step(31 * time.Second)
			_, err = r.QueryRange(t.Context(), "up", anHour)
			require.NoError(t, err)
		})
	}
}

func TestRemoteKeepsTheLongestRetryAfter(t *testing.T) {
	both, shorter := make(chan struct{}), make(chan struct{})
	f := newFake(t,
		func(w http.ResponseWriter, r *http.Request) {
			close(both)
			<-shorter
			status(503, retryAfter(1)...)(w, r)
		},
		status(503, retryAfter(200)...), values())
	r, _ := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
	late := make(chan error, 1)
	go func() {
		_, err := r.QueryRange(t.Context(), "up", anHour)
		late <- err
	}()
	<-both
	_, err := r.QueryRange(t.Context(), "up", anHour)
	require.ErrorIs(t, err, history.ErrUnavailable)
	close(shorter)
	require.ErrorIs(t, <-late, history.ErrUnavailable)
	require.Len(t, f.requests(), 2, "asked again before the longer wait was over")
}

func TestRemoteStormIsBounded(t *testing.T) {
	f := newFake(t, status(503))
	r, _ := newRemoteAt(t, history.RemoteConfig{URL: f.URL})
	const queries = 20
	for range queries {
		_, err := r.QueryRange(t.Context(), "up", anHour)
		require.ErrorIs(t, err, history.ErrUnavailable)
	}
	require.LessOrEqual(t, len(f.requests()), 4*queries)
}
