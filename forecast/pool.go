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

// newPool sorts x and keeps, for each p of the grid, the order statistic
// ceil((n+1)p): with exchangeable residuals the next one stays below it with
// probability p or more (V. Vovk, A. Gammerman, G. Shafer, Algorithmic
// Learning in a Random World, 2005). Beyond the sample it is the extreme value
// times 1.25.
func newPool(x []float64) (p pool) {
	slices.Sort(x)
	for i, prob := range poolGrid {
		p.q[i] = orderStatistic(x, prob)
	}
	return p
}

func orderStatistic(sorted []float64, p float64) float64 {
	n := len(sorted)
	if p < 0.5 {
		// The mirror image of the upper side.
		i := int(math.Floor(float64(n+1) * p))
		if i < 1 {
			return min(sorted[0], sorted[0]*smallSample)
		}
		return sorted[i-1]
	}
	i := int(math.Ceil(float64(n+1) * p))
	if i > n {
		return max(sorted[n-1], sorted[n-1]*smallSample)
	}
	return sorted[i-1]
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
