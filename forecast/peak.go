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
	var out []peakLayer
	for i := range layers {
		if layers[i].horizon <= peakReach {
			out = append(out, peakLayer{window: layers[i].horizon})
		}
	}
	if len(out) == 0 {
		return nil
	}
	reach := out[len(out)-1].window
	mix := r.mixes(layers, reach)
	scores := make([][]float64, len(out))
	every := (len(r.origins) + peakOrigins - 1) / peakOrigins
	for i := len(r.origins) - 1; i >= 0; i -= max(every, 1) {
		r.scorePeaks(i, mix, layers, out, scores)
	}
	for a := range out {
		if len(scores[a]) < minOrigins {
			return out[:a]
		}
		out[a].pool = newPool(scores[a])
	}
	return out
}

// mixes returns, for each horizon up to reach, the weight of each model and
// its coefficients.
func (r *rolling) mixes(layers []layer, reach int) []layer {
	mix := make([]layer, reach)
	for h := range mix {
		a, frac := locate(layers, h+1)
		b := min(a+1, len(layers)-1)
		m := layer{horizon: h + 1, weights: make([]float64, len(r.models)), beta: make([][scales]float64, len(r.models))}
		for k := range r.models {
			m.weights[k] = lerp(layers[a].weights[k], layers[b].weights[k], frac)
			for j := range m.beta[k] {
				m.beta[k][j] = lerp(layers[a].beta[k][j], layers[b].beta[k][j], frac)
			}
		}
		mix[h] = m
	}
	return mix
}

// scorePeaks walks from origin i and adds a score to each window that ends
// within the history and is at least half present.
func (r *rolling) scorePeaks(i int, mix, layers []layer, windows []peakLayer, scores [][]float64) {
	o, n := r.origins[i], len(r.h.raw)
	top, point := math.Inf(-1), math.Inf(-1)
	present, a := 0, 0
	for h := range mix {
		t := o + h + 1
		if t >= n || a == len(windows) {
			return
		}
		f := 0.0
		for k := range r.models {
			x := r.base(k, t, o)
			if r.models[k].corrected {
				x += r.unit(&r.models[k], t) * r.jumps[k][i].carry(dot(&mix[h].beta[k], &r.feats[k][i]), h+1)
			}
			f += mix[h].weights[k] * x
		}
		if f != f {
			return
		}
		point = max(point, f)
		if v := r.h.raw[t]; v == v {
			present++
			top = max(top, v)
		}
		if h+1 == windows[a].window {
			if 2*present >= h+1 {
				scale := r.unrest.stir(layers[a].gamma, i) * scaleAt(layers[a].scale, phaseShare(t-n, r.h.day))
				scores[a] = append(scores[a], (top-point)/scale)
			}
			a++
		}
	}
}

// peakQuantiles returns the scaled quantile by level and window.
func (f *Fitted) peakQuantiles(levels []float64) [][]float64 {
	out := make([][]float64, len(levels))
	for l, p := range levels {
		out[l] = make([]float64, len(f.peaks))
		for i := range f.peaks {
			out[l][i] = f.peaks[i].pool.at(f.raised(p, f.peaks[i].window))
		}
	}
	return out
}

// peakScore reads the quantile q of a window of w steps: between two windows
// in logarithms, and past the last one with the slope before it.
func (f *Fitted) peakScore(q []float64, w int) float64 {
	last := len(q) - 1
	if last == 0 {
		return q[0]
	}
	i := 0
	for i+1 < last && f.peaks[i+1].window <= w {
		i++
	}
	lo, hi := float64(f.peaks[i].window), float64(f.peaks[i+1].window)
	slope := (q[i+1] - q[i]) / math.Log(hi/lo)
	if float64(w) > hi {
		return q[last] + max(0, slope)*math.Log(float64(w)/hi)
	}
	return q[i] + slope*math.Log(float64(w)/lo)
}
