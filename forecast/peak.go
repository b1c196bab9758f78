package forecast

import (
	"math"
	"slices"
	"time"
)

const (
	peakReach   = 40  // steps up to which the highest value of a window is scored
	peakOrigins = 500 // past origins that score it
)

// Peak returns what the highest value over (from, to] stays below with
// probability level. It is at least Max, which only says so of each step by
// itself: over 8 noisy steps the highest of the 0.9-quantiles covers the
// highest value perhaps seven times in ten.
//
// With F the highest point in the range, b its last step, w its number of
// steps and m(h) the distance of the quantile from the point at step h, it is
// F + m(b) + p(w) - m(w), where p(w) is the quantile of (highest actual -
// highest point) over the first w steps from past origins; so for a range that
// begins at the origin it is F + p(w). Beyond 40 steps p grows with log w as it
// did before. The errors are those of Max.
func (f Forecast) Peak(level float64, from, to time.Time) (float64, error) {
	most, err := f.Max(level, from, to)
	if err != nil {
		return 0, err
	}
	l, _ := f.level(level)
	lo, hi, _ := f.steps(from, to)
	if f.peaks == nil {
		return most, nil
	}
	top := slices.Max(f.Point[lo:hi]) + f.Quantiles[l][hi-1] - f.Point[hi-1] + f.peaks[l][hi-lo-1]
	return max(most, min(top, f.ceiling)), nil
}

// peakLayer is the distribution of the highest value over the first window
// steps, less the highest point, scaled by the spread at the last of them.
type peakLayer struct {
	window int
	pool   pool
}

// learnPeaks scores the blend of layers on the windows that end at a layer's
// horizon. The coefficients were learnt on the same days, which matters little
// with thousands of values behind a few dozen of them.
func (r *rolling) learnPeaks(layers []layer) []peakLayer {
	out := make([]peakLayer, 0, len(layers))
	for i := range layers {
		if layers[i].horizon <= peakReach {
			out = append(out, peakLayer{window: layers[i].horizon})
		}
	}
	if len(out) == 0 {
		return nil
	}
	w := newWalk(r, layers[:len(out)])
	every := (len(r.origins) + peakOrigins - 1) / peakOrigins
	scores := make([][]float64, len(out))
	for a := range scores {
		scores[a] = r.h.arena.take(len(r.origins))[:0]
	}
	for i := len(r.origins) - 1; i >= 0; i -= max(every, 1) {
		r.scorePeaks(i, w.blend(r, i), w.layers, scores)
	}
	for a := range out {
		if len(scores[a]) < minOrigins {
			return out[:a]
		}
		out[a].pool = newPool(scores[a])
	}
	return out
}

// walk blends the models step by step up to the horizon of the last of its
// layers. Between two layers weights and coefficients are linear in frac. So
// weight times deviation is a square in it, which is summed over the models at
// the layers alone.
type walk struct {
	layers    []layer
	at        [peakReach]int // by step: the layer at or below
	frac      [peakReach]float64
	squares   [peakReach][3]float64
	weights   [][peakReach]float64 // by model
	terms     [][]term             // by model and layer
	stretches [][]stretch          // of its curve, by model
	sum       [peakReach]float64   // the blend
	season    carriedOn            // of models with a season, in units of it
	level     carriedOn            // of the others
	units     []float64            // of deviations, by phase
}

// term is what a layer has learnt of one model.
type term struct {
	weight float64
	beta   [scales]float64
}

func newWalk(r *rolling, layers []layer) *walk {
	models := len(r.models)
	w := &walk{
		layers: layers, weights: make([][peakReach]float64, models), terms: make([][]term, models), stretches: make([][]stretch, models),
		season: newCarriedOn(len(layers)), level: newCarriedOn(len(layers)),
	}
	w.units = r.unitsAhead(w.reach())
	for h := range w.reach() {
		a, frac := locate(layers, h+1)
		b := min(a+1, len(layers)-1)
		w.at[h], w.frac[h], w.squares[h] = a, frac, [3]float64{(1 - frac) * (1 - frac), (1 - frac) * frac, frac * frac}
		for k := range w.weights {
			w.weights[k][h] = lerp(layers[a].weights[k], layers[b].weights[k], frac)
		}
	}
	terms := make([]term, models*len(layers))
	for k := range models {
		w.terms[k], terms = terms[:len(layers)], terms[len(layers):]
		for a := range layers {
			w.terms[k][a] = term{layers[a].weights[k], layers[a].beta[k]}
		}
		if !r.models[k].flat {
			w.stretches[k] = r.stretches(k, w.reach())
		}
	}
	return w
}

func (w *walk) reach() int { return w.layers[len(w.layers)-1].horizon }

