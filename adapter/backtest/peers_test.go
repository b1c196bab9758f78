package backtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// z is the 0.95 quantile of the normal distribution (Abramowitz and Stegun,
// table 26.1).
const z = 1.6448536269514722

func TestSeasonalNaive(t *testing.T) {
	// Residuals a season apart: 2 and 3; their root mean square is sqrt(6.5).
	got, ok := seasonalNaive([]float64{1, 2, 3, 5}, 2, 5, 0.95)
	require.True(t, ok)
	require.Equal(t, []float64{3, 5, 3, 5, 3}, got.point)
	for i, k := range []float64{1, 1, 2, 2, 3} {
		require.InDelta(t, got.point[i]+z*math.Sqrt(6.5)*math.Sqrt(k), got.upper[i], 1e-12, "step %d", i)
	}
	_, ok = seasonalNaive([]float64{1, 2}, 2, 1, 0.95)
	require.False(t, ok, "a season alone has no residual")
}

func TestLastValue(t *testing.T) {
	// Steps of 1, 1 and 2; their root mean square is sqrt(2).
	got, ok := lastValue([]float64{1, 2, 3, 5}, 2, 3, 0.95)
	require.True(t, ok)
	require.Equal(t, []float64{5, 5, 5}, got.point)
	for i := range got.upper {
		require.InDelta(t, 5+z*math.Sqrt2*math.Sqrt(float64(i+1)), got.upper[i], 1e-12, "step %d", i)
	}
	_, ok = lastValue([]float64{1}, 2, 1, 0.95)
	require.False(t, ok)
}

// Worked out by hand with all parameters 0.5: level 2, trend 0.5 and seasons -1
// and 1 at the start, then a value each.
func TestSmoother(t *testing.T) {
	s := newSmoother([]float64{1, 3, 2, 4}, 2)
	sum := s.run(smoothing{0.5, 0.5, 0.5})
	require.InDelta(t, 0.5*0.5+0.375*0.375, sum, 1e-15)
	require.InDelta(t, 3.1875, s.level, 1e-15)
	require.InDelta(t, 0.53125, s.trend, 1e-15)
	require.InDeltaSlice(t, []float64{-0.875, 0.90625}, s.season, 1e-15)
}

// A line with a season on it is what the method assumes: it goes on exactly.
func TestHoltWintersGoesOn(t *testing.T) {
	const m = 4
	at := func(i int) float64 { return 10 + 0.5*float64(i) + []float64{0, 3, -1, -2}[i%m] }
	x := make([]float64, 10*m)
	for i := range x {
		x[i] = at(i)
	}
	got, ok := holtWinters(x, m, 2*m, 0.95)
	require.True(t, ok)
	for i := range got.point {
		require.InDelta(t, at(len(x)+i), got.point[i], 0.05, "step %d", i)
		require.GreaterOrEqual(t, got.upper[i], got.point[i])
		if i > 0 {
			require.GreaterOrEqual(t, got.upper[i]-got.point[i], got.upper[i-1]-got.point[i-1])
		}
	}
	_, ok = holtWinters(x[:2*m], m, 1, 0.95)
	require.False(t, ok, "two seasons leave no error to learn from")
}

func TestPeersOnWhatDoesNotMove(t *testing.T) {
	x := make([]float64, 100)
	for i := range x {
		x[i] = 7
	}
	for _, p := range peers() {
		got, ok := p.forecast(x, 24, 30, 0.95)
		require.True(t, ok, p.name)
		for i := range got.point {
			require.InDelta(t, 7, got.point[i], 1e-9, p.name)
			require.InDelta(t, 7, got.upper[i], 1e-9, p.name)
		}
	}
}
