package forecast

import (
	"math"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day

	// minSeason is the least number of steps in a cycle whose shape is learnt.
	minSeason = 4

	// smoothParts is the width of a window from which on sums of parts are less work.
	smoothParts = 5
)

// history is a series made ready for the models: in a unit near 1, with
// anomalies clipped and a smoothed copy. A step is an index; gaps are NaN.
type history struct {
	seasons
	raw []float64 // as measured
	inv float64   // brings raw to the unit of the fit; a power of two
	// cleaned and smooth hold what clean and shape say; nil: told on demand.
	cleaned, smooth []float64
	bands           bands
	lagged          *lagged // nil: not learnt
	fourier         *fourier
	swings          swings

	// Values before step moved belong to an old level, offset brings them to
	// the new one (shift.go).
	moved  int
	offset float64

	// Ended incidents are gaps in raw, actual has their values; nil: there are
	// none (ended.go).
	ended  []span
	actual []float64

	arena *arena // of its arrays
	over  int    // incidents before this step have ended (oddday.go)
}

// seasons are the cycles of a grid in steps; 0 marks one that the step is too
// coarse for.
type seasons struct {
	day, week int
	half      int // half width of the smoothing window, below 15 minutes in all
}

// fine says whether a step is a quarter of an hour or less. What follows a load
// within hours is for fine steps: at a step of an hour it has no time to tell,
// and costs accuracy.
func (c seasons) fine() bool { return c.day >= 24*minSeason }

func seasonsOf(step time.Duration) seasons {
	var c seasons
	if d := int((day + step/2) / step); d >= minSeason {
		c.day = d
	}
	if w := int((week + step/2) / step); w >= minSeason {
		c.week = w
	}
	if c.day > 0 {
		c.week = 7 * c.day
	}
	c.half = c.day / 192
	return c
}

// unitOf returns the power of two at or below the greatest magnitude, so that
// dividing by it is exact and squares neither overflow nor vanish. It is 1 for
// a series of zeros.
func unitOf(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		if a := math.Abs(v); a > most {
			most = a
		}
	}
	if most == 0 {
		return 1
	}
	_, exp := math.Frexp(most)
	return math.Ldexp(1, min(max(exp-1, -1022), 1023))
}

// newHistory prepares values, which are in the unit of the caller. It never
// writes to them. Where the load has moved to a new level, the steps before cut
// are brought there by offset.
func newHistory(values []float64, c seasons, unit float64) (h *history, cut int, offset float64) {
	return newHistoryIn(nil, values, c, unit)
}

// newHistoryIn is newHistory with the arrays of a, good until a takes them back.
func newHistoryIn(a *arena, values []float64, c seasons, unit float64) (h *history, cut int, offset float64) {
	h = &history{seasons: c, raw: a.take(len(values)), inv: 1, arena: a}
	inv := 1 / unit
	for i, v := range values {
		h.raw[i] = v * inv
	}
	h.bands = newBands(h.raw, c.day, a)
	if cut, offset = h.findShift(); cut > 0 {
		for i := range h.raw[:cut] {
			h.raw[i] += offset
		}
		h.bands = newBands(h.raw, c.day, a)
	}
	if h.ended = h.findEnded(); len(h.ended) > 0 {
		h.forgetEnded()
		h.bands = newBands(h.raw, c.day, a)
	}
	h.precompute()
	return h, cut, offset
}

// precompute cleans and smooths all steps at once.
func (h *history) precompute() {
	h.cleaned, h.smooth, h.over = nil, nil, 0
	h.over = h.overBefore(len(h.raw))
	clean, smooth := h.arena.take(len(h.raw)), h.arena.take(len(h.raw))
	h.cleanAll(clean)
	shaped := clean
	if h.over > 0 {
		shaped = h.arena.take(len(clean))
		copy(shaped, clean)
		h.forgetRuns(shaped)
	}
	smoothAll(shaped, h.half, smooth, h.arena)
	h.cleaned, h.smooth = clean, smooth
}

