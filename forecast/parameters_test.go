package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func withParameters(t *testing.T, s forecast.Series, model string, p map[string]int) forecast.Forecast {
	t.Helper()
	fit, err := forecast.Fit(s, forecast.Config{Model: model, Parameters: p})
	require.NoError(t, err)
	f, err := fit.Explained(s, 12, []float64{0.9})
	require.NoError(t, err)
	return f
}

func TestParametersAtTheirDefaultsChangeNothing(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	require.Equal(t, withParameters(t, s, forecast.Auto, nil),
		withParameters(t, s, forecast.Auto, map[string]int{forecast.WeightsPower: 6, forecast.HistoryDays: 28, forecast.LevelHalfLife: 128, forecast.DeviationHalfLife: 128}))
	for _, model := range []string{"DailyShape", "DailyMedian"} {
		want := withParameters(t, s, model, nil)
		got := withParameters(t, s, model, map[string]int{forecast.ShapeDays: 7})
		for i := range want.Point {
			require.InEpsilon(t, want.Point[i], got.Point[i], 1e-9, "%s, step %d", model, i)
		}
	}
}

func TestHistoryDaysForgetsWhatIsOlder(t *testing.T) {
	s := traffic(20*288, 5*time.Minute)
	f := withParameters(t, s, forecast.Auto, map[string]int{forecast.HistoryDays: 10})
	require.Equal(t, 10*288, f.Explanation.History.Values)
	require.Equal(t, withParameters(t, s.Between(s.Time(10*288), s.Origin()), forecast.Auto, nil).Point, f.Point)
}

func TestWeightsPowerSharpensTheBlend(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	weight := func(power int) float64 {
		return withParameters(t, s, forecast.Auto, map[string]int{forecast.WeightsPower: power}).Weights[0].Value
	}
	if low, usual, high := weight(1), weight(6), weight(20); !(low < usual && usual < high) {
		t.Errorf("the leading model weighs %v, %v and %v with powers 1, 6 and 20", low, usual, high)
	}
}

// A load that grows by 3 each day lies that much above the shape of yesterday,
// and farther above that of more days.
func TestDaysAreThoseOfTheShape(t *testing.T) {
	s := traffic(13*288+144, 5*time.Minute)
	for i := range s.Values {
		s.Values[i] += 3 * float64(i) / 288
	}
	above := func(model string, days int) float64 {
		return withParameters(t, s, model, map[string]int{forecast.ShapeDays: days}).Explanation.Deviation
	}
	for _, model := range []string{"DailyShape", "DailyMedian"} {
		one, some, many := above(model, 1), above(model, 4), above(model, 12)
		if !(one+2 < some && some+1 < many) {
			t.Errorf("the load lies %v, %v and %v above %s of 1, 4 and 12 days", one, some, many, model)
		}
	}
}

func TestHalfLivesChangeTheForecast(t *testing.T) {
	s := traffic(14*288, 5*time.Minute)
	for model, name := range map[string]string{"Level": forecast.LevelHalfLife, "DailyShape": forecast.DeviationHalfLife} {
		usual, short := withParameters(t, s, model, nil), withParameters(t, s, model, map[string]int{name: 4})
		require.NotEqual(t, usual.Point, short.Point, model)
	}
}

func TestParametersAreRefusedWithTheirRange(t *testing.T) {
	for _, tt := range []struct{ model, name, value, want string }{
		{"Auto", "days", "3", "Auto takes no such parameter: write historyDays or weightsPower or levelHalfLife or deviationHalfLife, or leave it out"},
		{"Level", "weightsPower", "3", "Level takes no such parameter: write historyDays or levelHalfLife, or leave it out"},
		{"SeasonalNaiveDay", "deviationHalfLife", "8", "SeasonalNaiveDay takes no such parameter: write historyDays, or leave it out"},
		{"Auto", "levelHalfLife", "3", "write a whole number from 4 to 128"},
		{"WeeklyShape", "deviationHalfLife", "129", "write a whole number from 4 to 128"},
		{"DailyMedian", "days", "29", "write a whole number from 1 to 28"},
		{"DailyMedian", "days", "0", "write a whole number from 1 to 28"},
		{"Auto", "weightsPower", "2.5", "write a whole number from 1 to 20"},
		{"Auto", "historyDays", "+3", "write a whole number from 1 to 28"},
	} {
		_, err := forecast.CheckParameter(tt.model, tt.name, tt.value)
		require.EqualError(t, err, tt.want)
	}
	_, err := forecast.Fit(traffic(288, 5*time.Minute), forecast.Config{Parameters: map[string]int{"weightsPower": 21}})
	require.EqualError(t, err, "parameter weightsPower 21: write a whole number from 1 to 20")
}
