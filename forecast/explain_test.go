package forecast_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func explanation(t *testing.T, s forecast.Series, cfg forecast.Config, horizon int) (forecast.Forecast, forecast.Explanation) {
	t.Helper()
	fit, err := forecast.Fit(s, cfg)
	require.NoError(t, err)
	f, err := fit.Forecast(s, horizon, []float64{0.9, 0.99})
	require.NoError(t, err)
	return f, f.Explanation
}

func TestExplanationTakesTheForecastApart(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	s.Values[100], s.Values[101] = math.NaN(), math.NaN()
	// Three hours above their usual.
	for i := len(s.Values) - 36; i < len(s.Values); i++ {
		s.Values[i] += 10
	}
	f, e := explanation(t, s, forecast.Config{}, 20)

	require.Equal(t, forecast.HistoryUse{Start: s.Start, End: s.Origin(), Values: 14 * 288, Missing: 2}, e.History)
	require.True(t, e.Daily.Used)
	require.True(t, e.Weekly.Used)
	require.Contains(t, e.Weekly.Why, "models that repeat the week weigh")
	last := s.Values[len(s.Values)-1]
	require.InDelta(t, last, e.Expected+e.Deviation, 1e-9)
	require.InDelta(t, 10, e.Deviation, 12, "with a noise of 10 to both sides")

	var ahead []time.Duration
	for _, h := range e.Horizons {
		ahead = append(ahead, h.Ahead)
		sum := 0.0
		for i, w := range h.Weights {
			sum += w.Value
			require.True(t, i == 0 || w.Value <= h.Weights[i-1].Value)
		}
		require.InDelta(t, 1, sum, 1e-9)
		i := int(h.Ahead/s.Step) - 1
		if i >= len(f.Point) {
			require.False(t, h.Known, "%v lies beyond the forecast", h.Ahead)
			require.Empty(t, h.Bands)
			continue
		}
		require.Equal(t, f.Point[i], h.Point)
		require.InDelta(t, f.Quantiles[0][i], h.Point+h.Bands[0], 1e-9)
		require.InDelta(t, f.Quantiles[1][i], h.Point+h.Bands[1], 1e-9)
		require.InDelta(t, h.Carried, h.Share*e.Deviation, 1e-9)
		require.Positive(t, h.Carried, "a deviation of three hours lives on %v ahead", h.Ahead)
	}
	require.Equal(t, []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour}, ahead)
	require.Equal(t, f.Weights, e.Horizons[0].Weights)
}

func TestExplanationSaysWhyACycleIsNotRepeated(t *testing.T) {
	for _, tt := range []struct {
		name          string
		s             forecast.Series
		cfg           forecast.Config
		daily, weekly string
	}{
		{"an hour", traffic(12, 5*time.Minute), forecast.Config{}, "60m of history, and a day needs 30h", "60m of history, and a week needs 9d"},
		{"a day", traffic(288, 5*time.Minute), forecast.Config{}, "24h of history, and a day needs 30h", "24h of history, and a week needs 9d"},
		{"three days", traffic(3*288, 5*time.Minute), forecast.Config{}, "models that repeat the day weigh", "3d of history, and a week needs 9d"},
		{"one model", traffic(14*288, 5*time.Minute), forecast.Config{Model: "DailyShape"}, "weigh 100% a day ahead", "no model in use repeats the week"},
		{"a coarse step", traffic(60, 12*time.Hour), forecast.Config{}, "a step of 12h0m0s is too coarse for the shape of a day", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, e := explanation(t, tt.s, tt.cfg, 10)
			require.Contains(t, e.Daily.Why, tt.daily)
			require.Contains(t, e.Weekly.Why, tt.weekly)
			require.Equal(t, strings.Contains(e.Daily.Why, "weigh"), e.Daily.Used)
		})
	}
}

func TestTheLevelAloneHasNoShapeToDeviateFrom(t *testing.T) {
	_, e := explanation(t, traffic(288, 5*time.Minute), forecast.Config{Model: "Level"}, 10)
	require.Positive(t, e.Level)
	require.False(t, e.Shaped)
	require.Zero(t, e.Horizons[0].Carried)
}
