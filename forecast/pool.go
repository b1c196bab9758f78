package forecast

import (
	"math"
	"slices"
	"sort"
)

// grid of probabilities at which a pool keeps its order statistics; denser
// where capacity is decided.
var poolGrid = [...]float64{
	0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75,
	0.8, 0.825, 0.85, 0.875, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9975, 0.999,
}

// pool holds the distribution of residuals at one horizon.
type pool struct {
	q [len(poolGrid)]float64
}

// smallSample widens the extreme residual where the asked order statistic
// lies beyond the sample.
const smallSample = 1.25

// newPool keeps, for each p of the grid, the order statistic ceil((n+1)p) of
// x, which it reorders: with exchangeable residuals the next one stays below it
// with probability p or more (V. Vovk, A. Gammerman, G. Shafer, Algorithmic
// Learning in a Random World, 2005). Beyond the sample it is the extreme value
// times 1.25.
func newPool(x []float64) (p pool) {
	// The least and the greatest value, the two in the middle, and the grid.
	var need [len(poolGrid) + 4]int
	n := len(x)
	need[0], need[1], need[2], need[3] = 0, n-1, (n-1)/2, n/2
	for i, prob := range poolGrid {
		need[4+i] = min(max(rankOf(n, prob), 0), n-1)
	}
	slices.Sort(need[:])
	ranks(x, need[:])
	for i, prob := range poolGrid {
		p.q[i] = orderStatistic(x, prob)
	}
	return p
}

// rankOf is the index of the order statistic for p; it may lie outside of 0..n-1.
func rankOf(n int, p float64) int {
	if p < 0.5 {
		// The mirror image of the upper side.
		return int(math.Floor(float64(n+1)*p)) - 1
	}
	return int(math.Ceil(float64(n+1)*p)) - 1
}

// orderStatistic reads x, in which the rank for p and both ends are where they
// would be if x were sorted.
func orderStatistic(x []float64, p float64) float64 {
	n := len(x)
	switch i := rankOf(n, p); {
	case i < 0:
		return min(x[0], x[0]*smallSample)
	case i >= n:
		return max(x[n-1], x[n-1]*smallSample)
	default:
		return x[i]
	}
}

// at returns the quantile for p, linear between the points of the grid.
func (p *pool) at(prob float64) float64 {
	i := sort.SearchFloat64s(poolGrid[:], prob)
	switch {
	case i == 0:
		return p.q[0]
	case i == len(poolGrid):
		return p.q[i-1]
	case poolGrid[i] == prob:
		return p.q[i]
	}
	f := (prob - poolGrid[i-1]) / (poolGrid[i] - poolGrid[i-1])
	// Rounding must not step over the next point: quantiles would cross.
	return min(lerp(p.q[i-1], p.q[i], f), p.q[i])
}
