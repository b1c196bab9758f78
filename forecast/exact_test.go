package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// exact is a load that was fitted, and then goes on.
type exact struct {
	forecast.Series
	fit   *forecast.Fitted
	shape func(i int) float64
}

func fitExact(t *testing.T, step time.Duration, steps int, shape func(i int) float64) *exact {
	t.Helper()
	x := &exact{Series: forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step}, shape: shape}
	x.asBefore(steps)
	fit, err := forecast.Fit(x.Series, forecast.Config{})
	require.NoError(t, err)
	x.fit = fit
	return x
}

func (x *exact) asBefore(steps int) {
	for range steps {
		x.Values = append(x.Values, x.shape(len(x.Values)))
	}
}

func (x *exact) at(value float64, steps int) {
	for range steps {
		x.Values = append(x.Values, value)
	}
}

// ahead returns the points and the 0.99-quantiles.
func (x *exact) ahead(t *testing.T, steps int) (point, p99 []float64) {
	t.Helper()
	f, err := x.fit.Forecast(x.Series, steps, []float64{0.99})
	require.NoError(t, err)
	return f.Point, f.Quantiles[0]
}

// A load that is followed is followed at each step ahead.
func TestAJumpIsNotTornApart(t *testing.T) {
	for _, tc := range []struct{ noise, moved float64 }{{0.01, 15}, {0.01, 28.6}, {0.03, 84.9}} {
		rng := rand.New(rand.NewPCG(1, 1))
		x := fitExact(t, time.Minute, 8*1440, func(i int) float64 { return 3 + 2*float64(i%1440/720) + tc.noise*rng.NormFloat64() })
		x.at(tc.moved, 20)
		point, p99 := x.ahead(t, 12)
		for h := range point {
			require.InEpsilon(t, tc.moved, point[h], 0.2, "%+v, %d steps ahead", tc, h+1)
			require.InEpsilon(t, tc.moved, p99[h], 0.2, "%+v, %d steps ahead", tc, h+1)
		}
	}
}

// One value as before, such as a scrape that failed, ends no long move. Four do, of a
// load that always was as the day before.
func TestOneValueEndsNoJump(t *testing.T) {
	x := fitExact(t, 5*time.Minute, 8*288+144, func(i int) float64 {
		if p := i % 288; p >= 96 && p < 120 {
			return 10
		}
		return 0
	})
	x.at(50, 36)
	x.at(math.NaN(), 4) // nor do gaps
	x.asBefore(1)
	point, p99 := x.ahead(t, 1)
	require.InDelta(t, 50, point[0], 2)
	require.InDelta(t, 50, p99[0], 2)
	x.asBefore(3)
	point, p99 = x.ahead(t, 1)
	require.InDelta(t, 0, point[0], 0.1)
	require.InDelta(t, 0, p99[0], 0.1)
}

// Of a young load the curve of tomorrow is today's move, which counts once.
func TestAMoveCountsOnce(t *testing.T) {
	const m = 288
	for _, days := range []float64{1.5, 2, 3, 3.9, 5, 8} {
		x := fitExact(t, 5*time.Minute, int(days*m), func(i int) float64 { return 1 + 4*float64(i%m/(m/2)) })
		x.at(50, m/4)
		point, p99 := x.ahead(t, m)
		for h := range point {
			// 49 above the low half of a day is 54 in its high half.
			require.LessOrEqual(t, point[h], 54.1, "%v days, %d steps ahead", days, h+1)
			require.LessOrEqual(t, p99[h], 54.1, "%v days, %d steps ahead", days, h+1)
		}
		require.Greater(t, p99[m-1], 25.0, "%v days: it may come again", days)
	}
	for _, days := range []int{3, 8} {
		x := fitExact(t, 5*time.Minute, days*m, func(i int) float64 { return 10 + 4*float64(i%m/(m/2)) })
		x.at(5, m/4)
		point, _ := x.ahead(t, m)
		for h := range point {
			require.GreaterOrEqual(t, point[h], 4.9, "%v days, %d steps ahead", days, h+1)
		}
	}
	for _, days := range []int{3, 8} {
		x := fitExact(t, 5*time.Minute, days*m, func(i int) float64 { return 1 + 4*float64(i%m/(m/2)) })
		for range 6 { // with steps as before among it
			x.at(50, 10)
			x.asBefore(2)
		}
		point, p99 := x.ahead(t, m)
		for h := range point {
			require.LessOrEqual(t, point[h], 54.1, "%v days, %d steps ahead", days, h+1)
			require.LessOrEqual(t, p99[h], 54.1, "%v days, %d steps ahead", days, h+1)
		}
	}
}

