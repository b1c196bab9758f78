package forecast

const (
	overShare = 0.2 // share of the last hours that may be odd when incidents count as ended
	oddWidth  = 1.5 // times the reach of a band beyond which a past incident leaves no trace
)

// overBefore returns the step before which values of a series of n steps far
// outside of their bands leave no trace: see ordinaryBefore; 0 where steps are not
// fine.
//
// A value outside its band is clipped to it, since it may be the first of a new
// level. Once ordinary values have followed for hours it was an incident, and
// one far outside leaves no trace: the median of its phase stands for it, as a
// redescending influence function has it (F. Hampel et al., Robust Statistics,
// 1986, section 2.6).
func (h *history) overBefore(n int) int {
	if !h.fine() {
		return 0
	}
	return h.ordinaryBefore(n)
}

// ordinaryBefore returns the step before which incidents of a series of n steps
// have ended: six hours before its end, if what followed is ordinary; else 0.
func (h *history) ordinaryBefore(n int) int {
	hours := h.day / 4
	if len(h.bands.lo) == 0 || n <= hours {
		return 0
	}
	odd := 0
	for i := n - hours; i < n; i++ {
		if h.side(i) != 0 {
			odd++
		}
	}
	if float64(odd) > overShare*float64(hours) {
		return 0
	}
	return n - hours
}

const (
	runShare = 0.8     // share of an hour that lies on one side in a run
	runWidth = 1.0 / 3 // of the reach of a band, two robust standard deviations, beyond which a step leans
)

// forgetRuns puts the medians of their phases in the place of past hours that
// leant to one side: each value may be ordinary by itself, an hour of them is
// not. What the shapes of days and weeks are made of forgets them; what follows
// a load within hours does not.
func (h *history) forgetRuns(clean []float64) {
	if h.over == 0 {
		return
	}
	hour := max(6, h.day/24)
	up, down := h.bands.leanBounds(h.arena)
	for to := h.over; to >= hour; to -= hour {
		if !h.mayLean(to-hour, to, up, down) {
			continue
		}
		side := h.leaning(to-hour, to)
		for i := to - hour; side != 0 && i < to; i++ {
			if h.leans(i) == side {
				clean[i] = h.bands.middle(i)
			}
		}
	}
}

// mayLean says whether at least half of the steps in [from, to) lean to one side
// when their weeks are not asked; rare, and quickly told.
func (h *history) mayLean(from, to int, up, down []float64) bool {
	above, below, p := 0, 0, phaseOf(h.bands.phase0+from, len(up))
	for _, v := range h.raw[from:to] {
		if v > up[p] {
			above++
		}
		if v < down[p] {
			below++
		}
		if p++; p == len(up) {
			p = 0
		}
	}
	return 2*max(above, below) >= to-from
}

// leanBounds returns by phase above and below what a step leans.
func (b bands) leanBounds(a *arena) (up, down []float64) {
	up, down = a.take(len(b.lo)), a.take(len(b.lo))
	for p, lo := range b.lo {
		mid, reach := lo/2+b.hi[p]/2, (b.hi[p]/2-lo/2)*runWidth
		up[p], down[p] = mid+reach, mid-reach
	}
	return up, down
}

// leaning says to which side the steps in [from, to) lean; 0 for neither.
func (h *history) leaning(from, to int) int {
	up, down, present := 0, 0, 0
	for i := from; i < to; i++ {
		if h.raw[i] == h.raw[i] {
			present++
		}
		switch h.leans(i) {
		case 1:
			up++
		case -1:
			down++
		}
	}
	most, side := up, 1
	if down > up {
		most, side = down, -1
	}
	if 2*most < to-from || float64(most) < runShare*float64(present) {
		return 0
	}
	return side
}

// leans is side for a band a third as wide.
func (h *history) leans(i int) int {
	s := h.bands.leans(h.at(i), i)
	if s == 0 || h.week == 0 {
		return s
	}
	for _, j := range [2]int{i - h.week, i + h.week} {
		if j >= 0 && j < len(h.raw) && h.bands.leans(h.at(j), j) == s {
			return 0
		}
	}
	return s
}

func (b bands) leans(v float64, i int) int {
	p := phaseOf(b.phase0+i, len(b.lo))
	mid, reach := b.middle(i), (b.hi[p]/2-b.lo[p]/2)*runWidth
	switch {
	case v > mid+reach:
		return 1
	case v < mid-reach:
		return -1
	}
	return 0
}

// far says whether v is further from the median of its phase than 1.5 times the
// reach of its band.
func (b bands) far(v float64, i int) bool {
	p := phaseOf(b.phase0+i, len(b.lo))
	mid, reach := b.middle(i), b.hi[p]/2-b.lo[p]/2
	return v > mid+oddWidth*reach || v < mid-oddWidth*reach
}

// middle returns the median of the phase of step i.
func (b bands) middle(i int) float64 {
	p := phaseOf(b.phase0+i, len(b.lo))
	return b.lo[p]/2 + b.hi[p]/2
}
