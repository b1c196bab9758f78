package forecast

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// calm is a load of two weeks at 5 minutes, the last six hours of which are
// ordinary whatever happens before.
func calm(m int) []float64 {
	return days(14, m, func(d, p int) float64 {
		return 100 + 40*math.Sin(2*math.Pi*float64(p)/float64(m)) + float64((7*d+3*p)%11)
	})
}

// restless is one whose bands have zero within them.
func restless(m int) []float64 {
	return days(14, m, func(d, p int) float64 { return 1 + float64((37*d+101*p+(d*p)%17)%60) })
}

func endedOf(t *testing.T, x []float64, m int) *history {
	t.Helper()
	h, cut, _ := newHistoryIn(nil, x, seasons{day: m, week: 7 * m, half: 1}, 1)
	require.Zero(t, cut)
	return h
}

func TestEndedIncidents(t *testing.T) {
	const m = 288
	noisy := restless(m)
	from := 12*m + 50
	for _, c := range []struct {
		name  string
		load  []float64
		hit   func(x []float64)
		found []span
	}{
		{name: "nothing", load: calm(m), hit: func([]float64) {}},
		{
			name: "six hours above", load: calm(m), hit: func(x []float64) { scaleBy(x[from:from+72], 10) },
			found: []span{{from, from + 72, 1}},
		},
		{
			name: "one step in six is ordinary", load: calm(m), hit: func(x []float64) {
				for i := from; i < from+72; i++ {
					if (i-from)%6 != 5 {
						x[i] *= 10
					}
				}
			},
			found: []span{{from, from + 71, 1}},
		},
		{
			name: "a gap in it", load: calm(m), hit: func(x []float64) { scaleBy(x[from:from+72], 10); scaleBy(x[from+20:from+40], math.NaN()) },
			found: []span{{from, from + 72, 1}},
		},
		{
			name: "a moment of silence each hour of it", load: calm(m), hit: func(x []float64) {
				scaleBy(x[from:from+40], 3)
				for i := from + 6; i < from+40; i += 12 {
					x[i] = 0
				}
			},
			found: []span{{from, from + 40, 1}},
		},
		{
			name: "a rush behind what was missing", load: calm(m), hit: func(x []float64) { scaleBy(x[from:from+36], 0.01); scaleBy(x[from+36:from+60], 3) },
			found: []span{{from, from + 36, -1}, {from + 36, from + 60, 1}},
		},
		{name: "not far outside", load: calm(m), hit: func(x []float64) {
			for i := from; i < from+72; i++ {
				x[i] += 35
			}
		}},
		{name: "an hour is too short", load: calm(m), hit: func(x []float64) { scaleBy(x[from:from+12], 10) }},
		{name: "not over", load: calm(m), hit: func(x []float64) { scaleBy(x[14*m-72:14*m-20], 10) }},
		{
			name: "the same hours of two days", load: calm(m),
			hit: func(x []float64) { scaleBy(x[from:from+72], 10); scaleBy(x[from-2*m+20:from-2*m+80], 10) },
		},
		{
			name: "other hours of two days", load: calm(m),
			hit:   func(x []float64) { scaleBy(x[from:from+72], 10); scaleBy(x[from-2*m+60:from-2*m+110], 10) },
			found: []span{{from - 2*m + 60, from - 2*m + 110, 1}, {from, from + 72, 1}},
		},
		{
			name: "silence of a load that is noisy", load: noisy, hit: func(x []float64) { scaleBy(x[from:from+72], 0) },
			found: []span{{from, from + 72, -1}},
		},
		{
			name: "silence as long as another one", load: noisy,
			hit: func(x []float64) { scaleBy(x[from:from+72], 0); scaleBy(x[from-500:from-460], 0) },
		},
		{name: "silence of two days", load: noisy, hit: func(x []float64) { scaleBy(x[from-2*m:from], 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := slices.Clone(c.load)
			c.hit(x)
			require.Equal(t, c.found, endedOf(t, x, m).ended)
		})
	}
}

func scaleBy(x []float64, f float64) {
	for i := range x {
		x[i] *= f
	}
}

// An ended incident is a gap for what learns, and measured for what recurs.
func TestEndedIncidentIsAGap(t *testing.T) {
	const m = 288
	x, from := calm(m), 12*m+50
	scaleBy(x[from:from+72], 10)
	h := endedOf(t, x, m)
	for i := range x {
		require.InDelta(t, x[i], h.seen(i), 0)
		inside := i >= from && i < from+72
		require.Equal(t, inside, math.IsNaN(h.at(i)), "step %d", i)
		require.Equal(t, inside, math.IsNaN(h.cleaned[i]), "step %d", i)
	}
}

// The next day's forecast hardly moves, and is the same from a fit whose history
// began earlier.
func TestForecastAfterEndedIncident(t *testing.T) {
	const m = 288
	plain := Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: 5 * time.Minute, Values: calm(m)}
	forecastOf := func(fitted, s Series, told ...Interval) Forecast {
		fit, err := Fit(fitted, Config{Incidents: told})
		require.NoError(t, err)
		f, err := fit.Forecast(s, m, []float64{0.5, 0.99})
		require.NoError(t, err)
		return f
	}
	want := forecastOf(plain, plain)
	for _, factor := range []float64{10, 0} {
		hit := plain
		hit.Values = slices.Clone(plain.Values)
		scaleBy(hit.Values[13*m+20:13*m+92], factor)
		got := forecastOf(hit, hit)
		require.Less(t, movedBy(want.Point, got.Point), 0.01, "factor %v", factor)
		told := forecastOf(hit, hit, Interval{From: hit.Time(13*m + 20), To: hit.Time(13*m + 91)})
		require.Less(t, movedBy(told.Point, got.Point), 0.01, "as one that is told, factor %v", factor)
		require.Less(t, movedBy(told.Quantiles[1], got.Quantiles[1]), 0.01, "its P99, too, factor %v", factor)
		later := hit
		later.Start, later.Values = hit.Time(3*m), hit.Values[3*m:]
		require.Equal(t, got.Point, forecastOf(hit, later).Point, "the fit knows it, wherever a series begins")
	}
}

// Where silence is no unusual deviation, the averages that a forecast starts from
// would know it still.
func TestForecastAfterSilence(t *testing.T) {
	const m = 288
	s := Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: 5 * time.Minute, Values: restless(m)}
	scaleBy(s.Values[13*m+72:13*m+144], 0)
	var points [2][]float64
	for i, told := range [2][]Interval{nil, {{From: s.Time(13*m + 72), To: s.Time(13*m + 143)}}} {
		fit, err := Fit(s, Config{Incidents: told})
		require.NoError(t, err)
		f, err := fit.Forecast(s, m, []float64{0.5})
		require.NoError(t, err)
		points[i] = f.Point
	}
	moved := movedBy(points[1], points[0])
	t.Logf("%.4f from what is told", moved)
	require.Less(t, moved, 0.01)
}

// movedBy is the sum of the distances between two forecasts over that of the first.
func movedBy(a, b []float64) float64 {
	moved, total := 0.0, 0.0
	for i, v := range a {
		moved, total = moved+math.Abs(b[i]-v), total+v
	}
	return moved / total
}
