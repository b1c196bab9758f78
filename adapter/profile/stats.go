package profile

import (
	"math"
	"slices"
)

// Stats are robust statistics of some values.
type Stats struct {
	// N is their number; the rest is NaN where it is 0.
	N int
	// Median, P10 and P90 are quantiles.
	Median, P10, P90 float64
	// MAD is the median absolute deviation from the median.
	MAD float64
}

// madScale makes a MAD comparable with a standard deviation: 1/Φ⁻¹(3/4).
const madScale = 1.4826

// StatsOf computes statistics. NaN and infinite values are left out; values is
// not changed.
func StatsOf(values []float64) Stats {
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	s := Stats{N: len(sorted), Median: quantile(sorted, 0.5), P10: quantile(sorted, 0.1), P90: quantile(sorted, 0.9)}
	for i, v := range sorted {
		sorted[i] = math.Abs(v - s.Median)
	}
	slices.Sort(sorted)
	s.MAD = quantile(sorted, 0.5)
	return s
}

// quantile returns the q-quantile of sorted values by linear interpolation, as
// PromQL's quantile() does; NaN of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
