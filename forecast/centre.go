package forecast

import "math"

// doubt is how much more the day medians vary than independent days would.
const doubt = 4

// centreOf returns c, the median of scaled residuals, drawn towards zero by how
// far it may be chance: with s the standard error of the medians of the days,
// the factor is c^2/(c^2 + 4 s^2). Without the 4, for days that resemble each
// other, it is that of an empirical Bayes estimate (B. Efron, C. Morris, JASA
// 68, 1973). Blends of means lie above the median of a load that bursts, and
// the median is what an absolute error asks for. Fewer than three days say 0.
func centreOf(c float64, days []float64) float64 {
	if c == 0 || len(days) < fewDays {
		return 0
	}
	n, mean, sq := float64(len(days)), 0.0, 0.0
	for _, v := range days {
		mean += v / n
	}
	for _, v := range days {
		sq += (v - mean) * (v - mean)
	}
	factor := c * c / (c*c + doubt*sq/(n-1)/n)
	if math.IsNaN(factor) {
		return 0
	}
	return c * factor
}

// dayMedians returns the median residual of each day that was scored, with room
// for one value a residual.
func (r *rolling) dayMedians(origin []int, resid []float64, horizon int, room []float64) []float64 {
	if r.h.day == 0 {
		return nil
	}
	today := room[:0]
	out := r.h.arena.take(backDays + 2)[:0]
	end := r.start // of the day of the last residual
	for i, e := range resid {
		if t := r.origins[origin[i]] + horizon; t >= end {
			if len(today) > 0 {
				out, today = append(out, middleOfAll(today)), today[:0]
			}
			end += ((t-end)/r.h.day + 1) * r.h.day
		}
		today = append(today, e)
	}
	return append(out, middleOfAll(today))
}
