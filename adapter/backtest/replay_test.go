package backtest

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// A load that comes every day is met ahead of time, and by warm pods.
func TestReplay(t *testing.T) {
	steep := daily(9*288, 288)
	for i := range steep {
		if i%288 >= 100 && i%288 < 200 {
			steep[i] += 300
		}
	}
	steep[1000] = nan // a gap is filled
	s := Series{Name: "web", Series: forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: steep}}
	done := 0
	reports, err := ReplayAll(t.Context(), []Series{s}, ReplayConfig{
		CapacityPerReplica: 10, ColdStart: 5 * time.Minute, Length: day, Progress: func(n, _ int) { done = n },
	})
	require.NoError(t, err)
	require.Equal(t, 1, done)
	require.Len(t, reports, 1)
	r := reports[0]
	require.Equal(t, s.Time(8*288), r.Start)
	require.Equal(t, s.Time(9*288), r.End)
	require.Positive(t, r.Reactive.OverloadSeconds)
	require.Less(t, r.Predictive.OverloadSeconds, r.ReactiveEqualCost.OverloadSeconds/2)
	require.Less(t, r.Shadows.ColdJoins, r.Predictive.ColdJoins)
	require.Positive(t, *r.Shadows.Activations)
	require.Zero(t, r.Predictive.InvalidSyncs+r.Shadows.InvalidSyncs)
	require.Equal(t, 288-12, r.Forecast.Forecasts)
	require.Positive(t, *r.Forecast.MASE)
	require.True(t, r.Undisturbed)
	var b bytes.Buffer
	require.NoError(t, r.WriteTable(&b))
	require.NotContains(t, b.String(), "spike")
}

func TestReplayRefusals(t *testing.T) {
	series := func(step time.Duration, values []float64) []Series {
		return []Series{{Name: "web", Series: forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step, Values: values}}}
	}
	negative := daily(3*288, 288)
	negative[2*288+7] = -1
	tests := []struct {
		name   string
		series []Series
		want   string
	}{
		{
			"hours", series(time.Hour, daily(1000, 24)),
			"replay series web: its step is 1h: write a --step from 15s to 5m: a cold start falls between coarser values, and a pool reads none that are finer",
		},
		{
			"too short", series(5*time.Minute, daily(288, 288)),
			"replay series web: --replay: 1d: the load covers 1d, and at least 1d1h of history lie before what is replayed: read more of the load",
		},
		{
			"no load is negative", series(5*time.Minute, negative),
			"replay series web: read load: value -1 at 1970-01-03 00:35:00 +0000 UTC: write a number of at least 0",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReplayAll(t.Context(), tt.series, ReplayConfig{CapacityPerReplica: 10, ColdStart: time.Minute, Length: day})
			require.EqualError(t, err, tt.want)
		})
	}
}
