package forecast

import "math"

const (
	swingDays  = 4    // days of history before phases differ
	swingFloor = 0.05 // least unit of a phase
)

// swings is the unit of deviations by phase of the day, about 1 on average.
// Deviations are carried forward in it, so that what a busy hour is off does
// not swamp a quiet night: a load twice as high as usual at noon is twice as
// high at midnight, not by as many requests. The unit is the mean of
// sqrt(|x(t)| |x(t) - x(t-day)|), between the load itself and how much it
// changes from day to day, which fail on different loads: one where a constant
// part hides the swing, the other where days repeat.
type swings struct {
	byPhase []float64 // of the step after the fit, and on; empty: 1 everywhere
	n       int
	parts   []float64 // of the day, of which byPhase is made
}

func learnSwings(h *history) swings {
	m, n := h.day, len(h.raw)
	if m == 0 || n < swingDays*m {
		return swings{}
	}
	bins := min(m, phaseBins)
	sum, count := make([]float64, bins), make([]float64, bins)
	total, all := 0.0, 0.0
	p := phaseOf(-n, m)
	for i, before := range h.cleaned[:n-m] {
		b := int(shareOf(p, m) * float64(bins))
		if p++; p == m {
			p = 0
		}
		v := h.cleaned[i+m]
		d := math.Sqrt(math.Abs(v) * math.Abs(v-before))
		if d != d {
			continue
		}
		sum[b] += d
		count[b]++
		total += d
		all++
	}
	mean := total / all
	if !(mean > 0) || math.IsInf(total, 0) {
		return swings{}
	}
	for b := range sum {
		if count[b] > 0 {
			sum[b] = swingFloor + (1-swingFloor)*sum[b]/count[b]/mean
		} else {
			sum[b] = 1
		}
	}
	return swings{byPhase: scaleSteps(sum, m, h.arena), parts: sum, n: n}
}

// at returns the unit of step i of the fit.
func (s *swings) at(i int) float64 {
	if len(s.byPhase) == 0 {
		return 1
	}
	return s.byPhase[phaseOf(i-s.n, len(s.byPhase))]
}

// atPhase is at for a step of which the phase is known.
func (s *swings) atPhase(phase int) float64 {
	if len(s.byPhase) == 0 {
		return 1
	}
	return s.byPhase[phase]
}
