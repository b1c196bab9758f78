package backtest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestInParallel(t *testing.T) {
	const n = 100
	var worked [n]atomic.Int32
	var told, most atomic.Int32
	err := inParallel(t.Context(), n, func(done, total int) {
		told.Add(1)
		for m := most.Load(); int(m) < done && !most.CompareAndSwap(m, int32(done)); m = most.Load() {
			require.Equal(t, n, total)
		}
	}, func(i int) error {
		worked[i].Add(1)
		return nil
	})
	require.NoError(t, err)
	for i := range worked {
		require.EqualValues(t, 1, worked[i].Load(), "work %d", i)
	}
	require.EqualValues(t, n, told.Load())
	require.EqualValues(t, n, most.Load())
}

func TestInParallelStops(t *testing.T) {
	broken := errors.New("broken")
	var worked atomic.Int32
	err := inParallel(t.Context(), 1_000_000, nil, func(i int) error {
		if worked.Add(1); i == 3 {
			return broken
		}
		return nil
	})
	require.ErrorIs(t, err, broken)
	require.Less(t, int(worked.Load()), 1_000_000)

	ctx, cancel := context.WithCancel(t.Context())
	err = inParallel(ctx, 1_000_000, nil, func(int) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

// A report does not depend on what was done first.
func TestRunIsTheSameEachTime(t *testing.T) {
	series := make([]Series, 4)
	for k := range series {
		series[k] = Series{Name: string(rune('a' + k)), Series: forecast.Series{Start: time.Unix(0, 0), Step: time.Hour, Values: daily((10+k)*24, 24)}}
	}
	cfg := Config{Origins: 2, History: 28 * day, Levels: []float64{0.9}, Keep: true}
	first, err := Run(t.Context(), series, cfg)
	require.NoError(t, err)
	second, err := Run(t.Context(), series, cfg)
	require.NoError(t, err)
	require.Equal(t, first.Text(true), second.Text(true))
	require.Equal(t, first.Forecasts(), second.Forecasts())
}
