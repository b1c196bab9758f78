package forecast

import "math"

// phaseBins is the number of parts of the day with a spread of their own.
const phaseBins = 48

// phaseShare returns the phase of step t, 0 <= share < 1, of a cycle of m.
func phaseShare(t, m int) float64 {
	if m == 0 {
		return 0
	}
	return shareOf(phaseOf(t, m), m)
}

// shareOf is phaseShare for a phase.
func shareOf(phase, m int) float64 { return (float64(phase) + 0.5) / float64(m) }

// phaseScale returns the spread of residuals by phase: four fifths of the mean
// distance from zero in the phase and its four neighbours, a fifth of its mean
// over the day.
// One bin means one spread. It is positive: residuals of zero have scale 1.
func (r *rolling) phaseScale(x *rows, resid []float64) []float64 {
	const near = 2 // neighbours on either side
	var sum, count [phaseBins + 2*near]float64
	bins := r.bins.n
	total := 0.0
	for i, e := range resid {
		b := r.bins.of[x.phase[i]] + near
		sum[b] += math.Abs(e)
		count[b]++
		total += math.Abs(e)
	}
	for i := range near { // the last parts lie before the first, and those behind the last
		before, after := near+phaseOf(-1-i, bins), near+phaseOf(i, bins)
		sum[near-1-i], count[near-1-i] = sum[before], count[before]
		sum[near+bins+i], count[near+bins+i] = sum[after], count[after]
	}
	mean := total / float64(len(resid))
	out := r.h.arena.take(bins)
	for b := range out {
		s, c := 0.0, 0.0
		for j := range 2*near + 1 {
			s += sum[b+j]
			c += count[b+j]
		}
		out[b] = mean
		if c > 0 {
			out[b] = mean/5 + s/c*4/5
		}
		if out[b] == 0 {
			out[b] = 1
		}
	}
	return out
}

// bins is where the phases of a day lie among its parts.
type bins struct {
	n    int
	of   []uint8   // by phase: the part that it belongs to
	low  []uint8   // by phase: the part whose centre is the last before it
	frac []float64 // and how far it is on the way to the next centre
}

func newBins(n, m int) bins {
	m = max(m, 1)
	b := bins{n: n, of: make([]uint8, m), low: make([]uint8, m), frac: make([]float64, m)}
	for p := range m {
		x := phaseShare(p, m) * float64(n)
		i := math.Floor(x - 0.5)
		b.of[p], b.low[p], b.frac[p] = uint8(x), uint8(phaseOf(int(i), n)), x-0.5-i
	}
	return b
}

// at is scaleAt for a phase.
func (b *bins) at(scale []float64, phase int) float64 {
	if b.n == 1 {
		return scale[0]
	}
	low := int(b.low[phase])
	next := low + 1
	if next == b.n {
		next = 0
	}
	return scale[low] + b.frac[phase]*(scale[next]-scale[low])
}

// scaleSteps reads a spread at each of the m steps of a day.
func scaleSteps(scale []float64, m int, a *arena) []float64 {
	out := a.take(max(m, 1))
	for p := range out {
		out[p] = scaleAt(scale, phaseShare(p, m))
	}
	return out
}

// scaleAt reads a spread at a share of the day, linear between bin centres.
func scaleAt(scale []float64, share float64) float64 {
	n := len(scale)
	if n == 1 {
		return scale[0]
	}
	x := share*float64(n) - 0.5
	i := int(math.Floor(x))
	f := x - float64(i)
	a, b := scale[phaseOf(i, n)], scale[phaseOf(i+1, n)]
	return a + f*(b-a)
}
