package forecast_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// youngLoads are loads by the share of a day since the history began, and by
// whether it is over two thirds of the history.
var youngLoads = map[string]func(day float64, late bool) float64{
	"sine": func(day float64, _ bool) float64 { return 500 + 400*math.Sin(2*math.Pi*day) },
	"dip":  func(day float64, _ bool) float64 { return 500 - 400*math.Sin(2*math.Pi*day) },
	"ramp": func(day float64, _ bool) float64 { return 100 + 1440*day },
	"fall": func(day float64, _ bool) float64 { return 3000 - 1440*day },
	"step": func(_ float64, late bool) float64 {
		if late {
			return 400
		}
		return 100
	},
}

func youngLoad(load func(float64, bool) float64, hours int, step time.Duration) forecast.Series {
	r := rand.New(rand.NewPCG(1, 2))
	n := int(time.Duration(hours) * time.Hour / step)
	s := forecast.Series{Start: time.Unix(1_700_006_400, 0).UTC(), Step: step, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = load(float64(i)*step.Hours()/24, 3*i > 2*n) + 5*r.Float64()
	}
	return s
}

func TestYoungHistoriesKeepToWhatTheySaw(t *testing.T) {
	for name, load := range youngLoads {
		for _, hours := range []int{3, 6, 10, 12, 16, 20, 24, 26, 30, 36} {
			for _, step := range []time.Duration{time.Minute, 5 * time.Minute} {
				t.Run(fmt.Sprintf("%s of %d hours at %v", name, hours, step), func(t *testing.T) {
					s := youngLoad(load, hours, step)
					fit, err := forecast.Fit(s, forecast.Config{})
					require.NoError(t, err)
					f, err := fit.Forecast(s, int(24*time.Hour/step), []float64{0.1, 0.5, 0.9, 0.95, 0.99})
					require.NoError(t, err)
					keepsToWhatItSaw(t, s, f, roomFor(name, hours))
				})
			}
		}
	}
}

// roomFor is how far the median may lie beyond what was seen, in ranges: a load
// that has only risen, or fallen, may go on, and after a day and a quarter a step
// is in the day before and in the distance from it.
func roomFor(name string, hours int) float64 {
	switch {
	case name == "ramp" || name == "fall" || name != "step" && hours <= 6:
		return 1
	case name == "step" && hours >= 30:
		return 1
	}
	return 0.05
}

// keepsToWhatItSaw checks each step.
func keepsToWhatItSaw(t *testing.T, s forecast.Series, f forecast.Forecast, ranges float64) {
	t.Helper()
	lo, hi := s.Min(), s.Max()
	room := ranges * (hi - lo)
	for i, point := range f.Point {
		q := func(l int) float64 { return f.Quantiles[l][i] }
		require.LessOrEqual(t, q(1), hi+room, "the median of step %d lies above what was seen", i)
		require.GreaterOrEqual(t, q(1), lo-room, "the median of step %d lies below what was seen", i)
		require.InDelta(t, point, q(1), 0.02*(hi-lo), "the median of step %d is not near the point", i)
		require.LessOrEqual(t, q(0), point, "step %d: the fan lies above the point", i)
		require.GreaterOrEqual(t, q(2), point, "step %d: the fan lies below the point", i)
		require.LessOrEqual(t, q(4), hi+(hi-lo)+1e-9, "step %d", i)
		for l := range f.Levels[1:] {
			require.LessOrEqual(t, q(l), q(l+1), "quantiles cross at step %d", i)
		}
	}
	peak, err := f.Peak(0.99, f.Origin, f.End())
	require.NoError(t, err)
	require.LessOrEqual(t, peak, hi+(hi-lo)+1e-9)
}

// What the note calls widened is as wide as what was seen.
func TestYoungHistoriesWidenTheirQuantiles(t *testing.T) {
	for name, load := range youngLoads {
		for _, hours := range []int{3, 6, 10, 12, 16, 20, 24} {
			t.Run(fmt.Sprintf("%s of %d hours", name, hours), func(t *testing.T) {
				s := youngLoad(load, hours, time.Minute)
				fit, err := forecast.Fit(s, forecast.Config{})
				require.NoError(t, err)
				require.Equal(t, forecast.NoDailyCycle, fit.Maturity())
				f, err := fit.Forecast(s, 1440, []float64{0.1, 0.9, 0.95})
				require.NoError(t, err)
				require.Contains(t, f.Note, "widened")
				seen := slices.Sorted(slices.Values(s.Values))
				for l, p := range f.Levels {
					was := seen[int(p*float64(len(seen)))]
					got := f.Quantiles[l][1439]
					if p < 0.5 {
						require.LessOrEqual(t, got, was+5, "level %v", p)
					} else {
						require.GreaterOrEqual(t, got, was-5, "level %v", p)
					}
				}
			})
		}
	}
}

// The report that led to young.go: an hour ahead, in the middle of a rise, the
// bound is near the load, and the median a day ahead is not its multiple.
func TestDayOldSineIsForecastNearby(t *testing.T) {
	s := youngLoad(youngLoads["sine"], 24, time.Minute)
	fit, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	f, err := fit.Forecast(s, 1440, []float64{0.5, 0.9, 0.99})
	require.NoError(t, err)
	require.Less(t, f.Quantiles[1][59], 700.0, "the load is 500 and will be 604")
	require.Less(t, f.Quantiles[2][1439], 1200.0, "it was 905 at most")
}
