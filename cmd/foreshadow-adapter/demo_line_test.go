package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

func TestWhatTheFlagsTakeMakesAPool(t *testing.T) {
	for _, tc := range []struct {
		name       string
		coldStart  time.Duration
		quantile   float64
		step       time.Duration
		wantLead   time.Duration
		wantShadow float64
		wantMaxAge time.Duration
	}{
		{"the defaults", 5 * time.Minute, 0.9, time.Minute, 5*time.Minute + simulate.SyncPeriod, 0.99, 15 * time.Minute},
		{"the shortest cold start, the finest step", time.Second, 0.000001, simulate.MinStep, time.Second + simulate.SyncPeriod, 0.99, 15 * time.Minute},
		{"the longest cold start, the coarsest step", simulate.LongestColdStart, 0.995, simulate.MaxStep, 6 * time.Hour, 0.995, 20 * time.Minute},
		{"the highest quantile", time.Minute, 0.999999, time.Minute, time.Minute + simulate.SyncPeriod, 0.999999, 15 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := demoOptions{idlePercent: 10, coldStart: tc.coldStart, quantile: tc.quantile, output: "table", replay: shortestReplay}
			require.NoError(t, o.validate())
			pool := (&replay{Comparison: o.comparison(simulate.LeastCapacity, tc.step)}).pool()
			got, err := refresh.SettingsOf(pool, refresh.Binding{Given: checkOnly, Ours: checkOnly}, updateEvery)
			require.NoError(t, err)
			require.Equal(t, tc.wantLead, got.Capacity.ColdStartLead)
			require.Equal(t, tc.wantMaxAge, got.Capacity.MaxAge)
			require.InDelta(t, tc.quantile, got.Capacity.Quantile, 0)
			require.InDelta(t, tc.wantShadow, got.Capacity.ShadowQuantile, 0)
		})
	}
}
