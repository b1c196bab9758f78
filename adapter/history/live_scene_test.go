package history_test

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// life is one pod: its requests a second from minute to minute, and the states
// that it is said to have, by the minute in which each begins. The pod is gone,
// or nobody speaks of it, from the minute of an empty state on.
type life struct {
	pod      string
	from, to int
	rate     float64
	states   []since
}

type since struct {
	minute int
	state  string
}

// samples are the pod's counter and what is said of it, with the markers that
// Prometheus writes when a series ends.
func (l life) samples() []history.Samples {
	counter := every15("requests_total", "pod="+l.pod, l.from, l.to, func(i int) float64 { return 15 * l.rate * float64(i-4*l.from+1) })
	out := []history.Samples{ended(counter, l.to)}
	for i, s := range l.states {
		if s.state == "" {
			continue
		}
		end := l.to
		if i+1 < len(l.states) {
			end = l.states[i+1].minute
		}
		out = append(out, ended(every15(history.ShadowInfo, "pod="+l.pod+",pool=web,state="+s.state, s.minute, end, one), end))
	}
	return out
}

func ended(s history.Samples, minute int) history.Samples {
	at := liveStart.Add(time.Duration(minute) * time.Minute).UnixMilli()
	s.Points = append(s.Points, history.Point{TimeMillis: at, Value: math.Float64frombits(value.StaleNaN)})
	return s
}

// loadAt returns sum(rate()) of the live pods at some minutes.
func loadAt(t *testing.T, lives []life, minutes ...int) []float64 {
	t.Helper()
	store := newStore(t)
	for _, l := range lives {
		require.NoError(t, store.AppendAll(t.Context(), l.samples()))
	}
	expr, err := history.ConfineLive(`sum(rate(requests_total[2m]))`, "a", "web", plain)
	require.NoError(t, err)
	out := make([]float64, len(minutes))
	for i, m := range minutes {
		at := liveStart.Add(time.Duration(m) * time.Minute)
		res, err := store.QueryRange(t.Context(), expr, history.Range{Start: at, End: at, Step: time.Minute})
		require.NoError(t, err)
		require.Len(t, res.Series, 1)
		out[i] = math.Round(res.Series[0].Points[0].Value)
	}
	return out
}

func TestOnlyPodsThatServeAreLoad(t *testing.T) {
	live := life{pod: "live", to: 60, rate: 10}
	for _, tc := range []struct {
		name    string
		shadow  life
		minutes []int
		want    []float64
	}{
		{
			"a warm-up at ten times the load",
			life{pod: "web-1", from: 10, to: 60, rate: 100, states: []since{{10, "creating"}, {11, "warming"}, {20, "ready"}}},
			[]int{5, 12, 15, 19, 21, 22, 40},
			[]float64{10, 10, 10, 10, 10, 10, 10},
		},
		{
			"a shadow that ends while its requests are still in the range",
			life{pod: "web-1", from: 10, to: 20, rate: 100, states: []since{{10, "creating"}, {11, "warming"}}},
			[]int{15, 20, 21, 22, 30},
			[]float64{10, 10, 10, 10, 10},
		},
		{
			"a shadow counts as soon as it goes live",
			life{pod: "web-1", from: 10, to: 60, rate: 5, states: []since{{10, "creating"}, {11, "ready"}, {30, "active"}}},
			[]int{29, 30, 31, 59},
			[]float64{10, 15, 15, 15},
		},
		{
			"what went live and was deleted stays in the range as any pod does",
			life{pod: "web-1", from: 10, to: 32, rate: 5, states: []since{{10, "ready"}, {30, "active"}}},
			[]int{29, 31, 33, 36},
			[]float64{10, 15, 12, 10},
		},
		{
			"a bridged shadow serves, drains and is a shadow again",
			life{pod: "web-1", from: 10, to: 60, rate: 5, states: []since{{10, "ready"}, {20, "bridged"}, {30, "draining"}, {31, "warming"}, {40, "ready"}}},
			[]int{19, 20, 29, 30, 31, 32, 45},
			[]float64{10, 15, 15, 15, 10, 10, 10},
		},
		{
			"nobody speaks of a shadow for some minutes, as while an adapter restarts",
			life{pod: "web-1", from: 10, to: 60, rate: 100, states: []since{{10, "warming"}, {20, ""}, {24, "warming"}}},
			[]int{19, 20, 23, 24, 30},
			[]float64{10, 10, 10, 10, 10},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, loadAt(t, []life{live, tc.shadow}, tc.minutes...))
		})
	}
}

func TestALoadWithoutPodsStays(t *testing.T) {
	store := newStore(t)
	for _, s := range (life{pod: "web-1", from: 0, to: 60, rate: 100, states: []since{{0, "warming"}}}).samples() {
		if s.Labels["__name__"] == "requests_total" {
			delete(s.Labels, "pod")
			s.Labels["service"] = "web"
		}
		require.NoError(t, store.AppendAll(t.Context(), []history.Samples{s}))
	}
	expr, err := history.ConfineLive(`rate(requests_total[2m])`, "a", "web", plain)
	require.NoError(t, err)
	at := liveStart.Add(30 * time.Minute)
	res, err := store.QueryRange(t.Context(), expr, history.Range{Start: at, End: at, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, res.Series, 1)
	require.InDelta(t, 100, res.Series[0].Points[0].Value, 1e-9)
}

// TestTheExclusionIsOfTheTimeThatASelectorLooksAt asks later for a minute of the
// past, by an offset, an instant and a subquery.
func TestTheExclusionIsOfTheTimeThatASelectorLooksAt(t *testing.T) {
	store := newStore(t)
	for _, l := range []life{
		{pod: "live", to: 60, rate: 10},
		{pod: "web-1", from: 10, to: 60, rate: 5, states: []since{{10, "warming"}, {30, "active"}}},
	} {
		require.NoError(t, store.AppendAll(t.Context(), l.samples()))
	}
	at := liveStart.Add(50 * time.Minute)
	for expr, want := range map[string]float64{
		`sum(rate(requests_total[2m]))`:                                       15,
		`sum(rate(requests_total[2m] offset 25m))`:                            10,
		`sum(rate(requests_total[2m] @ 1772410500))`:                          10, // 00:15
		`sum(rate(requests_total[2m] @ end() offset 25m))`:                    10,
		`max_over_time(sum(rate(requests_total[2m]))[10m:1m] offset 25m)`:     10,
		`max_over_time(sum(rate(requests_total[2m]))[10m:1m])`:                15,
		`count(requests_total) + 0 * sum(rate(requests_total[2m] offset 1m))`: 2,
		`count(requests_total offset 25m)`:                                    1,
	} {
		live, err := history.ConfineLive(expr, "a", "web", plain)
		require.NoError(t, err)
		res, err := store.QueryRange(t.Context(), live, history.Range{Start: at, End: at, Step: time.Minute})
		require.NoError(t, err, live)
		require.Len(t, res.Series, 1, live)
		require.InDelta(t, want, res.Series[0].Points[0].Value, 1e-6, live)
	}
}
