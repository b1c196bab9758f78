package backtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestPlan(t *testing.T) {
	month := Config{Origins: 6, History: 28 * day}
	tests := []struct {
		name    string
		cfg     Config
		n       int
		step    time.Duration
		horizon int
		want    []int
		err     string
	}{
		// The first three by the rule's own script on real series.
		{name: "a month of hours: 48 steps ahead", cfg: month, n: 697, step: time.Hour, horizon: 48, want: []int{278, 352, 426, 501, 575, 649}},
		{name: "eight days of five minutes", cfg: month, n: 2304, step: 5 * time.Minute, horizon: 288, want: []int{2016}},
		{name: "thirty days of five minutes", cfg: month, n: 8640, step: 5 * time.Minute, horizon: 288, want: []int{3456, 4435, 5414, 6394, 7373, 8352}},
		{name: "origins a quarter of the horizon apart", cfg: month, n: 2304 + 72, step: 5 * time.Minute, horizon: 288, want: []int{2016, 2088}},
		{name: "as many as were asked for", cfg: Config{Origins: 2, History: 28 * day}, n: 8640, step: 5 * time.Minute, horizon: 288, want: []int{3456, 8352}},
		{
			name: "a shorter history lets the first origin be earlier", cfg: Config{Origins: 6, History: 2 * day, Horizon: time.Hour}, n: 3 * 288, step: 5 * time.Minute, horizon: 12,
			want: []int{576, 631, 686, 742, 797, 852},
		},
		{name: "a season of its own", cfg: Config{Origins: 1, History: 28 * day, Season: Season(2 * time.Hour)}, n: 200, step: 5 * time.Minute, horizon: 24, want: []int{168}},
		{
			name: "a day is too short", cfg: month, n: 1440, step: time.Minute,
			err: "too short: it covers 1d, and 7d of history with 1d to forecast are the least: read more of it (8d or longer), or write both --history=18h and --horizon=6h or less",
		},
		{
			name: "what both flags ask is enough", cfg: Config{Origins: 1, History: 18 * time.Hour, Horizon: 6 * time.Hour}, n: 1440, step: time.Minute, horizon: 360, want: []int{1080},
		},
		{
			name: "five days are enough for a shorter history", cfg: month, n: 1440, step: 5 * time.Minute,
			err: "too short: it covers 5d, and 7d of history with 1d to forecast are the least: read more of it (8d or longer), or write --history=4d or less",
		},
		{
			name: "eight days are enough for either", cfg: Config{Origins: 6, History: 28 * day, Horizon: 3 * day}, n: 2304, step: 5 * time.Minute,
			err: "too short: it covers 8d, and 7d of history with 3d to forecast are the least: read more of it (10d or longer), or write --history=5d or --horizon=1d or less",
		},
		{
			name: "a horizon of more than 0.6 of the series", cfg: Config{Origins: 6, History: 7 * day, Horizon: 18 * day}, n: 20 * 24, step: time.Hour,
			err: "too short: it covers 20d, and 7d of history with 18d to forecast are the least: read more of it (30d or longer), or write --horizon=12d or less",
		},
		{
			name: "half an hour is too short for any flag", cfg: month, n: 30, step: time.Minute,
			err: "too short: it covers 30m, and 7d of history with 1d to forecast are the least: read more of it (8d or longer)",
		},
		{
			name: "days have no day in them", cfg: month, n: 1000, step: day,
			err: "steps of 1d cannot be backtested: a day has 1 of them, and 24 are the least: read values 1h apart or less (--step), if the load was measured as finely",
		},
		{
			name: "a season of few steps", cfg: Config{Origins: 6, History: 28 * day, Season: Season(12 * time.Hour)}, n: 1000, step: time.Hour,
			err: "its step of 1h gives a season of 12h 12 steps, and 24 are the least: write a --step of 30m or less, if its values are as fine, or a --season of 1d or more",
		},
		{
			name: "a step that does not divide the day", cfg: month, n: 10_000, step: 7 * time.Minute,
			err: "its step of 7m does not divide a season of 1d: write another --season, or a --step that does",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.cfg.planFor(forecast.Series{Step: tt.step, Values: make([]float64, tt.n)})
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.horizon, got.horizon)
			require.Equal(t, tt.want, got.origins)
		})
	}
}

