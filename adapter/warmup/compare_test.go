package warmup

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

// outcomesOf makes outcomes of one latency, the newest first, as many of each class
// as counts says.
func outcomesOf(latency time.Duration, counts map[Class]int) (out []Outcome) {
	for _, class := range classes() {
		for range counts[class] {
			out = append(out, Outcome{Class: class, Latency: latency})
		}
	}
	return out
}

func TestCompare(t *testing.T) {
	const ms = time.Millisecond
	fine := map[Class]int{ClassSuccess: 40}
	for name, tt := range map[string]struct {
		outcomes []Outcome
		ref      RouteProfile
		want     string // the text of what is not as it should be; empty: nothing
	}{
		"as the source":                   {outcomesOf(10*ms, fine), RouteProfile{P50: 0.01, P90: 0.01}, ""},
		"a slow middle":                   {outcomesOf(20*ms, fine), RouteProfile{P50: 0.01}, "/: p50 is 20ms, the source's is 10ms"},
		"only p99 is known, and held":     {outcomesOf(20*ms, fine), RouteProfile{P50: 0.02, P99: 0.02}, ""},
		"slower than the source's p99":    {outcomesOf(40*ms, fine), RouteProfile{P50: 0.04, P99: 0.02}, "/: p90 is 40ms, the source's p99 is 20ms"},
		"p90 is known, p99 does not say":  {outcomesOf(40*ms, fine), RouteProfile{P50: 0.04, P90: 0.04, P99: 0.02}, ""},
		"no median, and it still falls":   {append(outcomesOf(10*ms, map[Class]int{ClassSuccess: 10}), outcomesOf(30*ms, fine)...), RouteProfile{P99: 1}, "/: p50 still falls: 10ms after 30ms"},
		"as many errors as the source":    {outcomesOf(ms, map[Class]int{ClassSuccess: 30, ClassServer: 10}), RouteProfile{P50: 1, ErrorRatio: 0.25}, ""},
		"better than the source":          {outcomesOf(ms, fine), RouteProfile{P50: 1, ErrorRatio: 0.25}, ""},
		"redirects are as good":           {outcomesOf(ms, map[Class]int{ClassRedirect: 40}), RouteProfile{P50: 1, ErrorRatio: 0.25}, ""},
		"more errors than the source":     {outcomesOf(ms, map[Class]int{ClassSuccess: 30, ClassServer: 10}), RouteProfile{P50: 1, ErrorRatio: 0.01}, "/: 25 % of the responses are 5xx, 1 % of the source's"},
		"other errors than the source":    {outcomesOf(ms, map[Class]int{ClassSuccess: 30, ClassClient: 10}), RouteProfile{P50: 1, ErrorRatio: 0.25}, "/: 25 % of the responses are 4xx, 0 % of the source's"},
		"no errors where the source has":  {outcomesOf(ms, fine), RouteProfile{P50: 1, Classes: map[Class]float64{ClassSuccess: 0.5, ClassServer: 0.5}}, "/: 100 % of the responses are 2xx, 50 % of the source's"},
		"nothing is known of the latency": {outcomesOf(ms, fine), RouteProfile{ErrorRatio: 0.1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := compare("/", tt.outcomes, tt.ref)
			require.Equal(t, tt.want, c.latencyText+c.mixText)
			require.Equal(t, tt.want == "", math.Min(c.latency, c.mix) == 1)
		})
	}
}

// What a tap has seen of the very requests says more than the profile of all
// routes together; a route that no tap tells of goes by the profile.
func TestRoundPrefersATapToTheProfileOfAllRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := clock.RealClock{}.Now()
		profile := &Profile{Version: 1, Routes: map[string]RouteProfile{AnyRoute: {P50: 1, P99: 2}}}
		r := newRound(DefaultSettings(), 1, now, now.Add(time.Hour), profile)
		for range 2 * least {
			r.observeSource(Outcome{Route: "GET /fast", Class: ClassSuccess, Latency: time.Millisecond, At: now})
			for route, latency := range map[string]time.Duration{"GET /fast": 50 * time.Millisecond, "GET /other": time.Second} {
				r.inFlight++
				r.observe(Outcome{Route: route, Class: ClassSuccess, Latency: latency, At: now})
			}
		}
		r.step(now)
		require.Equal(t, "GET /fast: p50 is 50ms, the source's is 1ms", r.verdict.latencyText)
		require.Contains(t, r.evidence.shadow, AnyRoute, "the other route goes by the profile")
		require.NotContains(t, r.evidence.shadow, "GET /other")
	})
}
