package backtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestParseAlgorithm(t *testing.T) {
	for _, c := range []struct {
		name, model string
		set         []string
		want        map[string]int
		refused     string
	}{
		{name: "nothing set", model: forecast.Auto, want: map[string]int{}},
		{name: "two set", model: "DailyMedian", set: []string{"days=14", "historyDays=21"}, want: map[string]int{"days": 14, "historyDays": 21}},
		{name: "the last one counts", model: "DailyMedian", set: []string{"days=14", "days=7"}, want: map[string]int{"days": 7}},
		{
			name: "of another model", model: "DailyMedian", set: []string{"weightsPower=2"},
			refused: "--set: weightsPower=2: DailyMedian takes no such parameter: write days or historyDays or deviationHalfLife, or leave it out",
		},
		{name: "out of range", model: "DailyMedian", set: []string{"days=29"}, refused: "--set: days=29: write a whole number from 1 to 28"},
		{name: "without a value", model: "DailyMedian", set: []string{"days"}, refused: "--set: days: write a whole number from 1 to 28"},
		{
			name: "no number", model: "DailyMedian", set: []string{"days=2w", "historyDays="},
			refused: "--set: days=2w: write a whole number from 1 to 28\n--set: historyDays=: write a whole number from 1 to 28",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAlgorithm(c.model, c.set)
			if c.refused != "" {
				require.EqualError(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, Algorithm{Model: c.model, Parameters: c.want}, got)
		})
	}
}
