package forecast

import "math"

const (
	spreadFloor = 0.1  // share of the mean residual added before logarithms
	spreadFar   = 0.5  // share of a power given up a day ahead
	loudFloor   = 0.3  // share of the mean load added before logarithms
	loudRidge   = 0.04 // pull towards no influence of the blend
	growthMost  = 50   // of the logarithm of the factor
)

// learnSpread learns from the residuals at a horizon with what their spread
// grows, and divides them by that:
//
//	spread(h) = scale(phase) unrest^gamma(h) blend^delta(h).
//
// gamma is the slope of log |residual| on log unrest: near one for minutes, near
// none for tomorrow. delta is that on log blend: a load is the less steady the
// higher it is (power of the mean as variance function, M. Davidian, R. Carroll,
// JASA 82, 1987). It is taken within parts of the day, as scale has what differs
// between them, and of residuals above the blend, as those of a load that bursts
// fall from heights but rise from its floor. Both lie between 0 and 1, and halve
// up to a day ahead, as few days have been seen. x.heavy has the blend, and is
// overwritten.
func (r *rolling) learnSpread(x *rows, l *layer) {
	resid, loud, y := x.resid, x.heavy, x.more
	if !logsOf(resid, y) {
		return
	}
	l.grown = r.h.arena.take(len(r.origins))
	clear(l.grown)
	far := farness(l.horizon, r.h.day)
	l.gamma = r.unrest.gamma(x.origin, y, far)
	for i, v := range loud {
		loud[i] = r.loud.of(v)
		y[i] -= l.gamma * r.unrest.at(x.origin[i])
	}
	if r.daily {
		l.delta = r.delta(x, loud, y, far)
	}
	for i, o := range x.origin {
		l.grown[o] = growth(l.gamma, r.unrest.at(o), l.delta, loud[i])
		resid[i] /= l.grown[o]
	}
}

// grownAt is the growth at an origin, or, where nothing was scored, at a blend.
func (r *rolling) grownAt(l *layer, origin int, blend float64) float64 {
	if len(l.grown) > 0 && l.grown[origin] > 0 {
		return l.grown[origin]
	}
	return growth(l.gamma, r.unrest.at(origin), l.delta, r.loud.of(blend))
}

// logsOf takes logarithms of the distances of residuals; false where all are 0.
func logsOf(resid, out []float64) bool {
	mean := 0.0
	for _, e := range resid {
		mean += math.Abs(e)
	}
	mean /= float64(len(resid))
	if !(mean > 0) || math.IsInf(mean, 0) {
		return false
	}
	for i, e := range resid {
		out[i] = logarithm(math.Abs(e) + mean*spreadFloor)
	}
	return true
}

// delta regresses y on the logarithm of the blend within parts of the day, where
// the residual is not below it; far is 0 at the first step and 1 a day ahead.
func (r *rolling) delta(x *rows, loud, y []float64, far float64) float64 {
	var n, sx, sy [phaseBins]float64
	var xx, xy float64
	for i, v := range loud {
		above := 1 - float64(math.Float64bits(x.resid[i])>>63) // no branch: half of them are
		b := r.bins.of[x.phase[i]]
		n[b] += above
		sx[b] += above * v
		sy[b] += above * y[i]
		xx += above * v * v
		xy += above * v * y[i]
	}
	for b, n := range n {
		if n > 0 {
			xx -= sx[b] * sx[b] / n
			xy -= sx[b] * sy[b] / n
		}
	}
	slope := xy / (max(xx, 0) + loudRidge*float64(len(loud)))
	return min(max(slope*(1-spreadFar*far), 0), 1)
}

// loudness takes logarithms of forecasts, in relation to the load.
type loudness struct{ per float64 } // one over the floor

// newLoudness takes the values of a history.
func newLoudness(x []float64) loudness {
	sum, n := 0.0, 0
	for _, v := range x {
		if v == v {
			sum, n = sum+math.Abs(v), n+1
		}
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return loudness{}
	}
	return loudness{1 / max(loudFloor*sum/float64(n), 0x1p-1000)}
}

func (l loudness) of(blend float64) float64 { return logarithm(max(blend, 0)*l.per + 1) }

// growth is the factor of the spread by two powers. Nothing that was learnt is near
// its end, but a forecast may be.
func growth(gamma, unrest, delta, loud float64) float64 {
	return exponential(min(gamma*unrest+delta*loud, growthMost))
}
