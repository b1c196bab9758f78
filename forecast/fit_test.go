package forecast_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

var levels = []float64{0.9, 0.95, 0.99}

func mustForecast(t *testing.T, s forecast.Series, horizon int) forecast.Forecast {
	t.Helper()
	fit, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	f, err := fit.Forecast(s, horizon, levels)
	require.NoError(t, err)
	return f
}

func TestFitRefuses(t *testing.T) {
	good := traffic(3000, 5*time.Minute)
	for _, tc := range []struct {
		name string
		s    forecast.Series
		cfg  forecast.Config
		want string
	}{
		{"an unknown model", good, forecast.Config{Model: "ARIMA"}, `model "ARIMA": write one of Auto, Level, HourlyShape, SeasonalNaiveDay, DailyShape, DailyMedian, Fourier, SeasonalNaiveWeek, WeeklyShape, LaggedDays`},
		{"a step of zero", forecast.Series{Values: []float64{1}}, forecast.Config{}, "series step 0s: write a positive duration"},
		{"a series of gaps", forecast.Series{Step: time.Minute, Values: []float64{math.NaN()}}, forecast.Config{}, "series has no value: every step is a gap"},
		{"an empty series", forecast.Series{Step: time.Minute}, forecast.Config{}, "series has no value: every step is a gap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := forecast.Fit(tc.s, tc.cfg)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestForecastRefuses(t *testing.T) {
	s := traffic(3000, 5*time.Minute)
	fit, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	other := s
	other.Step = time.Minute
	gaps := forecast.Series{Start: s.Start, Step: s.Step, Values: []float64{math.NaN(), math.NaN()}}
	for _, tc := range []struct {
		name    string
		s       forecast.Series
		horizon int
		levels  []float64
		want    string
	}{
		{"a horizon of zero", s, 0, levels, "horizon 0: write a positive number of steps"},
		{"another step", other, 5, levels, "series step 1m0s: the fit was made on a step of 5m0s"},
		{"a percentage", s, 5, []float64{95}, "level 95: write a probability between 0 and 1, such as 0.95"},
		{"the level 1", s, 5, []float64{0.9, 1}, "level 1: write a probability between 0 and 1, such as 0.95"},
		{"a level that is no number", s, 5, []float64{math.NaN()}, "level NaN: write a probability between 0 and 1, such as 0.95"},
		{"no level", s, 5, nil, "levels: write at least one probability, such as 0.9"},
		{"a series of gaps", gaps, 5, levels, "series has no value: every step is a gap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := fit.Forecast(tc.s, tc.horizon, tc.levels)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestMaturity(t *testing.T) {
	for _, tc := range []struct {
		name string
		span time.Duration
		want forecast.Maturity
		note string
	}{
		{"half an hour", 30 * time.Minute, forecast.Starting, "30m of history: too little for a forecast; quantiles are what was seen, with a margin"},
		{"five hours", 5 * time.Hour, forecast.NoDailyCycle, "5h of history: no daily cycle yet; quantiles are widened, within what was seen and a margin"},
		{"three days", 72 * time.Hour, forecast.NoWeeklyCycle, "3d of history: no weekly cycle yet"},
		{"ten days", 240 * time.Hour, forecast.Mature, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := traffic(int(tc.span/time.Minute), time.Minute)
			f := mustForecast(t, s, 30)
			require.Equal(t, tc.want, f.Maturity)
			require.Equal(t, tc.note, f.Note)
			require.Equal(t, s.Origin(), f.Origin)
			last, _, _ := s.Last()
			require.InDelta(t, last, f.Point[0], 20, "the first step is near the last value")
		})
	}
	t.Run("few values in a long span", func(t *testing.T) {
		s := traffic(600, time.Minute)
		for i := range s.Values {
			if i%40 != 0 {
				s.Values[i] = math.NaN()
			}
		}
		require.Equal(t, forecast.Starting, mustForecast(t, s, 5).Maturity)
	})
	t.Run("a third of the week missing is said", func(t *testing.T) {
		s := traffic(14*288, 5*time.Minute)
		for i := range s.Values {
			if i%5 < 2 {
				s.Values[i] = math.NaN()
			}
		}
		s.Values[len(s.Values)-1] = 100
		require.Equal(t, "40% of the last week is missing; quantiles come from what is present", mustForecast(t, s, 5).Note)
	})
	t.Run("a model that the history cannot carry is replaced, by no coarse one", func(t *testing.T) {
		for _, days := range []int{3, 8} {
			s := traffic(days*288, 5*time.Minute)
			fit, err := forecast.Fit(s, forecast.Config{Model: "WeeklyShape"})
			require.NoError(t, err)
			f, err := fit.Forecast(s, 3, levels)
			require.NoError(t, err)
			require.Equal(t, []forecast.Weight{{Model: "DailyMedian", Value: 1}}, f.Weights)
			require.Equal(t, fmt.Sprintf("%dd of history: no weekly cycle yet; the history is too short for model WeeklyShape; DailyMedian is used", days), f.Note)
		}
	})
}

// Half an hour of the same load, then less and less of it is asked: the less
// history, the wider the quantile.
func TestLittleHistoryWidensTheQuantiles(t *testing.T) {
	s := traffic(14*1440, time.Minute)
	width := func(span time.Duration) float64 {
		f := mustForecast(t, s.Between(s.Origin().Add(-span), s.Origin()), 30)
		sum := 0.0
		for i := range f.Point {
			sum += f.Quantiles[1][i] - f.Point[i]
		}
		return sum
	}
	hour, half, full := width(time.Hour), width(12*time.Hour), width(13*24*time.Hour)
	require.Greater(t, hour, half)
	require.Greater(t, half, full)
}

func TestRepeatingLoadIsForecastExactly(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	for i := range s.Values {
		s.Values[i] = s.Values[i%288]
	}
	f := mustForecast(t, s, 2*288)
	for i, p := range f.Point {
		want := s.Values[i%288]
		require.InDelta(t, want, p, 1.5, "step %d", i)
		require.InDelta(t, want, f.Quantiles[0][i], 4, "step %d", i)
	}
}

func TestConstantLoad(t *testing.T) {
	for _, v := range []float64{0, 7, 1e300, -3} {
		s := traffic(3000, 5*time.Minute)
		for i := range s.Values {
			s.Values[i] = v
		}
		f := mustForecast(t, s, 400)
		for i := range f.Point {
			require.InEpsilon(t, v+math.Abs(v)+1, f.Point[i]+math.Abs(v)+1, 1e-9)
			require.InEpsilon(t, v+math.Abs(v)+1, f.Quantiles[2][i]+math.Abs(v)+1, 1e-9)
		}
	}
}

func TestSingleModelIsItself(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	for season, name := range map[int]string{288: "SeasonalNaiveDay", 7 * 288: "SeasonalNaiveWeek"} {
		fit, err := forecast.Fit(s, forecast.Config{Model: name})
		require.NoError(t, err)
		f, err := fit.Forecast(s, 288, levels)
		require.NoError(t, err)
		require.Equal(t, []forecast.Weight{{Model: name, Value: 1}}, f.Weights)
		for i := range f.Point {
			require.InDelta(t, s.Values[len(s.Values)-season+i], f.Point[i], 1e-9)
		}
	}
}

// A fit serves for a day and longer, and a series may begin anywhere.
func TestForecastFromLaterAndShorterSeries(t *testing.T) {
	s := traffic(16*288, 5*time.Minute)
	fit, err := forecast.Fit(forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:14*288]}, forecast.Config{})
	require.NoError(t, err)
	full, err := fit.Forecast(s, 48, levels)
	require.NoError(t, err)
	late, err := fit.Forecast(s.Between(s.Time(300), s.Origin()), 48, levels)
	require.NoError(t, err)
	require.InDeltaSlice(t, full.Point, late.Point, 1e-9, "what lies more than two weeks back is not read")
	short, err := fit.Forecast(s.Between(s.Origin().Add(-3*time.Hour), s.Origin()), 48, levels)
	require.NoError(t, err)
	for i := range full.Point {
		require.InDelta(t, full.Point[i], short.Point[i], 25)
	}
	require.Equal(t, s.Origin(), full.Origin)
}

func TestGapAtTheEndStartsFromTheLastValue(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	cut := forecast.Series{Start: s.Start, Step: s.Step, Values: slices.Clone(s.Values)}
	for i := len(cut.Values) - 6; i < len(cut.Values); i++ {
		cut.Values[i] = math.NaN()
	}
	fit, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	gap, err := fit.Forecast(cut, 20, levels)
	require.NoError(t, err)
	before, err := fit.Forecast(s.Between(s.Start, s.Origin().Add(-30*time.Minute)), 26, levels)
	require.NoError(t, err)
	require.Equal(t, s.Origin(), gap.Origin)
	require.InDeltaSlice(t, before.Point[6:], gap.Point, 1e-9)
	require.InDeltaSlice(t, before.Quantiles[1][6:], gap.Quantiles[1], 1e-9)
}

func TestAnomaliesDoNotWreckTheProfile(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	want := mustForecast(t, s, 288)
	hit := forecast.Series{Start: s.Start, Step: s.Step, Values: slices.Clone(s.Values)}
	for i := range 24 { // two hours of yesterday's noon at twenty times the load
		hit.Values[len(hit.Values)-150+i] *= 20
	}
	got := mustForecast(t, hit, 288)
	far, total := 0.0, 0.0
	for i := range want.Point {
		far += math.Abs(want.Point[i] - got.Point[i])
		total += want.Point[i]
	}
	require.Less(t, far/total, 0.06)
}

// A shift to ten times the load: how far off the next hour is.
func TestLevelShiftIsFollowed(t *testing.T) {
	s := traffic(15*288, 5*time.Minute)
	shifted := forecast.Series{Start: s.Start, Step: s.Step, Values: slices.Clone(s.Values)}
	from := 14*288 - 36
	for i := from; i < len(shifted.Values); i++ {
		shifted.Values[i] += 900
	}
	for _, tc := range []struct {
		name     string
		fit, end int
		off      float64
	}{
		{"by a fit three hours after it", 14 * 288, 14 * 288, 0.05},
		{"half an hour after it, by a fit before it", from, from + 6, 0.4},
		{"two hours after it, by a fit before it", from, from + 24, 0.2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fit, err := forecast.Fit(shifted.Between(s.Start, s.Time(tc.fit-1)), forecast.Config{})
			require.NoError(t, err)
			f, err := fit.Forecast(shifted.Between(s.Start, s.Time(tc.end-1)), 12, levels)
			require.NoError(t, err)
			for i := range f.Point {
				actual := shifted.Values[tc.end+i]
				require.InEpsilon(t, actual, f.Point[i], tc.off, "step %d", i)
			}
		})
	}
}
