package forecast

// hourlyHours is how many hours the hourly shape looks back.
const hourlyHours = 12

// bySeasonHour is the steps of an hour; 0 where the step is too coarse, or no
// whole part of an hour.
func bySeasonHour(c seasons) int {
	if !c.fine() || c.day%24 != 0 {
		return 0
	}
	return c.day / 24
}

// hourlyShape is the median of the same minute of the last twelve hours: jobs
// that run each hour, at a level that moves within hours. The daily shapes know
// such jobs too, but not yet after a shift.
func hourlyShape() model {
	return model{
		name: "HourlyShape", season: bySeasonHour, corrected: true, lags: true,
		base: func(h *history, t, o int) float64 {
			var buf [hourlyHours]float64
			col := buf[:0]
			m := bySeasonHour(h.seasons)
			i := t - m*lagsNeeded(t-o, m)
			for range hourlyHours {
				if i < 0 {
					break
				}
				if v := h.clean(i); v == v {
					col = append(col, v)
				}
				i -= m
			}
			return median(col)
		},
		traced: traceHours,
	}
}

// hours are the values of one minute of the last hours, sorted, without gaps.
type hours struct {
	n      int
	sorted [hourlyHours]float64
}

func (w *hours) add(v float64) {
	if v != v {
		return
	}
	i := w.n
	for ; i > 0 && w.sorted[i-1] > v; i-- {
		w.sorted[i] = w.sorted[i-1]
	}
	w.sorted[i] = v
	w.n++
}

func (w *hours) drop(v float64) {
	for i, x := range w.sorted[:w.n] {
		if x == v {
			copy(w.sorted[i:w.n], w.sorted[i+1:w.n])
			w.n--
			return
		}
	}
}

func (w *hours) median() float64 { return middle(w.sorted[:w.n]) }

// traceHours fills in the hourly shape from step first on: from one hour to the
// next a minute wins one value and loses one.
func traceHours(h *history, first int, out []float64) {
	m := bySeasonHour(h.seasons)
	by := make([]hours, m)
	start := max(0, first-(hourlyHours+1)*m)
	clean := h.cleanFrom(start, first+len(out)-m)
	for i := start; i < first-m; i++ {
		by[phaseOf(i, m)].add(clean[i-start])
	}
	p := phaseOf(first, m)
	for i := range out {
		w := &by[p]
		if p++; p == m {
			p = 0
		}
		at := first + i - m - start
		if old := at - hourlyHours*m; old >= 0 {
			w.drop(clean[old])
		}
		if at >= 0 {
			w.add(clean[at])
		}
		out[i] = w.median()
	}
}

// cleanFrom is clean for the steps from one on up to another.
func (h *history) cleanFrom(from, to int) []float64 {
	if to = max(from, to); h.cleaned != nil {
		return h.cleaned[from:to]
	}
	out := h.arena.take(to - from)
	for i := range out {
		out[i] = h.clean(from + i)
	}
	return out
}