// Windows with too many gaps are left out, and a series that has no other is.
func TestRunLeavesOutWhatIsMissing(t *testing.T) {
	whole := Series{Name: "whole", Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily(28*24, 24)}}
	holes := Series{Name: "holes", Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily(28*24, 24)}}
	for i := range holes.Values {
		if i%3 == 0 {
			holes.Values[i] = nan
		}
	}
	late := Series{Name: "late", Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily(28*24, 24)}}
	for i := len(late.Values) - 30; i < len(late.Values); i++ {
		late.Values[i] = nan // more than half of the last window
	}
	young := Series{Name: "young", Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily(24, 24)}}
	report, err := Run(t.Context(), []Series{whole, holes, late, young}, Config{Origins: 6, History: 28 * day, Levels: []float64{0.9}, Keep: true})
	require.NoError(t, err)
	require.Equal(t, 11, report.Windows)
	require.Equal(t, 7, report.LeftOut)
	require.Len(t, report.Forecasts(), 11)
	require.Len(t, report.Series, 2)
	require.Equal(t, 5, report.Series[1].Windows)
	require.Len(t, report.Skipped, 2)
	require.Equal(t, "holes", report.Skipped[0].Series)
	require.Contains(t, report.Skipped[0].Reason, "too many of its values are missing")
	require.Contains(t, report.Skipped[1].Reason, "too short")

	_, err = Run(t.Context(), []Series{young}, Config{Origins: 6, History: 28 * day})
	require.ErrorContains(t, err, "series young: too short: it covers 1d, and 7d of history with 2d to forecast are the least")
}

// No forecast sees what follows its origin.
func TestRunDoesNotLookAhead(t *testing.T) {
	cfg := Config{Origins: 3, History: 28 * day, Levels: []float64{0.9}, Keep: true}
	s := Series{Name: "web", Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily(20*24, 24)}}
	before, err := Run(t.Context(), []Series{s}, cfg)
	require.NoError(t, err)
	last := before.Forecasts()[2]
	for i := range s.Values {
		if s.Time(i).After(last.Origin) {
			s.Values[i] *= 100
		}
	}
	after, err := Run(t.Context(), []Series{s}, cfg)
	require.NoError(t, err)
	require.Equal(t, last.Point, after.Forecasts()[2].Point)
	require.Equal(t, last.Quantiles, after.Forecasts()[2].Quantiles)
	require.Equal(t, last.Origin, after.Forecasts()[2].Origin)
}

// A load that repeats every twelve hours is known by a season of that length,
// with stamps as they are.
func TestSeasonOfItsOwn(t *testing.T) {
	s := Series{Name: "web", Series: forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: daily(10*288, 144)}}
	all, err := ForecastAll(t.Context(), []Series{s}, ForecastConfig{Horizon: 6 * time.Hour, Levels: []float64{0.9}, Season: Season(12 * time.Hour)})
	require.NoError(t, err)
	require.Equal(t, s.Origin(), all[0].Origin)
	require.Equal(t, 5*time.Minute, all[0].Step)
	require.Len(t, all[0].Point, 72)
	truth := daily(10*288+72, 144)[10*288:]
	require.Less(t, forecast.MASE(s.Values, truth, all[0].Point, 144), 1.0)
	_, err = ForecastAll(t.Context(), []Series{s}, ForecastConfig{Horizon: time.Hour, Levels: []float64{0.9}, Season: Season(7 * time.Minute)})
	require.EqualError(t, err, "series web: its step of 5m does not divide a season of 7m: write another --season, or a --step that does")
}
