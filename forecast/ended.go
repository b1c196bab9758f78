package forecast

import (
	"cmp"
	"math"
	"slices"
)

// span is a range of steps, the end not included, that lies on one side of what
// is ordinary.
type span struct{ from, to, side int }

// findEnded returns the incidents of the history that are over: runs of two
// hours, six steps at least, or more, each of which had been a new level if it had
// lasted. It is a run
// of steps outside of their bands on one side, at least four fifths of them as in
// a jump and two hours of them far outside, or a silence, or what makes the sum of
// a day odd, and it came once: what another day has at the same hours may come
// again. Where steps are not fine, two hours are too few of them, and sums alone
// tell.
//
// It is a gap as one that the user tells of: for the models, and for the quantiles,
// of which it would be the upper ones for as long as the history has it. The
// ceiling, and what recurs each day, know what it was.
func (h *history) findEnded() []span {
	over := h.ordinaryBefore(len(h.raw))
	if over == 0 {
		return nil
	}
	out := h.oddDays(over)
	if !h.fine() {
		return joined(out)
	}
	runs := h.oddRuns()
	for i, a := range runs {
		if a.to <= over && !h.recurs(runs, i) {
			out = append(out, a)
		}
	}
	if a, found := h.silence(); found && a.to <= over {
		out = append(out, a)
	}
	return joined(out)
}

// joined makes one of spans that overlap.
func joined(x []span) (out []span) {
	slices.SortFunc(x, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	for _, a := range x {
		if k := len(out) - 1; k >= 0 && a.from < out[k].to {
			out[k].to = max(out[k].to, a.to)
			continue
		}
		out = append(out, a)
	}
	return out
}

// oddRuns returns the runs outside of the bands that last. Those above and those
// below do not see each other: a moment of silence ends no run above, and silence
// that follows one begins where it begins.
func (h *history) oddRuns() []span {
	lo, hi := h.bands.lo, h.bands.hi
	up, down := oddRun{side: 1, least: h.lasting()}, oddRun{side: -1, least: h.lasting()}
	p := h.bands.phase0
	for i, v := range h.raw {
		if v > hi[p] || v < lo[p] {
			side, far := h.side(i), h.bands.far(v, i)
			up.add(i, side, far)
			down.add(i, side, far)
		} else if v == v && up.left+down.left > 0 {
			up.add(i, 0, false)
			down.add(i, 0, false)
		}
		if p++; p == len(lo) {
			p = 0
		}
	}
	up.end()
	down.end()
	return append(up.lasting, down.lasting...)
}

// oddRun is a run on one side while it lasts, and those before it.
type oddRun struct {
	side, least, left, odd int // left is what other steps have to take back, odd the steps far outside
	at                     span
	lasting                []span
}

// add takes step i, which is not a gap. One that is ordinary or on the other side
// takes four back, as in a jump, which holds fewer.
func (r *oddRun) add(i, side int, far bool) {
	if side != r.side {
		if r.left -= jumpMiss; r.left <= 0 {
			r.end()
		}
		return
	}
	if r.left == 0 {
		r.at = span{from: i, side: side}
	}
	r.left, r.at.to = min(r.left+1, r.least), i+1
	if far {
		r.odd++
	}
}

func (r *oddRun) end() {
	if r.odd >= r.least {
		r.lasting = append(r.lasting, r.at)
	}
	r.left, r.odd = 0, 0
}

// recurs says whether another run has at least half of the hours of x[i], and x[i]
// of its, on the same side.
func (h *history) recurs(x []span, i int) bool {
	a := x[i]
	for j, b := range x {
		if j == i || b.side != a.side {
			continue
		}
		p, both := phaseOf(b.from-a.from, h.day), 0
		for _, p := range [2]int{p, p - h.day} { // where b begins in the day of a
			both = max(both, min(a.to-a.from, p+b.to-b.from)-max(0, p))
		}
		if 2*both >= max(a.to-a.from, b.to-b.from) {
			return true
		}
	}
	return false
}

// silence returns the longest run of zeros if it lasts two hours, but less than a
// day, and is twice as long as any other: of a load that is noisy, zero lies
// within the bands.
func (h *history) silence() (at span, found bool) {
	longest, second := 0, 0
	for i := 0; i < len(h.raw); i++ {
		if h.raw[i] != 0 {
			continue
		}
		from, n := i, 0 // gaps count for nothing
		for ; i < len(h.raw) && (h.raw[i] == 0 || h.raw[i] != h.raw[i]); i++ {
			if h.raw[i] == 0 {
				n++
			}
		}
		if n > longest {
			at, longest, second = span{from, i, -1}, n, longest
		} else {
			second = max(second, n)
		}
	}
	return at, longest >= h.lasting() && longest < h.day && longest >= 2*second
}

// forgetEnded makes gaps of ended incidents; actual keeps what they were.
func (h *history) forgetEnded() {
	if len(h.ended) == 0 {
		return
	}
	h.actual = h.raw
	h.raw = h.arena.take(len(h.actual))
	copy(h.raw, h.actual)
	for _, s := range h.ended {
		for i := max(s.from, 0); i < min(s.to, len(h.raw)); i++ {
			h.raw[i] = math.NaN()
		}
	}
}

// measured returns the values with those of ended incidents.
func (h *history) measured() []float64 {
	if h.actual != nil {
		return h.actual
	}
	return h.raw
}

// endedIn returns the incidents that a series of n steps has, whose step 0 is step
// shift of the fit.
func (f *Fitted) endedIn(shift, n int) (out []span) {
	for _, s := range f.ended {
		if s.to > shift && s.from < shift+n {
			out = append(out, span{s.from - shift, s.to - shift, s.side})
		}
	}
	return out
}
