package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// twoDays is an hourly history whose second day lies 4 above the first.
func twoDays() forecast.Series {
	s := forecast.Series{Start: t0, Step: time.Hour}
	for i := range 48 {
		s.Values = append(s.Values, float64(i%24+i/24*4))
	}
	return s
}

func TestScoreComparesWithWhatFollowed(t *testing.T) {
	s, err := NewScore(twoDays())
	require.NoError(t, err)
	require.Equal(t, ForecastReport{}, s.Report(), "nothing came due")
	for i, c := range []struct{ point, q95, actual float64 }{
		{10, 12, 11},               // 1 off, covered
		{10, 12, 12 * (1 + 1e-15)}, // 2 off, covered: equal but for rounding is at or below
		{10, 12, 13},               // 3 off, above
		{10, 12, 8},                // 2 off, covered
	} {
		now := at(time.Duration(i) * time.Minute)
		s.AddForecast(now, now.Add(time.Hour), c.point, c.q95)
		s.AddActual(now.Add(time.Hour), c.actual)
	}
	got := s.Report()
	require.Equal(t, 4, got.Forecasts)
	exactly(t, 0.5, *got.MASE, "mean error 2 on a scale of 4")
	exactly(t, 0.75, *got.CoverageP95, "three of four covered")
}

func TestScoreTakesTheLatestForecastOnce(t *testing.T) {
	s, err := NewScore(twoDays())
	require.NoError(t, err)
	target := at(time.Hour)
	s.AddForecast(t0, target, 100, 100)
	s.AddForecast(at(time.Minute), target, 4, 4)
	s.AddForecast(target, target, 50, 50)
	s.AddForecast(t0, target, math.NaN(), 50)
	s.AddForecast(t0, target, 50, math.NaN())
	s.AddActual(at(2*time.Hour), 1)
	s.AddActual(target, math.NaN())
	s.AddActual(target, 8)
	s.AddActual(target, 80)
	got := s.Report()
	require.Equal(t, 1, got.Forecasts)
	exactly(t, 1, *got.MASE, "the later forecast is 4 off")
	require.Zero(t, *got.CoverageP95)
}

func TestScoreCannotSayWhatItsHistoryDoesNot(t *testing.T) {
	same := forecast.Series{Start: t0, Step: time.Hour, Values: make([]float64, 48)}
	s, err := NewScore(same)
	require.NoError(t, err)
	s.AddForecast(t0, at(time.Hour), 1, 1)
	s.AddActual(at(time.Hour), 1)
	require.Nil(t, s.Report().MASE, "a history that repeats exactly has no scale")
	exactly(t, 1, *s.Report().CoverageP95, "coverage needs no scale")

	gaps := twoDays()
	gaps.Values[0] = math.NaN()
	s, err = NewScore(gaps)
	require.NoError(t, err)
	exactly(t, 4, s.scale, "a gap leaves out its pair")

	_, err = NewScore(forecast.Series{Start: t0, Step: time.Hour, Values: make([]float64, int(MinHistory/time.Hour))})
	require.NoError(t, err)
	_, err = NewScore(forecast.Series{Start: t0, Step: time.Hour, Values: make([]float64, 24)})
	require.EqualError(t, err, "scale score: the history holds no two values a day apart: give more than a day")
	_, err = NewScore(forecast.Series{})
	require.EqualError(t, err, "scale score: series step 0s: write a positive duration")
}
