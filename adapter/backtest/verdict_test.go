package backtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerdict(t *testing.T) {
	model := func(name string, ratio, hour, whole float64) Model {
		return Model{
			Model:     name,
			Horizon:   Part{Metrics: Metrics{Coverage: Number(whole)}},
			FirstHour: Part{Metrics: Metrics{Coverage: Number(hour)}, PinballRatio: Number(ratio)},
		}
	}
	one := func(models ...Model) SeriesReport { return SeriesReport{Models: models} }
	naive, zero := model(SeasonalNaive, 1, 0.95, 0.95), model(SeasonalNaive, nan, 1, 1)
	tests := []struct {
		name   string
		report Report
		want   string
	}{
		{
			"better than its peers",
			Report{Series: []SeriesReport{one(model(Ours, 0.731, 0.922, 0.965), naive, model(HoltWinters, 0.957, 1, 1))}},
			"In the first hour, which decides how many pods are warm, P95 loses 0.731 of what seasonal naive does and covers 92.2 % of the load;\n" +
				"over the whole horizon it covers 96.5 %.",
		},
		{
			"a peer is better",
			Report{Series: []SeriesReport{one(model(Ours, 0.9, 0.922, 0.965), naive, model(HoltWinters, 0.5, 1, 1), model(LastValue, 0.7, 1, 1))}},
			"In the first hour, which decides how many pods are warm, P95 loses 0.900 of what seasonal naive does and covers 92.2 % of the load" +
				" (Holt-Winters is the better one there: it loses 0.500 of it);\nover the whole horizon it covers 96.5 %.",
		},
		{
			"seasonal naive is better",
			Report{Series: []SeriesReport{one(model(Ours, 1.2, 0.922, 0.965), naive)}},
			"In the first hour, which decides how many pods are warm, P95 loses 1.200 of what seasonal naive does and covers 92.2 % of the load" +
				" (seasonal naive is the better one there);\nover the whole horizon it covers 96.5 %.",
		},
		{
			"a load that is always 0",
			Report{Series: []SeriesReport{one(model(Ours, nan, 1, 1), zero)}},
			"In the first hour, which decides how many pods are warm, P95 cannot be set against seasonal naive and covers 100.0 % of the load;\n" +
				"over the whole horizon it covers 100.0 %.",
		},
		{
			"a single forecast",
			Report{Series: []SeriesReport{{Windows: 1, Models: []Model{model(Ours, 0.731, 0.922, 0.965), naive}}}},
			"In the first hour, which decides how many pods are warm, P95 loses 0.731 of what seasonal naive does and covers 92.2 % of the load;\n" +
				"over the whole horizon it covers 96.5 %.\nThis rests on 1 forecast, so much of it is chance: a longer history, or a shorter --horizon, tells more.",
		},
		{
			"two forecasts each",
			Report{
				Models: []Model{model(Ours, 0.8, 0.9, 0.9), naive},
				Series: []SeriesReport{{Windows: 2, Models: []Model{model(Ours, 0.7, 0.9, 0.95), naive}}, {Windows: 1, Models: []Model{model(Ours, 0.9, 0.9, 0.95), naive}}},
			},
			"In the first hour, which decides how many pods are warm, P95 beats seasonal naive on 2 of 2 series and covers 90.0 % of the load;\n" +
				"over the whole horizon it covers 93 to 97 % of the load on 2 of 2.\nThis rests on 2 forecasts a series, so much of it is chance: a longer history, or a shorter --horizon, tells more.",
		},
		{
			"three are enough",
			Report{Series: []SeriesReport{{Windows: 3, Models: []Model{model(Ours, 0.731, 0.922, 0.965), naive}}}},
			"In the first hour, which decides how many pods are warm, P95 loses 0.731 of what seasonal naive does and covers 92.2 % of the load;\n" +
				"over the whole horizon it covers 96.5 %.",
		},
		{
			"several series",
			Report{
				Models: []Model{model(Ours, 0.8, 0.9, 0.9), naive, model(HoltWinters, 0.6, 1, 1)},
				Series: []SeriesReport{one(model(Ours, 0.7, 0.9, 0.92), naive), one(model(Ours, 1.1, 0.9, 0.98), naive), one(model(Ours, nan, 0.9, 0.95), zero)},
			},
			"In the first hour, which decides how many pods are warm, P95 beats seasonal naive on 1 of 2 series and covers 90.0 % of the load" +
				" (Holt-Winters is the better one there: it loses 0.600 of it);\nover the whole horizon it covers 93 to 97 % of the load on 1 of 3," +
				" less on 1 (pods are missing more often than asked for), more on 1 (pods idle).",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.report.verdict()) })
	}
}
