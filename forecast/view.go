package forecast

import (
	"math"
	"slices"
)

// surelyMoved is how many times what is missed at its phase, at the horizon that misses
// least, a load has to be off for a model that carries no deviation to follow it.
const surelyMoved = 100

// view is a series seen through a fit at one origin.
type view struct {
	*Fitted
	learnt
	h       *history
	last    int         // index of the last value
	shift   int         // step of the fit = index + shift
	extra   [][]float64 // by layer and model: the deviation carried forward
	calm    []float64   // by model: how much it moves outside jumps
	jumps   []jump      // by model
	odd     []int       // by model: run of its jump, whether it follows that or not
	stirred float64     // logarithm of the unrest at the origin; 0: not known, or as usual
	faded   float64     // share of what recurs that counts; 0: nothing does
	hi      float64     // greatest value known, in the unit of the fit
	lo      float64     // likewise the least

	bounds     bounds
	ceiling    float64
	quant, top [][]float64 // scaled quantiles by level, and by layer or window
}

// observe looks at s from index last, to forecast steps after it.
func (f *Fitted) observe(s Series, last, steps int, a *arena) *view {
	v := &view{
		Fitted: f, last: last,
		shift: int(math.Round(float64(s.Start.Sub(f.start)) / float64(f.step))),
		hi:    f.hi / f.unit, lo: f.lo / f.unit,
	}
	from := max(0, last+1-memory)
	v.learnt = f.unpack(a, from+v.shift, last+1+steps+v.shift)
	v.h = &history{seasons: f.seasons, raw: s.Values, inv: 1 / f.unit, bands: v.bands.shifted(v.shift), arena: a}
	v.h.moved, v.h.offset = f.moved-v.shift, f.offset
	v.h.ended = f.endedIn(v.shift, len(s.Values))
	v.h.forgetEnded()
	v.h.over = v.h.overBefore(last + 1)
	feats := make([][scales]float64, len(f.models))
	room := a.take(2 * (last + 1 - from))
	v.jumps, v.calm, v.odd = make([]jump, len(f.models)), make([]float64, len(f.models)), make([]int, len(f.models))
	for k := range f.models {
		if !f.models[k].corrected && !v.unusual(k) {
			continue
		}
		dev := newDeviation(f.seasons, &f.models[k], f.limits[k])
		d, clipped := room[:len(room)/2], room[len(room)/2:]
		v.deviations(k, from, d, clipped)
		before := dev
		dev.addEach(d, clipped)
		v.odd[k] = dev.jump.run
		if !f.models[k].corrected && !v.sure(k, &dev.jump) {
			continue
		}
		feats[k], v.jumps[k] = dev.features(), dev.jump
		if dev.jump.mayWiden() {
			v.calm[k] = before.calmOf(d, clipped)
		}
		if f.models[k].unrest && f.unrest.mean > 0 {
			v.stirred = math.Log(f.unrest.scaled(dev.unrest()))
		}
	}
	for i := from; i <= last; i++ {
		if x := s.Values[i] * v.h.inv; x == x {
			v.hi, v.lo = max(v.hi, x), min(v.lo, x)
		}
	}
	v.faded = v.fade()
	v.extra = make([][]float64, len(v.layers))
	for i := range v.layers {
		v.extra[i] = a.take(len(f.models))
		for k := range f.models {
			v.extra[i][k] = dot(&v.layers[i].beta[k], &feats[k])
		}
	}
	return v
}

// unusual says whether any of the last values is farther off the curve of model k
// than is ordinary. As many that are not end a jump of any length: what always was
// as the day before, and is again, is told from an incident at once.
func (v *view) unusual(k int) bool {
	for i, seen := v.last, 0; i >= 0 && seen < jumpMiss; i-- {
		off := v.off(k, i)
		if math.Abs(off) > v.limits[k] {
			return true
		}
		if off == off {
			seen++
		}
	}
	return false
}

// off returns how far step i is off the curve of model k.
func (v *view) off(k, i int) float64 {
	return (v.h.at(i) - v.curve(k, i, i-1)) / v.unitAt(k, i)
}

// deviations fills in how far each step since from is off the curve of model k, and
// what of that is ordinary.
func (v *view) deviations(k, from int, d, clipped []float64) {
	m, limit, n := &v.models[k], v.limits[k], len(d)
	at, season := from+v.shift-v.tableStart, m.season(v.seasons)
	var curve []float64
	switch {
	case season > 0 && season < v.day: // read from the values
		curve = v.h.arena.take(n)
		m.trace(v.h, from, curve)
	case season < v.day || at < 0 || at+n > len(v.tables[k]):
		for i := range d {
			d[i] = (v.h.at(from+i) - v.curve(k, from+i, from+i-1)) / v.unitAt(k, from+i)
			clipped[i] = v.h.ordinaryPart(m, from+i, d[i], limit)
		}
		return
	default:
		curve = v.tables[k][at : at+n]
	}
	unit, phase := v.swings.byPhase, 0
	if len(unit) == 0 {
		unit = []float64{1}
	} else {
		phase = phaseOf(from+v.shift-v.swings.n, len(unit))
	}
	for i, base := range curve {
		x := (v.h.at(from+i) - base) / unit[phase]
		if phase++; phase == len(unit) {
			phase = 0
		}
		d[i] = x
		if x > limit {
			x = limit
		} else if x < -limit {
			x = -limit
		}
		clipped[i] = x
	}
}

