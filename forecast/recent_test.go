package forecast

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func recentPool(x, w []float64) pool {
	return newRecentPool(x, w, weighed{make([]float64, len(x)), make([]float64, len(x))})
}

// With equal weights the quantiles are the plain ones.
func TestRecentPoolOfEqualWeightsIsAPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-10, 10), 1, 300).Draw(t, "x")
		w := rapid.SampledFrom([]float64{0.1, 1, 3}).Draw(t, "w")
		require.Equal(t, newPool(slices.Clone(x)).q, recentPool(x, slices.Repeat([]float64{w}, len(x))).q)
	})
}

// The sum is taken value by value over the sorted sample.
func TestRecentPoolReachesItsWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-10, 10), 1, 300).Draw(t, "x")
		if rapid.Bool().Draw(t, "ties") {
			for i := range x {
				x[i] = float64(int(x[i]))
			}
		}
		if rapid.Bool().Draw(t, "a spike") {
			x[0] *= 1e9 // all others in one part
		}
		w := make([]float64, len(x))
		order, total := make([]int, len(x)), 0.0
		for i := range w {
			// Eighths, so that sums are exact in any order.
			w[i], order[i] = float64(rapid.IntRange(1, 64).Draw(t, "w"))/8, i
			total += w[i]
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
		want := func(prob float64) float64 {
			need := (total + total/float64(len(x))) * prob
			sum := 0.0
			for _, i := range order {
				if sum += w[i]; sum > need-1e-9 {
					return x[i]
				}
			}
			most := x[order[len(order)-1]]
			return max(most, most*smallSample)
		}
		got := recentPool(x, w)
		for i, prob := range poolGrid {
			if prob >= 0.5 {
				require.Equal(t, want(prob), got.q[i], "probability %v", prob)
			}
		}
		require.True(t, slices.IsSorted(got.q[:]))
	})
}

// What has become quiet is forecast as quiet sooner.
func TestRecentPoolForgets(t *testing.T) {
	x, w := make([]float64, 200), make([]float64, 200)
	for i := range x {
		x[i], w[i] = 10, 0.1
		if i >= 100 {
			x[i], w[i] = 1, 1
		}
	}
	p := recentPool(x, w)
	require.Equal(t, 1.0, p.at(0.9))
	require.Equal(t, 10.0, p.at(0.95))
}
