package backtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestForecastOfValuesADayApart(t *testing.T) {
	s := Series{Name: "web"}
	s.Start, s.Step = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), day
	for i := range 100 {
		s.Values = append(s.Values, float64(100+i%7))
	}
	all, err := ForecastAll(t.Context(), []Series{s}, ForecastConfig{Horizon: 2 * day, Levels: []float64{0.95}})
	require.NoError(t, err)
	require.Equal(t, "a value each 1d shows no daily cycle: the recent level is forecast, with wider quantiles", all[0].Note)
}

func TestSeasonIsHeldTwiceByTheHistory(t *testing.T) {
	require.NoError(t, Season(7*day).check(14*day))
	require.NoError(t, Season(0).check(time.Hour), "the engine says itself what it lacks")
	require.NoError(t, Season(day).check(day))
	require.EqualError(t, Season(7*day).check(13*day), "--season: 7d is longer than half of the 13d of history: write 6d12h or less, or auto")
}

func TestHistoryIsWhatTheEngineLooksAt(t *testing.T) {
	year := forecast.Series{Step: time.Hour, Values: make([]float64, 365*24)}
	require.Equal(t, 28*day, Season(0).history(year))
	require.Equal(t, 14*day, Season(12*time.Hour).history(year), "28 stretched days")
	week := forecast.Series{Step: time.Hour, Values: make([]float64, 7*24)}
	require.Equal(t, 7*day, Season(0).history(week))
}