func (v *view) unitAt(k, t int) float64 {
	if v.models[k].season(v.seasons) == 0 {
		return 1
	}
	return v.swings.at(t + v.shift)
}

// curve returns the curve of model k at index t as known at index o.
func (v *view) curve(k, t, o int) float64 {
	m := &v.models[k]
	season := m.season(v.seasons)
	if season == 0 {
		return 0
	}
	if season < v.day {
		return m.base(v.h, t, o) // an hour that has passed since the fit is known
	}
	tab := v.tables[k]
	i := t + v.shift - v.tableStart
	if i >= 0 && i < len(tab) && (o+v.shift >= v.n-1 || t-o+v.half <= season) {
		return tab[i]
	}
	if x := m.base(v.h, t, o); x == x || i < len(tab) {
		return x
	}
	// s is too short to tell: the curve of the fit, whole cycles earlier.
	if i -= season * lagsNeeded(i-len(tab)+1, season); i >= 0 && i < len(tab) {
		return tab[i]
	}
	return math.NaN()
}

// fill writes the forecast for steps that begin gap steps after the last value.
func (v *view) fill(out *Forecast, gap int) {
	v.ceiling, v.bounds = v.ceilingOf(v.lo, v.hi), v.learnBounds()
	v.quant, v.top = v.layerQuantiles(out.Levels), v.peakQuantiles(out.Levels)
	out.ceiling = finite(v.ceiling * v.unit)
	if len(v.peaks) > 0 {
		out.peaks = make([][]float64, len(out.Levels))
		for l := range out.peaks {
			out.peaks[l] = make([]float64, len(out.Point))
		}
	}
	for i := range out.Point {
		h := gap + i + 1
		a, frac := locate(v.layers, h)
		b := min(a+1, len(v.layers)-1)
		if i == 0 {
			out.Weights = v.weightsAt(a, b, frac)
		}
		blend := v.blend(h, a, b, frac)
		spread := v.spreadAt(h, blend.point, a, b, frac)
		// A spread that has grown with the jump is not to be widened for it again.
		blend.wider = max(1, blend.wider*min(1, v.spreadAt(h, blend.calm, a, b, frac)/spread))
		point := v.bounded(v.bounds.point(blend.point+spread*lerp(v.layers[a].centre, v.layers[b].centre, frac), h))
		out.Point[i] = finite(point * v.unit)
		v.quantiles(out, i, place{h, a, b, frac}, &blend, point, spread)
	}
}

// spreadAt returns the unit of scaled residuals around blend, h steps after the
// last value.
func (v *view) spreadAt(h int, blend float64, a, b int, frac float64) float64 {
	share := phaseShare(v.last+h+v.shift-v.n, v.day)
	return v.grown(blend, a, b, frac) * v.beyond(h) * lerp(scaleAt(v.layers[a].scale, share), scaleAt(v.layers[b].scale, share), frac)
}

// place is a horizon between two layers.
type place struct {
	h, a, b int
	frac    float64
}

// quantiles writes those of step i, h steps after the last value, around a
// blend whose centre is the point, and, for upper ones, around the blend with
// a jump that stays.
func (v *view) quantiles(out *Forecast, i int, at place, blend *blend, point, scale float64) {
	below, recurs := math.Inf(-1), v.recurring(v.last+at.h)
	for l, p := range out.Levels {
		distance := scale * lerp(v.quant[l][at.a], v.quant[l][at.b], at.frac)
		q := v.bounds.quantile(blend.point+distance, point, p, at.h)
		if p >= 0.5 {
			// The median asks what is likely, not what may last.
			stays := lerp(blend.point, blend.most, min(1, (p-0.5)/(recurringLevel-0.5)))
			q = max(q, v.bounds.quantile(stays+distance*blend.wider, point, p, at.h), point)
		} else {
			q = min(q, point)
		}
		if p >= recurringLevel {
			q = max(q, recurs)
		}
		q = max(v.bounded(q), below)
		below = q
		out.Quantiles[l][i] = finite(q * v.unit)
		if out.peaks != nil {
			over := scale*v.peakScore(v.top[l], at.h) - (q - blend.point)
			out.peaks[l][i] = finite(over * v.unit)
		}
	}
}