// How small a move may be is a matter of what was missed, not of the highest peak.
func TestASmallMoveIsFollowed(t *testing.T) {
	for _, peak := range []float64{100, 1000, 10_000} {
		x := fitExact(t, 5*time.Minute, 8*288, func(i int) float64 {
			if p := i % 288; p >= 96 && p < 108 {
				return 10 * peak
			}
			return 10
		})
		x.at(20, 24)
		_, p99 := x.ahead(t, 12)
		require.InDelta(t, 20, p99[11], 1, "beside a peak of %g times", peak)
	}
}

// A model that does not follow a move tells of it.
func TestAMoveThatIsNotFollowedIsTold(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute}
	for i := range 8*288 + 24 {
		x := (3 + 2*math.Sin(2*math.Pi*float64(i)/288)) * (1 + 0.002*rng.NormFloat64())
		if i >= 8*288 {
			x *= 1.5
		}
		s.Values = append(s.Values, x)
	}
	known := s
	known.Values = s.Values[:8*288]
	fit, err := forecast.Fit(known, forecast.Config{Model: "SeasonalNaiveDay"})
	require.NoError(t, err)
	f, err := fit.Explained(s, 1, []float64{0.99})
	require.NoError(t, err)
	require.Equal(t, 24, f.Explanation.Unusual)
}

// A load that has been as before for ten steps is so again, however long it was not.
func TestAJumpThatIsOverIsLetGo(t *testing.T) {
	for _, hours := range []int{1, 6, 12} {
		rng := rand.New(rand.NewPCG(5, 5))
		x := fitExact(t, time.Minute, 10*1440, func(i int) float64 {
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

// What a curve is off by the codes it is kept in is no move.
func TestCodesAreNoJump(t *testing.T) {
	for _, step := range []time.Duration{5 * time.Minute, 10 * time.Minute, time.Hour} {
		m := int(24 * time.Hour / step)
		day := make([]float64, m)
		rng := rand.New(rand.NewPCG(2, 2))
		for i := range day {
			day[i] = 1 + 4*rng.Float64()
		}
		x := fitExact(t, step, 8*m, func(i int) float64 { return day[i%m] })
		x.at(50, 12)
		for _, back := range []int{6, 6} {
			x.asBefore(back)
			point, _ := x.ahead(t, 1)
			require.InDelta(t, x.shape(len(x.Values)), point[0], 0.5, "%v", step)
		}
	}
}

// A load that goes up and down at each step is known an even number of steps ahead,
// also where the origins that a fit scores lie a step apart.
func TestWhatAlternatesIsNoNoise(t *testing.T) {
	for _, days := range []int{2, 3, 4} {
		rng := rand.New(rand.NewPCG(4, 4))
		s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute}
		for i := range days*288 + 50 {
			s.Values = append(s.Values, 10+5*float64(i%2)+0.05*rng.NormFloat64())
		}
		known := s
		known.Values = s.Values[:days*288]
		fit, err := forecast.Fit(known, forecast.Config{Model: "Level"})
		require.NoError(t, err)
		for o := days * 288; o < days*288+20; o++ {
			known.Values = s.Values[:o]
			f, err := fit.Forecast(known, 12, []float64{0.99})
			require.NoError(t, err)
			require.InDelta(t, s.Values[o+11], f.Point[11], 0.5, "%d days, origin %d", days, o)
		}
	}
}

// So is one that comes back a little higher, which may alarm, and not for the height
// of what is over.
func TestAJumpLeavesNoHeightToTheAlarm(t *testing.T) {
	for _, higher := range []float64{1, 1.02, 1.03, 1.04} {
		rng := rand.New(rand.NewPCG(5, 5))
		mean := func(i int) float64 { return 100 + 60*math.Sin(2*math.Pi*float64(i)/288) }
		x := fitExact(t, 5*time.Minute, 10*288, func(i int) float64 { return mean(i) * (1 + 0.01*rng.NormFloat64()) })
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
		x := fitExact(t, 5*time.Minute, 12*288, shape)
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
