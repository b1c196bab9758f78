package forecast

import (
	"math"
	"slices"
)

const doubt = 4

// centreOf returns the median of scaled residuals, drawn towards zero by how
// far it may be chance: with s the standard error of the median over days, the
// factor is c^2/(c^2 + 4 s^2); without the 4, for days that resemble each other,
// it is that of an empirical Bayes estimate (B. Efron, C. Morris, JASA 68, 1973). Blends of means lie above the median of a load
// that bursts, and the median is what an absolute error asks for.
func (r *rolling) centreOf(x rows, resid []float64, horizon int) float64 {
	c := sortedMedian(slices.Clone(resid))
	if len(r.models) == 1 || r.h.day == 0 || c == 0 {
		return 0
	}
	var days []float64
	var day []float64
	last := -1
	flush := func() {
		if len(day) > 0 {
			days = append(days, sortedMedian(day))
		}
		day = day[:0]
	}
	for i, e := range resid {
		if d := (r.origins[x.origin[i]] + horizon - r.start) / r.h.day; d != last {
			flush()
			last = d
		}
		day = append(day, e)
	}
	flush()
	if len(days) < fewDays {
		return 0
	}
	mean, sq := 0.0, 0.0
	for _, v := range days {
		mean += v / float64(len(days))
	}
	for _, v := range days {
		sq += (v - mean) * (v - mean)
	}
	se := sq / float64(len(days)-1) / float64(len(days))
	f := c * c / (c*c + doubt*se)
	if math.IsNaN(f) {
		return 0
	}
	return c * f
}

func sortedMedian(x []float64) float64 {
	slices.Sort(x)
	return x[(len(x)-1)/2]/2 + x[len(x)/2]/2
}