// grown returns the factor of the spread by the unrest at the origin and by the
// blend.
func (v *view) grown(blend float64, a, b int, frac float64) float64 {
	gamma, delta := lerp(v.layers[a].gamma, v.layers[b].gamma, frac), lerp(v.layers[a].delta, v.layers[b].delta, frac)
	return growth(gamma, v.stirred, delta, v.loud.of(blend))
}

// bounded keeps x below the ceiling, and from falling below zero where the
// load never did.
func (v *view) bounded(x float64) float64 {
	if x = min(x, v.ceiling); v.lo >= 0 {
		return max(x, 0)
	}
	return x
}

// blend is what the models together say of a step.
type blend struct {
	point float64
	calm  float64 // without jumps
	most  float64 // with a jump that stays
	wider float64 // times that the load moves more in a jump
}

// blend takes the models together for h steps after the last value. Those that have
// nothing to say there leave their weight to the others.
func (v *view) blend(h, a, b int, frac float64) blend {
	var s blend
	total := 0.0
	for k := range v.models {
		w := lerp(v.layers[a].weights[k], v.layers[b].weights[k], frac)
		base := v.curve(k, v.last+h, v.last)
		if w == 0 || base != base {
			continue
		}
		unit, learnt := v.unitAt(k, v.last+h), lerp(v.extra[a][k], v.extra[b][k], frac)
		jump := v.jumpOf(k, h)
		s.calm += w * (base + unit*learnt)
		s.point += w * (base + unit*jump.carry(learnt, h))
		s.most += w * (base + unit*jump.most(learnt, h))
		s.wider += w * jump.widens(v.calm[k])
		total += w
	}
	if x := s.point / total; total > 0 && x == x {
		return blend{x, s.calm / total, s.most / total, s.wider / total}
	}
	last := v.h.at(v.last)
	return blend{last, last, last, 1}
}

// sure says whether a jump is followed by model k, which carries no deviation. Such
// a model is a hedge against an incident like those that were seen; but a load that
// always was as the day before is followed by nothing else.
func (v *view) sure(k int, j *jump) bool {
	if j.run < jumpLeast {
		return false
	}
	missed, share := math.Inf(1), phaseShare(v.last+v.shift-v.n, v.day)
	for i := range v.layers {
		q := &v.layers[i].pool.q
		missed = min(missed, max(-q[0], q[len(q)-1])*scaleAt(v.layers[i].scale, share))
	}
	return math.Abs(j.sum/j.den)*v.unitAt(k, v.last) > surelyMoved*missed
}

var noJump jump // only read

// jumpOf returns the jump of model k h steps ahead: none where its curve is a
// value that is as far off on that side itself.
func (v *view) jumpOf(k, h int) *jump {
	j, m := &v.jumps[k], &v.models[k]
	if m.corrected || !j.carries() {
		return j
	}
	season := m.season(v.seasons)
	at := v.last + h - season*lagsNeeded(h, season)
	if off := math.Copysign(1, j.sum) * v.off(k, at); off > v.limits[k] && v.h.clean(at) == v.h.at(at) {
		return &noJump
	}
	return j
}

// locate returns the layer at or below horizon h and how far h is on the way
// to the next, in logarithms.
func locate(layers []layer, h int) (a int, frac float64) {
	for a+1 < len(layers) && layers[a+1].horizon <= h {
		a++
	}
	if a+1 == len(layers) || h <= layers[a].horizon {
		return a, 0
	}
	lo, hi := float64(layers[a].horizon), float64(layers[a+1].horizon)
	return a, math.Log(float64(h)/lo) / math.Log(hi/lo)
}

// beyond widens the spread past the last horizon that was scored, with the
// root of the horizon as a random walk has it, up to three times.
func (v *view) beyond(h int) float64 {
	last := v.layers[len(v.layers)-1].horizon
	if h <= last {
		return 1
	}
	return min(3, math.Sqrt(float64(h)/float64(last)))
}

func (v *view) weightsAt(a, b int, frac float64) []Weight {
	w := make([]Weight, len(v.models))
	for k, m := range v.models {
		w[k] = Weight{Model: m.name, Value: lerp(v.layers[a].weights[k], v.layers[b].weights[k], frac)}
	}
	slices.SortStableFunc(w, func(x, y Weight) int {
		switch {
		case x.Value > y.Value:
			return -1
		case x.Value < y.Value:
			return 1
		}
		return 0
	})
	return w
}

// layerQuantiles returns the scaled quantile by level and layer.
func (v *view) layerQuantiles(levels []float64) [][]float64 {
	out := make([][]float64, len(levels))
	for l, p := range levels {
		out[l] = make([]float64, len(v.layers))
		for a := range v.layers {
			out[l][a] = v.layers[a].pool.at(v.raised(p, v.layers[a].horizon))
		}
	}
	return out
}