// blend forecasts from origin i, as far as the history goes.
func (w *walk) blend(r *rolling, i int) []float64 {
	o := r.origins[i]
	sum := w.sum[:min(w.reach(), len(r.h.raw)-1-o)]
	clear(sum)
	w.season.clear()
	w.level.clear()
	units := w.units[phaseOf(r.phase[i]+1, r.phases()):][:len(sum)]
	for k := range r.models {
		m := &r.models[k]
		w.addCurve(r, k, o, sum)
		if !m.corrected {
			continue
		}
		jump := r.jumps[k].of(i)
		switch seasonal := m.season(r.h.seasons) > 0; {
		case jump != nil:
			w.carry(r, k, i, jump, units, seasonal, sum)
		case seasonal:
			w.season.add(w.terms[k], &r.feats[k][i])
		default:
			w.level.add(w.terms[k], &r.feats[k][i])
		}
	}
	for a, from := 0, 0; from < len(sum); a++ {
		to := len(sum) // of the steps between two layers
		if a+1 < len(w.layers) {
			to = min(to, w.layers[a+1].horizon-1)
		}
		season, level := w.season.at(a), w.level.at(a)
		for h := from; h < to; h++ {
			q := &w.squares[h]
			sum[h] += units[h]*(q[0]*season[0]+q[1]*season[1]+q[2]*season[2]) + (q[0]*level[0] + q[1]*level[1] + q[2]*level[2])
		}
		from = to
	}
	return sum
}

// addCurve adds that of model k after step o, as known there.
func (w *walk) addCurve(r *rolling, k, o int, sum []float64) {
	for _, s := range w.stretches[k] {
		to := min(s.to, len(sum))
		if s.from >= to {
			return
		}
		part, weights := sum[s.from:to], w.weights[k][s.from:to]
		at := o + 1 + s.from - s.back - r.first
		if s.back < 0 || at < 0 {
			for h := range part {
				part[h] += weights[h] * r.base(k, o+1+s.from+h, o)
			}
			continue
		}
		for h, x := range r.curves[k][at:][:len(part)] {
			part[h] += weights[h] * x
		}
	}
}

// carriedOn is the sum over models of weight times the deviation carried
// forward: at each layer, and the terms that are mixed of it and the next one.
type carriedOn struct {
	same, mixed []float64
}

func newCarriedOn(layers int) carriedOn {
	return carriedOn{same: make([]float64, layers+1), mixed: make([]float64, layers+1)}
}

func (c *carriedOn) clear() {
	clear(c.same)
	clear(c.mixed)
}

// add takes a model with its averages at an origin.
func (c *carriedOn) add(terms []term, feats *[scales]float64) {
	same, mixed := c.same[:len(terms)], c.mixed[:len(terms)]
	weight, move := 0.0, 0.0 // of the layer before
	for a := range terms {
		w, m := terms[a].weight, dot(&terms[a].beta, feats)
		same[a] += w * m
		if a > 0 {
			mixed[a-1] += weight*m + w*move
		}
		weight, move = w, m
	}
}

// at is the sum between layers a and a+1, by the three squares.
func (c *carriedOn) at(a int) [3]float64 {
	return [3]float64{c.same[a], c.mixed[a], c.same[a+1]}
}

// carry adds the deviation of model k at origin i, where it is in a jump.
func (w *walk) carry(r *rolling, k, i int, jump *jump, units []float64, seasonal bool, sum []float64) {
	var moves [peakReach + 1]float64
	for a := range w.layers {
		moves[a] = dot(&w.layers[a].beta[k], &r.feats[k][i])
	}
	for h := range sum {
		a := w.at[h]
		move := jump.carry(lerp(moves[a], moves[a+1], w.frac[h]), h+1)
		if seasonal {
			move *= units[h]
		}
		sum[h] += w.weights[k][h] * move
	}
}

// scorePeaks compares a blend from origin i with what followed, and adds a
// score to each window that ends within the history and is at least half
// present.
func (r *rolling) scorePeaks(i int, blend []float64, layers []layer, scores [][]float64) {
	top, point := math.Inf(-1), math.Inf(-1)
	present, a := 0, 0
	actual := r.h.raw[r.origins[i]+1:][:len(blend)]
	for h, f := range blend {
		if f > point {
			point = f
		} else if f != f {
			return
		}
		if v := actual[h]; v == v {
			present++
			if v > top {
				top = v
			}
		}
		if h+1 != layers[a].horizon {
			continue
		}
		if 2*present >= h+1 {
			phase := r.phase[i] + h + 1
			if phase >= r.phases() {
				phase %= r.phases()
			}
			scale := r.grownAt(&layers[a], i, f) * r.bins.at(layers[a].scale, phase)
			scores[a] = append(scores[a], (top-point)/scale)
		}
		a++
	}
}

// peakQuantiles returns the scaled quantile by level and window.
func (v *view) peakQuantiles(levels []float64) [][]float64 {
	out := make([][]float64, len(levels))
	for l, p := range levels {
		out[l] = make([]float64, len(v.peaks))
		for i := range v.peaks {
			out[l][i] = v.peaks[i].pool.at(v.raised(p, v.peaks[i].window))
		}
	}
	return out
}

// peakScore reads the quantile q of a window of w steps: between two windows
// in logarithms, and past the last one with the slope before it.
func (v *view) peakScore(q []float64, w int) float64 {
	last := len(q) - 1
	if last == 0 {
		return q[0]
	}
	i := 0
	for i+1 < last && v.peaks[i+1].window <= w {
		i++
	}
	lo, hi := float64(v.peaks[i].window), float64(v.peaks[i+1].window)
	slope := (q[i+1] - q[i]) / math.Log(hi/lo)
	if float64(w) > hi {
		return q[last] + max(0, slope)*math.Log(float64(w)/hi)
	}
	return q[i] + slope*math.Log(float64(w)/lo)
}
