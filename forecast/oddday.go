package forecast

const (
	overShare = 0.2 // share of the last hours that may be odd when incidents count as ended
	oddWidth  = 1.5 // times the reach of a band beyond which a past incident leaves no trace
)

// overBefore returns the step before which incidents of a series of n steps
// have ended: six hours before its end, if what followed is ordinary; else 0.
//
// A value outside its band is clipped to it, since it may be the first of a new
// level. Once ordinary values have followed for hours it was an incident, and
// one far outside leaves no trace: the median of its phase stands for it, as a
// redescending influence function has it (F. Hampel et al., Robust Statistics,
// 1986, section 2.6).
func (h *history) overBefore(n int) int {
	hours := h.day / 4
	if !h.fine() || len(h.bands.lo) == 0 || n <= hours {
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