// cleanAll is clean for all steps.
func (h *history) cleanAll(out []float64) {
	lo, hi := h.bands.lo, h.bands.hi
	if len(lo) == 0 {
		copy(out, h.raw)
		return
	}
	p := h.bands.phase0
	for i, v := range h.raw {
		if out[i] = v; v > hi[p] || v < lo[p] {
			out[i] = h.clean(i)
		}
		if p++; p == len(lo) {
			p = 0
		}
	}
}

// smoothAll averages x over windows of 2*half+1 steps, cut to its bounds, without
// the gaps. A wide window is the end of one part of x and the beginning of the
// next one, whose sums are taken once: of nothing outside of it, as a running sum
// would have rounding of a great value live on behind its window.
func smoothAll(x []float64, half int, out []float64, a *arena) {
	width := 2*half + 1
	if width < smoothParts || len(x) < width {
		for i := range out {
			out[i] = windowMean(x, i-half, i+half)
		}
		return
	}
	ends := a.take(width + 1) // of the part before, from its step on
	begins, in := 0.0, width
	for i, v := range x {
		if in == width {
			begins, in, ends[width] = 0, 0, 0
			for j, back := width-1, i-1; j >= 0 && back >= 0; j, back = j-1, back-1 {
				ends[j] = ends[j+1] + x[back]
			}
		}
		begins += v
		in++
		at := i - half
		if at < half {
			continue
		}
		sum := begins + ends[in]
		if out[at] = sum / float64(width); sum != sum {
			out[at] = windowMean(x, at-half, at+half)
		}
	}
	for i := range half {
		out[i], out[len(x)-1-i] = windowMean(x, 0, i+half), windowMean(x, len(x)-1-i-half, len(x)-1)
	}
}

// windowMean averages the present values of x[lo..hi], cut to its bounds.
func windowMean(x []float64, lo, hi int) float64 {
	sum, n := 0.0, 0
	for _, v := range x[max(lo, 0):min(hi+1, len(x))] {
		if v == v {
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// shape returns the clean values around step i, averaged over 2*half+1 steps
// without the gaps; NaN for a window of gaps and outside the series.
func (h *history) shape(i int) float64 {
	if i < 0 || i >= len(h.raw) {
		return math.NaN()
	}
	if h.smooth != nil {
		return h.smooth[i]
	}
	sum, n := 0.0, 0
	for j := max(i-h.half, 0); j <= min(i+h.half, len(h.raw)-1); j++ {
		if v := h.clean(j); v == v {
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// side says whether step i lies above (1), below (-1) or within (0) the band of
// its phase. A step whose fellow a week before or after lies on the same side
// is no anomaly but a part of the week, such as a quiet Sunday.
func (h *history) side(i int) int {
	s := h.bands.side(h.at(i), i)
	if s == 0 || h.week == 0 {
		return s
	}
	for _, j := range [2]int{i - h.week, i + h.week} {
		if j >= 0 && j < len(h.raw) && h.bands.side(h.at(j), j) == s {
			return 0
		}
	}
	return s
}

// clean returns the value of step i, clipped to its band if it is an anomaly;
// a gap stays a gap.
func (h *history) clean(i int) float64 {
	if h.cleaned != nil {
		return h.cleaned[i]
	}
	v := h.at(i)
	if h.side(i) == 0 {
		return v
	}
	if i < h.over && h.bands.far(v, i) {
		return h.bands.middle(i)
	}
	return h.bands.clip(v, i)
}

// at returns the value of step i as measured, in the unit of the fit; a gap in an
// ended incident.
func (h *history) at(i int) float64 { return h.inUnit(h.raw, i) }

// seen is at, but in an ended incident too.
func (h *history) seen(i int) float64 { return h.inUnit(h.measured(), i) }

func (h *history) inUnit(x []float64, i int) float64 {
	v := x[i] * h.inv
	if i < h.moved {
		v += h.offset
	}
	return v
}
