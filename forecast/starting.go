package forecast

import (
	"math"
	"slices"
)

const (
	startingMemory = 240 // values that are looked at
	startingRecent = 5   // values whose median is the level
	startingMargin = 1.5 // on what was seen, at level 0.95
)

// fillStarting forecasts from too little history: the point is the median of
// the last five values; a quantile is the order statistic of what was seen,
// moved away from zero by a margin of 1.5 at level 0.95, in proportion
// elsewhere, and never on the wrong side of the point.
func fillStarting(out *Forecast, values []float64) {
	unit := unitOf(values)
	var seen []float64
	for i := len(values) - 1; i >= 0 && len(seen) < startingMemory; i-- {
		if v := values[i]; v == v {
			seen = append(seen, v/unit)
		}
	}
	point := median(slices.Clone(seen[:min(len(seen), startingRecent)]))
	slices.Sort(seen)
	lo, hi := seen[0], seen[len(seen)-1]
	ceiling := upperLimit(lo, hi)
	for i := range out.Point {
		out.Point[i] = finite(point * unit)
	}
	below := math.Inf(-1)
	for l, p := range out.Levels {
		q := orderStatistic(seen, p)
		away := math.Abs(q) * (startingMargin - 1) * (2*p - 1) / 0.9
		if p >= 0.5 {
			q = max(q+away, point)
		} else {
			q = min(q+away, point)
		}
		q = max(min(q, ceiling), below)
		if lo >= 0 {
			q = max(q, 0)
		}
		below = q
		for i := range out.Point {
			out.Quantiles[l][i] = finite(q * unit)
		}
	}
	out.Weights = []Weight{{Model: levelModel().name, Value: 1}}
}
