package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Steps that are taken at once leave what they leave one after another.
func TestAddAllIsAddOfEachStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 1.5
		m := levelModel()
		c := seasons{day: 288}
		all, each, row := newDeviation(c, &m, limit), newDeviation(c, &m, limit), newDeviation(c, &m, limit)
		weights := all.powers()
		state := rapid.Uint64().Draw(t, "seed")
		noise := rapid.Float64Range(0.1, 3).Draw(t, "noise")
		for range rapid.IntRange(1, 5).Draw(t, "parts") {
			v := make([]float64, rapid.IntRange(0, 200).Draw(t, "n"))
			clipped := make([]float64, len(v))
			for i := range v {
				state = state*6364136223846793005 + 1442695040888963407
				u := float64(state>>40) / (1 << 24)
				if v[i] = noise * (2*u - 1); u < 0.02 {
					v[i] = math.NaN()
				}
				clipped[i] = min(max(v[i], -limit), limit)
				each.add(v[i], clipped[i])
			}
			before := row.jump
			idle := before.idle(v, clipped)
			before.ordinary(v[:idle], clipped[:idle])
			require.Equal(t, row.jump, before, "%d steps change nothing", idle)
			all.addAll(v, clipped, weights)
			row.addEach(v, clipped)
			require.Equal(t, each, row, "to the bit")
			require.Equal(t, each.jump, all.jump)
			require.InDelta(t, each.unrest(), all.unrest(), 1e-12)
			got, want := all.features(), each.features()
			for k := range got {
				require.InDelta(t, want[k], got[k], 1e-12)
			}
		}
	})
}

func TestWholeDaysOfWavesAreOrthogonal(t *testing.T) {
	const m = 288
	f := newFourier(nil, m)
	var rows, day fourierGram
	day.addDay(m / 3)
	for p := 1; p < m; p += 3 {
		x := f.daily[p*ofDay:][:ofDay]
		y := math.Sin(float64(p * p))
		if p%4 == 0 { // a gap
			day.drop(x)
			continue
		}
		rows.add(x, y)
		day.addValue(x, y)
	}
	require.InDelta(t, rows.n, day.n, 0)
	require.InDeltaSlice(t, rows.xx[:], day.xx[:], 1e-11)
	require.InDeltaSlice(t, rows.xy[:], day.xy[:], 1e-11)
}

func TestSmoothAllIsTheMeanOfEachWindow(t *testing.T) {
	for _, n := range []int{0, 1, 14, 15, 16, 200} {
		x := make([]float64, n)
		for i := range x {
			if x[i] = math.Sin(float64(i * i)); i%67 == 40 {
				x[i] = math.NaN()
			}
		}
		for _, half := range []int{0, 1, 2, 7} {
			got := make([]float64, n)
			smoothAll(x, half, got, nil)
			for i, v := range got {
				require.InDelta(t, windowMean(x, i-half, i+half), v, 1e-14, "step %d of %d, half %d", i, n, half)
			}
		}
	}
}
