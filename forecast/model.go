package forecast

import "math"

// A model forecasts a step from the values up to an origin. It is a base
// curve, and, where corrected, the recent deviations from that curve carried
// forward with coefficients learnt for each horizon (deviation.go).
type model struct {
	name string
	// season returns the cycle that the base curve repeats; 0 for none.
	season func(seasons) int
	// base returns the curve at step t from values at steps <= o only, t > o;
	// NaN: nothing to say.
	base func(h *history, t, o int) float64
	// curve, where it is set, is base at the steps from first on for an origin
	// so far back that the last whole window of values before it lies cycles
	// seasons before each step. It serves fits, where values are cleaned ahead.
	curve func(h *history, first, cycles int, out []float64)
	// traced, where it is set, is what trace would take from base step by step.
	traced    func(h *history, first int, out []float64)
	corrected bool
	flat      bool // base is zero
	// lags says that base depends on t and o by nothing but the step that lies
	// so many seasons before t that it is known at o, with half a window of
	// smoothing after it where smoothed.
	lags, smoothed bool
	unrest         bool             // its deviations tell how restless a load is
	coarse         bool             // its curve misses so much that an outage may pass for ordinary
	alone          bool             // not for Auto
	days           int              // least history, where two cycles are not enough
	decays         *[scales]float64 // of the deviations' averages; nil: the usual ones
}

// trace fills in the curve at the steps from first on, each as known one step
// before it.
func (m *model) trace(h *history, first int, out []float64) {
	if m.curve != nil {
		m.curve(h, first, 1, out)
		return
	}
	if m.traced != nil {
		m.traced(h, first, out)
		return
	}
	for i := range out {
		out[i] = m.base(h, first+i, first+i-1)
	}
}

// extend fills in the curve after step o as known there.
func (m *model) extend(h *history, o int, out []float64) {
	if m.curve == nil {
		for i := range out {
			out[i] = m.base(h, o+1+i, o)
		}
		return
	}
	season := m.season(h.seasons)
	for i := 0; i < len(out); {
		cycles := lagsNeeded(i+1+h.half, season)
		next := min(len(out), cycles*season-h.half)
		m.curve(h, o+1+i, cycles, out[i:next])
		i = next
	}
}

// back returns how many steps of seasons, beyond the first one, lie between a
// step ahead of an origin and the values that base reads there.
func (m *model) back(c seasons, ahead int) int {
	if m.smoothed {
		ahead += c.half
	}
	season := m.season(c)
	return (lagsNeeded(ahead, season) - 1) * season
}

// catalogue lists the models, the one for the shortest history first.
func catalogue() []model {
	return []model{
		levelModel(),
		hourlyShape(),
		seasonalNaive("SeasonalNaiveDay", bySeasonDay),
		dailyShape(),
		dailyMedian(),
		fourierCurve(),
		seasonalNaive("SeasonalNaiveWeek", bySeasonWeek),
		weeklyShape(),
		laggedDays(),
	}
}

func bySeasonDay(c seasons) int  { return c.day }
func bySeasonWeek(c seasons) int { return c.week }
func noSeason(seasons) int       { return 0 }

// levelModel knows no cycle: its curve is zero, so that its deviations are the
// values themselves and its forecast a mix of the last value and of averages
// over growing spans. It serves alone while the history is shorter than a day.
func levelModel() model {
	return model{
		name:      "Level",
		season:    noSeason,
		base:      func(*history, int, int) float64 { return 0 },
		traced:    func(_ *history, _ int, out []float64) { clear(out) },
		corrected: true,
		flat:      true,
	}
}

// seasonalNaive repeats the value one cycle before; where that is a gap or
// later than the origin, one more cycle before, up to four:
// f(t) = x(t - j*m), j the least with t - j*m <= o and x(t - j*m) present. For a
// day that is a gap it is the median of the days before it: one of them says no
// more than another.
// Anomalies are clipped, so that an incident does not come back as a forecast.
func seasonalNaive(name string, season func(seasons) int) model {
	return model{
		name: name, season: season, lags: true,
		base: func(h *history, t, o int) float64 {
			m := season(h.seasons)
			return h.naive(t-m*lagsNeeded(t-o, m), m)
		},
		curve: func(h *history, first, cycles int, out []float64) {
			m := season(h.seasons)
			for i := range out {
				at := first + i - cycles*m
				if at >= 0 && at < len(h.cleaned) && h.cleaned[at] == h.cleaned[at] {
					out[i] = h.cleaned[at]
				} else {
					out[i] = h.naive(at, m)
				}
			}
		},
	}
}

// naive is the clean value of step i, or of up to three cycles of m before it; for
// days, their median.
func (h *history) naive(i, m int) float64 {
	for range 4 {
		if i < 0 {
			break
		}
		if i < len(h.raw) && h.raw[i] == h.raw[i] {
			return h.clean(i)
		}
		if i < len(h.raw) && m == h.day {
			return h.medianOfLags(i-m, m)
		}
		i -= m
	}
	return math.NaN()
}

// lagsNeeded returns the least j with j*m >= h.
func lagsNeeded(h, m int) int { return (h + m - 1) / m }
