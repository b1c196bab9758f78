package forecast

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// few values make many equal ones.
var sample = rapid.OneOf(
	rapid.SliceOfN(rapid.Float64Range(-1, 1), 1, 300),
	rapid.SliceOfN(rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }), 1, 300),
)

func TestSelectionAgreesWithSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := sample.Draw(t, "x")
		sorted := slices.Sorted(slices.Values(x))
		k := rapid.IntRange(0, len(x)-1).Draw(t, "k")
		require.Equal(t, sorted[k], nth(slices.Clone(x), k))
		require.Equal(t, (sorted[(len(sorted)-1)/2]/2 + sorted[len(sorted)/2]/2), middleOfAll(slices.Clone(x)))
		ks := rapid.SliceOfN(rapid.IntRange(0, len(x)-1), 0, 40).Draw(t, "ks")
		slices.Sort(ks)
		got := slices.Clone(x)
		ranks(got, ks)
		for _, k := range ks {
			require.Equal(t, sorted[k], got[k], "rank %d", k)
		}
		require.Equal(t, sorted, slices.Sorted(slices.Values(got)), "values were lost")
	})
}

func TestMiddleOfSeven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1, 1), rapid.Just(0.5)), 7, 7).Draw(t, "x")
		require.Equal(t, slices.Sorted(slices.Values(x))[3], middleOf7(x, 6, 1))
		x[rapid.IntRange(0, 6).Draw(t, "gap")] = math.NaN()
		require.True(t, math.IsNaN(middleOf7(x, 6, 1)))
	})
}

// Values that compare with nothing must not make it run for ever.
func TestSelectionEnds(t *testing.T) {
	x := make([]float64, 100)
	for i := range x {
		x[i] = math.NaN()
	}
	nth(x, 50)
	ranks(x, []int{3, 50, 99})
	organ := make([]float64, 1000) // rises, then falls
	for i := range organ {
		organ[i] = float64(min(i, len(organ)-i))
	}
	require.Equal(t, 250.0, nth(organ, 500))
}

func BenchmarkRanks(b *testing.B) {
	for _, n := range []int{64, 504} {
		x, work := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = math.Mod(float64(i)*math.Phi*7.7, 1)
		}
		b.Run(fmt.Sprintf("sorted/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(work, x)
				slices.Sort(work)
			}
		})
		b.Run(fmt.Sprintf("pool/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(work, x)
				newPool(work)
			}
		})
		b.Run(fmt.Sprintf("median/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(work, x)
				middleOfAll(work)
			}
		})
	}
}
