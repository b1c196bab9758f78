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
// seven days, of cleaned and smoothed values. Beside dailyMedian it says little
// that is new, so that Auto does without.
func dailyShape() model { return dailyMean(dayWeights[:]) }

func dailyMean(weights []float64) model {
	m := weightedShape("DailyShape", bySeasonDay, weights)
	m.unrest, m.alone = true, true
	return m
}

// weeklyShape is the same over the same phase of up to four weeks.
func weeklyShape() model { return weightedShape("WeeklyShape", bySeasonWeek, weekWeights[:]) }

func weightedShape(name string, season func(seasons) int, weights []float64) model {
	return model{
		name: name, season: season, corrected: true, lags: true, smoothed: true,
		base: func(h *history, t, o int) float64 {
			m := season(h.seasons)
			return h.weightedLags(t-m*lagsNeeded(t-o+h.half, m), m, weights)
		},
		curve: func(h *history, first, cycles int, out []float64) {
			m := season(h.seasons)
			h.weightedCurve(first-cycles*m, m, weights, out)
		},
	}
}

// dailyMedian is the median of the same phase of up to seven days, of cleaned
// and smoothed values: an odd day leaves no trace.
func dailyMedian() model {
	return model{
		name: "DailyMedian", season: bySeasonDay, corrected: true, lags: true, smoothed: true, unrest: true,
		base: func(h *history, t, o int) float64 {
			return h.medianOfLags(t-h.day*lagsNeeded(t-o+h.half, h.day), h.day)
		},
		curve: func(h *history, first, cycles int, out []float64) {
			for i := range out {
				at := first + i - cycles*h.day
				if at >= (shapeDays-1)*h.day && at < len(h.smooth) {
					if v := middleOf7(h.smooth, at, h.day); v == v {
						out[i] = v
						continue
					}
				}
				out[i] = h.medianOfLags(at, h.day)
			}
		},
	}
}

// medianOfLags is the median of the shape at step i and at up to six cycles of m
// before it.
func (h *history) medianOfLags(i, m int) float64 {
	var buf [shapeDays]float64
	col := buf[:0]
	for range shapeDays {
		if i < 0 {
			break
		}
		if v := h.shape(i); v == v {
			col = append(col, v)
		}
		i -= m
	}
	return median(col)
}

// weightedLags averages the shape at step i and at whole cycles of m steps before
// it. Gaps are left out.
func (h *history) weightedLags(i, m int, weights []float64) float64 {
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

// weightedCurve fills in weightedLags at the steps from first on, one lag after
// another.
func (h *history) weightedCurve(first, m int, weights, out []float64) {
	known := out[:max(min(len(h.smooth)-first, len(out)), 0)]
	clear(known)
	for j, w := range weights {
		from := max(j*m-first, 0)
		if from >= len(known) {
			break
		}
		part := known[from:]
		for i, v := range h.smooth[first+from-j*m:][:len(part)] {
			part[i] += w * v
		}
	}
	total, j := 0.0, 0 // of the lags that lie within the history
	for i, sum := range out {
		at := first + i
		for j < len(weights) && at >= j*m {
			total += weights[j]
			j++
		}
		if i < len(known) && sum == sum && j > 0 { // no gap
			out[i] = sum / total
		} else {
			out[i] = h.weightedLags(at, m, weights)
		}
	}
}
