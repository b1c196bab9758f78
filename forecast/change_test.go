package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// hourLoss is the mean P95 pinball loss of the first hour from origin o, with a
// fit of the midnight before.
func hourLoss(t *testing.T, s forecast.Series, o int) float64 {
	t.Helper()
	m := int(24 * time.Hour / s.Step)
	fit, err := forecast.Fit(forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:(o-1)/m*m]}, forecast.Config{})
	require.NoError(t, err)
	known := forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:o]}
	f, err := fit.Forecast(known, m/24, []float64{0.95})
	require.NoError(t, err)
	return forecast.MeanPinballLoss(0.95, s.Values[o:o+m/24], f.Quantiles[0])
}

// The load triples and stays there: from half an hour after, the first hour is
// forecast as well as ever, in the unit of the load.
func TestLevelShiftIsFollowedWithinHalfAnHour(t *testing.T) {
	const m, factor = 1440, 3
	shift := 18*m + 600
	calm := traffic(20*m, time.Minute)
	moved := traffic(20*m, time.Minute)
	for i := shift; i < len(moved.Values); i++ {
		moved.Values[i] *= factor
	}
	var normal, after float64
	for o := shift + 30; o < shift+6*60; o += 10 {
		normal += hourLoss(t, calm, o) * factor
		after += hourLoss(t, moved, o)
	}
	require.Less(t, after, 1.3*normal)
}

// A load that never differed from the day before is followed, too, when it moves:
// nothing was learnt of how long that lasts.
func TestExactLoadsAreFollowed(t *testing.T) {
	const m, moved, steps = 288, 50.0, 12
	for name, shape := range map[string]func(i int) float64{
		"zero":     func(int) float64 { return 0 },
		"constant": func(int) float64 { return 5 },
		"sine":     func(i int) float64 { return 3 + 2*math.Sin(2*math.Pi*float64(i)/m) },
		"square":   func(i int) float64 { return 1 + 4*float64(i%m/(m/2)) },
		"jobs":     func(i int) float64 { return 5 + 4*float64(i%12/11) },
	} {
		for _, days := range []int{3, 8, 20} {
			s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: make([]float64, days*m, days*m+steps)}
			for i := range s.Values {
				s.Values[i] = shape(i)
			}
			fit, err := forecast.Fit(s, forecast.Config{})
			require.NoError(t, err)
			for range steps {
				s.Values = append(s.Values, moved)
			}
			f, err := fit.Forecast(s, 12, []float64{0.9, 0.99})
			require.NoError(t, err)
			require.InDelta(t, moved, f.Point[0], 5, "%s, %d days", name, days)
			require.InDelta(t, moved, f.Quantiles[1][11], 5, "%s, %d days: it may stay", name, days)
		}
	}
}

// One day of an incident, at ten times the load for six hours, or of silence:
// the next day's forecast hardly moves.
func TestOneIncidentDayIsForgotten(t *testing.T) {
	const m = 288
	for name, factor := range map[string]float64{"ten times the load": 10, "silence": 0} {
		t.Run(name, func(t *testing.T) {
			s := traffic(15*m, 5*time.Minute)
			want := mustForecast(t, s, m)
			for i := 13*m + 100; i < 13*m+172; i++ {
				s.Values[i] *= factor
			}
			got := mustForecast(t, s, m)
			moved, total := 0.0, 0.0
			for i := range want.Point {
				moved += math.Abs(got.Point[i] - want.Point[i])
				total += want.Point[i]
			}
			require.Less(t, moved/total, 0.05)
		})
	}
}

// A load in another unit is as well forecast: the figures of the forecast change
// by rounding alone, and by what the codes of a fit are off. Powers of two are exact (TestScaleAndTimeAreNoInformation).
func TestUnitsAreNoInformation(t *testing.T) {
	s := traffic(15*288+77, 5*time.Minute)
	want := mustForecast(t, s, 288)
	for _, unit := range []float64{1e-6, 1e6} {
		scaled := traffic(15*288+77, 5*time.Minute)
		for i := range scaled.Values {
			scaled.Values[i] *= unit
		}
		got := mustForecast(t, scaled, 288)
		for i := range want.Point {
			require.InEpsilon(t, want.Point[i], got.Point[i]/unit, 1e-4)
			for l := range levels {
				require.InEpsilon(t, want.Quantiles[l][i], got.Quantiles[l][i]/unit, 1e-4)
			}
		}
	}
}
