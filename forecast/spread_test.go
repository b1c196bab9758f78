package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDeltaFindsThePower(t *testing.T) {
	const m, n = 288, 4000
	next := noise()
	r := &rolling{bins: newBins(phaseBins, m), daily: true, loud: loudness{1}}
	for _, power := range []float64{0, 0.5, 0.8} {
		x := &rows{resid: make([]float64, n), phase: make([]int, n)}
		loud, y := make([]float64, n), make([]float64, n)
		for i := range n {
			x.phase[i] = i % m
			// The part of the day has a height and a spread of its own.
			part := float64(r.bins.of[x.phase[i]])
			loud[i] = 1.5*next() + part/10
			y[i] = next() + power*loud[i] - part
			if x.resid[i] = 1; i%2 == 0 { // what is below the blend says nothing
				x.resid[i], y[i] = -1, -3*loud[i]
			}
		}
		require.InDelta(t, power, r.delta(x, loud, y, 0), 0.1)
		require.InDelta(t, power/2, r.delta(x, loud, y, 1), 0.05, "a day ahead it is halved")
	}
}

func TestLearnSpreadOfNothing(t *testing.T) {
	r := &rolling{h: &history{}, daily: true}
	x := &rows{resid: make([]float64, 9), more: make([]float64, 9), heavy: make([]float64, 9)}
	l := layer{horizon: 1}
	r.learnSpread(x, &l)
	require.Zero(t, l.gamma)
	require.Zero(t, l.delta)
	require.Equal(t, make([]float64, 9), x.resid)
}

func TestSpreadGrowsWithTheLoad(t *testing.T) {
	// Days of two heights, each as noisy as it is high, at the same times of the day.
	next := noise()
	const m = 288
	x := days(28, m, func(d, _ int) float64 {
		height := 100.0
		if d%7 >= 5 {
			height = 20
		}
		return height * (1 + 0.1*next())
	})
	band := func(n int) float64 {
		s := Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: x[:n]}
		f, err := Fit(s, Config{})
		require.NoError(t, err)
		out, err := f.Forecast(s, 12, []float64{0.95})
		require.NoError(t, err)
		width := 0.0
		for i, q := range out.Quantiles[0] {
			width += (q - out.Point[i]) / 12
		}
		return width
	}
	low, high := band(27*m+m/2), band(25*m+m/2)
	require.Less(t, low, 0.7*high, "a spread by time of day alone is the same for both")
}
