package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDeviationMatchesTheSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 60).Draw(t, "x")
		gaps := rapid.SliceOfN(rapid.Bool(), len(x), len(x)).Draw(t, "gaps")
		dev := newDeviation(seasons{day: 1440}, new(model), math.Inf(1))
		for i := range x {
			if gaps[i] {
				x[i] = nan
			}
			dev.add(x[i], x[i])
		}
		var e [scales]float64
		for k, l := range halfLives {
			num, den := 0.0, 0.0
			for j, v := range x {
				if w := math.Pow(2, -float64(len(x)-1-j)/l); v == v {
					num, den = num+w*v, den+w
				}
			}
			if den > 0 {
				e[k] = num / den
			}
		}
		f := dev.features()
		tail := 0.0
		for k := scales - 1; k >= 0; k-- {
			tail += f[k]
			require.InDelta(t, e[k], tail, 1e-6, "span %d", k)
		}
	})
}

func TestSolveFindsTheCoefficients(t *testing.T) {
	want := [scales]float64{0.9, 0.1, 0.5, 0.7, 1}
	var g gram
	state := uint64(7)
	for range 2000 {
		var x [scales]float64
		for k := range x {
			state = state*6364136223846793005 + 1442695040888963407
			x[k] = float64(int64(state>>11))/(1<<52) - 1
		}
		g.addRows([][scales]float64{x}, []float64{1}, []float64{dot(&want, &x)}, 1)
	}
	prior := [scales]float64{}
	got := g.solve(&prior)
	for k := range got {
		// The ridge of 1e-3 pulls by about as much.
		require.InDelta(t, want[k], got[k], 3e-3)
	}
}

// Rows by fours, with what is left over, against the definition.
func TestRowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, every := rapid.IntRange(0, 23).Draw(t, "rows"), rapid.IntRange(1, 3).Draw(t, "every")
		number := rapid.Float64Range(-10, 10)
		rows, xx, xy := make([][scales]float64, n), make([]float64, n), make([]float64, n)
		var want gram
		for i := range rows {
			for k := range scales {
				rows[i][k] = number.Draw(t, "x")
			}
			xx[i], xy[i] = number.Draw(t, "xx"), number.Draw(t, "xy")
			if i%every > 0 {
				continue
			}
			for j := range scales {
				for k := j; k < scales; k++ {
					want.xx[j*scales+k] += rows[i][j] * rows[i][k] * xx[i]
				}
				want.xy[j] += rows[i][j] * xy[i]
			}
		}
		var got gram
		got.addRows(rows, xx, xy, every)
		require.InDeltaSlice(t, want.xx[:], got.xx[:], 1e-9)
		require.InDeltaSlice(t, want.xy[:], got.xy[:], 1e-9)
	})
}

func TestSolveKeepsThePriorWithoutEvidence(t *testing.T) {
	prior := [scales]float64{0, 0.5, 1, 1, 1}
	var none gram
	require.Equal(t, prior, none.solve(&prior))
	var huge gram
	huge.addRows([][scales]float64{{1e300, 1, 1, 1, 1}}, []float64{1}, []float64{1}, 1)
	require.Equal(t, prior, huge.solve(&prior))
}

func TestShorterHalfLives(t *testing.T) {
	require.Equal(t, usualDecays, decaysTo(slowest))
	for _, steps := range []int{leastHalfLife, 32, slowest - 1} {
		w := decaysTo(steps)
		require.InDelta(t, 0.5, math.Pow(w[scales-1], float64(steps)), 1e-9)
		require.IsIncreasing(t, w[:])
		for k := range w {
			require.LessOrEqual(t, w[k], usualDecays[k])
		}
	}
	require.InDeltaSlice(t, usualDecays[:], decaysTo(slowest - 1)[:], 2e-3, "it is the same spread")
}
