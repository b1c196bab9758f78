package forecast

import "math"

const (
	shapeDays  = 7 // days in a daily shape
	shapeWeeks = 4 // weeks in a weekly shape
)

// The weights of days and weeks before the target, the nearest first; both are
// plain geometric series: 0.7^j and 0.6^j.
var (
	dayWeights  = [shapeDays]float64{1, 0.7, 0.49, 0.343, 0.2401, 0.16807, 0.117649}
	weekWeights = [shapeWeeks]float64{1, 0.6, 0.36, 0.216}
)

// dailyShape is the exponentially weighted mean of the same phase of up to
// seven days, of cleaned and smoothed values.
func dailyShape() model {
	return model{
		name: "DailyShape", season: bySeasonDay, corrected: true,
		base: func(h *history, t, o int) float64 {
			return weightedLags(h, t, o, h.day, dayWeights[:])
		},
	}
}

// weeklyShape is the same over the same phase of up to four weeks.
func weeklyShape() model {
	return model{
		name: "WeeklyShape", season: bySeasonWeek, corrected: true,
		base: func(h *history, t, o int) float64 {
			return weightedLags(h, t, o, h.week, weekWeights[:])
		},
	}
}

// dailyMedian is the median of the same phase of up to seven days, of cleaned
// and smoothed values: an odd day leaves no trace.
func dailyMedian() model {
	return model{
		name: "DailyMedian", season: bySeasonDay, corrected: true,
		base: func(h *history, t, o int) float64 {
			var buf [shapeDays]float64
			col := buf[:0]
			i := t - h.day*lagsNeeded(t-o+h.half, h.day)
			for range shapeDays {
				if i < 0 {
					break
				}
				if v := h.shape(i); v == v {
					col = append(col, v)
				}
				i -= h.day
			}
			return median(col)
		},
	}
}

// weightedLags averages the shape at whole cycles of m steps before t. The
// window of the smoothing ends at or before o. Gaps are left out.
func weightedLags(h *history, t, o, m int, weights []float64) float64 {
	i := t - m*lagsNeeded(t-o+h.half, m)
	sum, total := 0.0, 0.0
	for _, w := range weights {
		if i < 0 {
			break
		}
		if v := h.shape(i); v == v {
			sum += w * v
			total += w
		}
		i -= m
	}
	if total == 0 {
		return math.NaN()
	}
	return sum / total
}
