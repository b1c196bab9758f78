package forecast

import (
	"math"
	"slices"
)

const (
	fewWindows  = 6    // windows of a horizon below which the sign of its errors is one window's
	youngMargin = 0.25 // of the range seen, that the highest quantile may lie beyond it
)

// doubted is the pool of residuals of less than a day. Errors h steps ahead are
// alike for about h steps: a part of a day that is one ramp has them all on one
// side, which is no bias that lasts. So their median counts for nothing, as that
// of fewer than three days in centreOf. Where the steps that were scored hold few
// windows of the horizon, the next error is as likely on either side: quantiles
// are then at least those of the distances.
func doubted(own pool, resid []float64, horizon, scored int) pool {
	trust := min(1, max(0, (float64(scored)/float64(horizon)-fewWindows)/fewWindows))
	for i, e := range resid {
		resid[i] = math.Abs(e)
	}
	slices.Sort(resid)
	out, mid := own, own.at(0.5)
	for i, p := range poolGrid {
		q := own.q[i] - mid
		switch {
		case p > 0.5:
			q = lerp(max(q, orderStatistic(resid, 2*p-1)), q, trust)
		case p < 0.5:
			q = lerp(min(q, -orderStatistic(resid, 1-2*p)), q, trust)
		}
		out.q[i] = q
	}
	return out
}

// ceilingOf is three times the most that a load was; of less than two days, of
// which no phase was seen twice, once the range above it.
func (f *Fitted) ceilingOf(lo, hi float64) float64 {
	if f.n < 2*f.day {
		return hi + (hi - lo)
	}
	return upperLimit(lo, hi)
}

// bounds is what a history too short for a daily cycle has seen, and so what its
// quantiles may say. More than half of the history ahead, a load may be anything
// that it was, and as far from the point as it has moved in half of the history;
// and nowhere is it far beyond what was seen.
type bounds struct {
	n      int       // steps that were looked at; 0: the history bounds nothing
	seen   []float64 // their values, sorted
	moves  []float64 // how far values n/2 steps apart differ, sorted
	last   float64   // median of the last values
	rise   float64   // by step, where both halves of the history rose or both fell
	lo, hi float64
}

func (v *view) learnBounds() (b bounds) {
	if v.maturity != NoDailyCycle || v.day == 0 {
		return b
	}
	from := max(0, v.last+1-2*v.day)
	b.n = v.last + 1 - from
	for i := from; i <= v.last; i++ {
		x := v.h.at(i)
		if x != x {
			continue
		}
		b.seen = append(b.seen, x)
		if j := i - b.n/2; j >= from {
			if d := math.Abs(x - v.h.at(j)); d == d {
				b.moves = append(b.moves, d)
			}
		}
	}
	b.last, b.rise = trendOf(b.seen, b.n)
	slices.Sort(b.moves)
	slices.Sort(b.seen)
	b.lo, b.hi = b.seen[0], b.seen[len(b.seen)-1]
	return b
}

// trendOf returns the level at the end of values over n steps and what it gains by
// step: the lesser of the gains of the two halves. A step or a hill has no trend.
func trendOf(values []float64, n int) (last, rise float64) {
	few := min(len(values), startingRecent)
	at := func(i int) float64 { return median(slices.Clone(values[i : i+few])) }
	last = at(len(values) - few)
	middle := at((len(values) - few) / 2)
	before, after := middle-at(0), last-middle
	if before > 0 != (after > 0) {
		return last, 0
	}
	if math.Abs(before) < math.Abs(after) {
		after = before
	}
	return last, 2 * after / float64(n)
}

// most and least are how far the point may go: what was seen, and as far beyond
// it as the load has risen, or fallen, in as much time, at most by the range.
func (b *bounds) most(h int) float64 {
	return min(max(b.hi, b.last+b.rise*float64(h)), b.hi+(b.hi-b.lo))
}

func (b *bounds) least(h int) float64 {
	return max(min(b.lo, b.last+b.rise*float64(h)), b.lo-(b.hi-b.lo))
}

// point brings the point h steps ahead within them.
func (b *bounds) point(x float64, h int) float64 {
	if b.n == 0 {
		return x
	}
	return min(max(x, b.least(h)), b.most(h))
}

// quantile brings that for p, h steps ahead, within what was seen and a margin.
func (b *bounds) quantile(q, point, p float64, h int) float64 {
	if b.n == 0 {
		return q
	}
	again := lerp(q, b.again(point, p), min(1, max(0, 2*float64(h)/float64(b.n)-1)))
	margin := youngMargin * (b.hi - b.lo) * (2*p - 1)
	if p < 0.5 {
		return max(min(q, again), b.least(h)+margin)
	}
	return min(max(q, again), b.most(h)+margin)
}

// again is the quantile of what was seen, or that of the moves from the point,
// whichever is wider; the median stays at the point.
func (b *bounds) again(point, p float64) float64 {
	moved := 0.0
	switch {
	case p == 0.5:
		return point
	case len(b.moves) > 0:
		moved = orderStatistic(b.moves, math.Abs(2*p-1))
	}
	if p < 0.5 {
		return min(orderStatistic(b.seen, p), point-moved)
	}
	return max(orderStatistic(b.seen, p), point+moved)
}
