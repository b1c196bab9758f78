package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// onward is a load that was fitted, and then goes on.
type onward struct {
	forecast.Series
	fit   *forecast.Fitted
	shape func(i int) float64
}

func fitOnward(t *testing.T, step time.Duration, steps int, shape func(i int) float64) *onward {
	t.Helper()
	x := &onward{Series: forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step}, shape: shape}
	x.asBefore(steps)
	fit, err := forecast.Fit(x.Series, forecast.Config{})
	require.NoError(t, err)
	x.fit = fit
	return x
}

func (x *onward) asBefore(steps int) {
	for range steps {
		x.Values = append(x.Values, x.shape(len(x.Values)))
	}
}

func (x *onward) at(value float64, steps int) {
	for range steps {
		x.Values = append(x.Values, value)
	}
}

// ahead returns the points and the 0.99-quantiles.
func (x *onward) ahead(t *testing.T, steps int) (point, p99 []float64) {
	t.Helper()
	f, err := x.fit.Forecast(x.Series, steps, []float64{0.99})
	require.NoError(t, err)
	return f.Point, f.Quantiles[0]
}

// A load that is followed is followed at each step ahead.
func TestAJumpIsNotTornApart(t *testing.T) {
	for _, tc := range []struct{ noise, moved float64 }{{0.01, 15}, {0.01, 28.6}, {0.03, 84.9}} {
		rng := rand.New(rand.NewPCG(1, 1))
		x := fitOnward(t, time.Minute, 8*1440, func(i int) float64 { return 3 + 2*float64(i%1440/720) + tc.noise*rng.NormFloat64() })
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
	x := fitOnward(t, 5*time.Minute, 8*288+144, func(i int) float64 {
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
		x := fitOnward(t, 5*time.Minute, int(days*m), func(i int) float64 { return 1 + 4*float64(i%m/(m/2)) })
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
		x := fitOnward(t, 5*time.Minute, days*m, func(i int) float64 { return 10 + 4*float64(i%m/(m/2)) })
		x.at(5, m/4)
		point, _ := x.ahead(t, m)
		for h := range point {
			require.GreaterOrEqual(t, point[h], 4.9, "%v days, %d steps ahead", days, h+1)
		}
	}
	for _, days := range []int{3, 8} {
		x := fitOnward(t, 5*time.Minute, days*m, func(i int) float64 { return 1 + 4*float64(i%m/(m/2)) })
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
		x := fitOnward(t, 5*time.Minute, 8*288, func(i int) float64 {
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

// What a curve is off by the codes it is kept in is no move.
func TestCodesAreNoJump(t *testing.T) {
	for _, step := range []time.Duration{5 * time.Minute, 10 * time.Minute, time.Hour} {
		m := int(24 * time.Hour / step)
		day := make([]float64, m)
		rng := rand.New(rand.NewPCG(2, 2))
		for i := range day {
			day[i] = 1 + 4*rng.Float64()
		}
		x := fitOnward(t, step, 8*m, func(i int) float64 { return day[i%m] })
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
