package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// A load that has been as before for ten steps is so again, however long it was not.
func TestAJumpThatIsOverIsLetGo(t *testing.T) {
	for _, hours := range []int{1, 6, 12} {
		rng := rand.New(rand.NewPCG(5, 5))
		x := fitOnward(t, time.Minute, 10*1440, func(i int) float64 {
			return (100 + 60*math.Sin(2*math.Pi*float64(i)/1440)) * (1 + 0.05*rng.NormFloat64())
		})
		for range hours * 60 {
			x.at(5*x.shape(len(x.Values)), 1)
		}
		x.asBefore(9)
		point, _ := x.ahead(t, 5)
		require.Greater(t, point[4], 3*x.shape(len(x.Values)+4), "%d hours, then nine minutes as before: they may be a gap in it", hours)
		x.asBefore(1)
		point, p99 := x.ahead(t, 5)
		require.InEpsilon(t, x.shape(len(x.Values)+4), point[4], 0.4, "%d hours, then ten minutes as before", hours)
		require.InEpsilon(t, x.shape(len(x.Values)+4), p99[4], 0.8, "%d hours, then ten minutes as before", hours)
	}
}

// A load that comes back a little higher may alarm, but not for the height of what is
// over.
func TestAJumpLeavesNoHeightToTheAlarm(t *testing.T) {
	for _, higher := range []float64{1, 1.02, 1.03, 1.04} {
		rng := rand.New(rand.NewPCG(5, 5))
		mean := func(i int) float64 { return 100 + 60*math.Sin(2*math.Pi*float64(i)/288) }
		x := fitOnward(t, 5*time.Minute, 10*288, func(i int) float64 { return mean(i) * (1 + 0.01*rng.NormFloat64()) })
		for range 72 {
			x.at(5*x.shape(len(x.Values)), 1)
		}
		for range 15 {
			x.at(higher*x.shape(len(x.Values)), 1)
		}
		point, p99 := x.ahead(t, 5)
		require.InEpsilon(t, mean(len(x.Values)+4), point[4], 0.15, "%g times", higher)
		require.InEpsilon(t, mean(len(x.Values)+4), p99[4], 0.2, "%g times", higher)
	}
}

// A move of about the distance that is still ordinary is now a jump and now an alarm;
// what the alarm has averaged is of the same move.
func TestASmallMoveKeepsItsHeight(t *testing.T) {
	covered, all := 0, 0
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		shape := func(i int) float64 { return 100 + 30*math.Sin(2*math.Pi*float64(i)/288) + 4*rng.NormFloat64() }
		x := fitOnward(t, 5*time.Minute, 12*288, shape)
		for o := range 72 {
			x.at(24+shape(len(x.Values)), 1)
			if o < 12 || o%3 != 0 {
				continue
			}
			f, err := x.fit.Forecast(x.Series, 6, []float64{0.95})
			require.NoError(t, err)
			all++
			if 24+shape(len(x.Values)+5) <= f.Quantiles[0][5] {
				covered++
			}
		}
	}
	require.GreaterOrEqual(t, float64(covered)/float64(all), 0.85)
}

// A load that is back from an outage is forecast as it was before it, also by a fit
// that has seen no more of it. A smooth curve misses so much anyway that to the
// averages behind it no load at all was an ordinary hour.
func TestAnOutageThatIsOverIsLetGo(t *testing.T) {
	for _, left := range []float64{0, 0.3} {
		rng := rand.New(rand.NewPCG(6, 6))
		mean := func(i int) float64 {
			day := 2 * math.Pi * float64(i) / 1440
			busy := 1.0
			if i/1440%7 >= 5 {
				busy = 0.6
			}
			return busy * (300 + 160*math.Sin(day-2) + 80*math.Sin(2*day) + 30*math.Sin(5*day))
		}
		s := forecast.Series{Start: time.Unix(4*86400, 0).UTC(), Step: time.Minute}
		const back = 17*1440 + 700
		for i := range back + 15 {
			x := mean(i) * (1 + 0.04*rng.NormFloat64())
			if i >= back-360 && i < back {
				x *= left
			}
			s.Values = append(s.Values, x)
		}
		for _, model := range []string{"Auto", "Fourier"} {
			fit, err := forecast.Fit(s, forecast.Config{Model: model})
			require.NoError(t, err)
			f, err := fit.Forecast(s, 60, []float64{0.95})
			require.NoError(t, err)
			for h, x := range f.Point {
				require.InEpsilon(t, mean(len(s.Values)+h), x, 0.2, "%s, %d steps ahead of a load that was at %g", model, h+1, left)
				if model == "Auto" {
					require.GreaterOrEqual(t, f.Quantiles[0][h], mean(len(s.Values)+h), "P95 %d steps ahead of a load that was at %g", h+1, left)
				}
			}
		}
	}
}
