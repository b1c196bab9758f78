package forecast

const (
	shiftShare = 0.8 // share of the last two hours that must lie on one side
	shiftStart = 0.3 // share that still belongs to the run
)

// findShift reports whether the load moved to a new level: most of the last
// two hours lies outside the bands on one side, the last value included. Then the values before cut
// belong to the old level, and adding offset brings them to the new one, the
// median distance between what followed the cut and the phase medians of up to
// seven days before it. Without this a cleaner that clips by phase stays blind
// for days. A move within the first two days is left alone; cut is 0 for none.
func (h *history) findShift() (cut int, offset float64) {
	w := h.lasting()
	if len(h.bands.lo) == 0 || len(h.raw) < w {
		return 0, 0
	}
	for _, side := range []int{1, -1} {
		if start, found := h.runStart(side, w); found && start >= 2*h.day {
			return start, levelOffset(h.raw, start, h.day)
		}
	}
	return 0, 0
}

// runStart finds where the run of values on the given side of the bands that
// lasts to the end began.
func (h *history) runStart(side, w int) (start int, found bool) {
	n := len(h.raw)
	if h.side(n-1) != side {
		return 0, false // over already: an incident
	}
	count, present := 0, 0
	for i := n - w; i < n; i++ {
		if h.raw[i] == h.raw[i] {
			present++
		}
		if h.side(i) == side {
			count++
		}
	}
	if present < w/2 || float64(count) < shiftShare*float64(present) {
		return 0, false
	}
	i := n - w
	for i > 0 {
		next := count
		if h.side(i-1) == side {
			next++
		}
		if h.side(i+w-1) == side {
			next--
		}
		if float64(next) < shiftStart*float64(w) {
			break
		}
		count, i = next, i-1
	}
	for i < n-1 && h.side(i) != side {
		i++
	}
	return i, true
}

func levelOffset(x []float64, cut, m int) float64 {
	days := min(7, cut/m)
	col := make([]float64, 0, 7)
	var moved []float64
	// A run longer than a week says no more than its last week.
	for i := max(cut, len(x)-7*m); i < len(x); i++ {
		if x[i] != x[i] {
			continue
		}
		col = col[:0]
		base := cut - m + phaseOf(i-cut, m)
		for d := range days {
			if v := x[base-d*m]; v == v {
				col = append(col, v)
			}
		}
		if len(col) > 0 {
			moved = append(moved, x[i]-median(col))
		}
	}
	if len(moved) == 0 {
		return 0
	}
	return nth(moved, len(moved)/2)
}

// lasting is how many steps a move takes to become a new level: two hours, and
// six steps at least.
func (c seasons) lasting() int { return max(6, c.day/12) }
