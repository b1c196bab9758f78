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
	f, err := fit.Explained(s, horizon, []float64{0.9, 0.99})
	require.NoError(t, err)
	return f, f.Explanation
}

func TestExplanationTakesTheForecastApart(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	s.Values[100], s.Values[101] = math.NaN(), math.NaN()
	_, before := explanation(t, s, forecast.Config{}, 20)
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
	require.InDelta(t, 10, e.Deviation-before.Deviation, 0.5)

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

func TestAPlainForecastIsTheExplainedOne(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	explained, _ := explanation(t, s, forecast.Config{}, 20)
	fit, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	plain, err := fit.Forecast(s, 20, []float64{0.9, 0.99})
	require.NoError(t, err)
	require.Zero(t, plain.Explanation)
	explained.Explanation = forecast.Explanation{}
	require.Equal(t, explained, plain)
}

func oneDay(name string, y int, m time.Month, d int) forecast.CalendarDays {
	from := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return forecast.CalendarDays{Name: name, Class: forecast.Holiday, From: from, To: from.AddDate(0, 0, 1)}
}

// What is said of a step is what was published of it, where days are brought to
// ordinary ones and clocks are changed too.
func TestExplanationIsOfThePublishedForecast(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	holiday := func(at time.Time) bool {
		return at.Month() == time.March && at.Day() == 27 || at.Month() == time.March && at.Day() == 13
	}
	load := func(at time.Time) float64 {
		if holiday(at) {
			return localLoad(at) / 4
		}
		return localLoad(at)
	}
	fair := []forecast.CalendarDays{oneDay("Fair", 2026, time.March, 13), oneDay("Fair", 2026, time.March, 27)}
	for _, tt := range []struct {
		name, origin string
		cfg          forecast.Config
		fair         bool
	}{
		{"on a day of the calendar", "2026-03-27T11:00:00Z", forecast.Config{Calendar: fair}, true},
		{"before a day of the calendar", "2026-03-26T20:00:00Z", forecast.Config{Calendar: fair, Location: berlin}, false},
		{"before the clock goes forward", "2026-03-29T00:30:00Z", forecast.Config{Location: berlin}, false},
		{"before the clock goes back", "2026-10-25T00:30:00Z", forecast.Config{Location: berlin}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			end, err := time.Parse(time.RFC3339, tt.origin)
			require.NoError(t, err)
			s := seriesOf(end, 28, 5*time.Minute, berlin, load)
			for _, horizon := range []int{30, 288} {
				f, e := explanation(t, s, tt.cfg, horizon)
				require.Equal(t, forecast.HistoryUse{Start: s.Start, End: s.Origin(), Values: len(s.Values)}, e.History)
				require.InDelta(t, load(end), e.Level, load(end)/5)
				require.InDelta(t, s.Values[len(s.Values)-1], e.Expected+e.Deviation, 1e-9)
				for _, h := range e.Horizons {
					i := int(h.Ahead/s.Step) - 1
					require.Equal(t, i < horizon, h.Known)
					if !h.Known {
						require.Empty(t, h.Bands)
						continue
					}
					require.Equal(t, f.Point[i], h.Point, "%v ahead", h.Ahead)
					for l, width := range h.Bands {
						require.Equal(t, f.Quantiles[l][i]-f.Point[i], width, "%v ahead", h.Ahead)
					}
					require.InDelta(t, h.Carried, h.Share*e.Deviation, 1e-9)
				}
				require.Equal(t, tt.fair, f.Today != "")
			}
		})
	}
}

func TestHistoryDaysHoldWithACalendar(t *testing.T) {
	s := traffic(20*288, 5*time.Minute)
	for i := 3 * 288; i < 8*288; i++ {
		s.Values[i] = math.NaN() // older than what is looked at
	}
	before := s.Origin().AddDate(0, 0, -2)
	cfg := forecast.Config{
		Parameters: map[string]int{forecast.HistoryDays: 5},
		Calendar:   []forecast.CalendarDays{oneDay("Fair", before.Year(), before.Month(), before.Day())},
	}
	f, e := explanation(t, s, cfg, 20)
	require.Equal(t, 5*288, e.History.Values)
	require.Zero(t, e.History.Missing, "a day of the calendar is not missing")
	require.Contains(t, f.Note, "5d of history: no weekly cycle yet")
}

func TestHorizons(t *testing.T) {
	for _, tt := range []struct {
		step time.Duration
		want []time.Duration
	}{
		{time.Minute, []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour}},
		{15 * time.Second, []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour}},
		{5 * time.Minute, []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour}},
		{time.Hour, []time.Duration{time.Hour, 24 * time.Hour}},
	} {
		require.Equal(t, tt.want, forecast.Horizons(tt.step), "step %v", tt.step)
	}
}
