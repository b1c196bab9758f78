package forecast

import (
	"math"
	"slices"
)

// layer is what a fit learns for one horizon.
type layer struct {
	horizon int
	weights []float64         // by model, sum 1
	beta    [][scales]float64 // by model
	pool    pool              // of scaled residuals of the blend
	scale   []float64         // by bin of the phase
	gamma   float64           // power of the unrest in the spread
	centre  float64           // bias of the blend, scaled
}

// rows are the scored forecasts of one horizon.
type rows struct {
	origin []int // index into rolling.origins
	actual []float64
	base   [][]float64 // by model
	weight []float64
}

func (r *rolling) rowsAt(horizon int) rows {
	var x rows
	n := len(r.h.raw)
	x.base = make([][]float64, len(r.models))
	for k := range x.base {
		x.base[k] = make([]float64, 0, len(r.origins))
	}
	x.origin = make([]int, 0, len(r.origins))
	x.actual = make([]float64, 0, len(r.origins))
	x.weight = make([]float64, 0, len(r.origins))
	var cur [32]float64
next:
	for i, o := range r.origins {
		t := o + horizon
		if t >= n || t < r.start || r.h.raw[t] != r.h.raw[t] {
			continue
		}
		for k := range r.models {
			cur[k] = r.base(k, t, o)
			if cur[k] != cur[k] {
				continue next
			}
		}
		for k := range r.models {
			x.base[k] = append(x.base[k], cur[k])
		}
		x.origin = append(x.origin, i)
		x.actual = append(x.actual, r.h.raw[t])
		x.weight = append(x.weight, r.recency[i])
	}
	return x
}

// learn fits one horizon; ok is false where too few forecasts could be scored.
func (r *rolling) learn(horizon, bins int) (l layer, ok bool) {
	x := r.rowsAt(horizon)
	if len(x.origin) < minOrigins {
		return layer{}, false
	}
	l.horizon = horizon
	l.beta = make([][scales]float64, len(r.models))
	mae := make([]float64, len(r.models))
	pred := x.base // overwritten by the corrected forecasts
	for k, m := range r.models {
		if m.corrected {
			l.beta[k] = r.correct(k, horizon, x, pred[k])
		}
		sum, total := 0.0, 0.0
		for i, y := range x.actual {
			sum += x.weight[i] * math.Abs(y-pred[k][i])
			total += x.weight[i]
		}
		mae[k] = sum / total
	}
	l.weights = blendWeights(mae)
	resid := make([]float64, len(x.actual))
	for i, y := range x.actual {
		f := 0.0
		for k, w := range l.weights {
			f += w * pred[k][i]
		}
		resid[i] = y - f
	}
	l.gamma = r.unrest.gamma(x.origin, resid, farness(horizon, r.h.day))
	for i := range resid {
		resid[i] /= r.unrest.stir(l.gamma, x.origin[i])
	}
	l.scale = r.phaseScale(x, resid, horizon, bins)
	steps := scaleSteps(l.scale, r.h.day)
	for i := range resid {
		resid[i] /= steps[phaseOf(r.origins[x.origin[i]]+horizon-len(r.h.raw), len(steps))]
	}
	days := r.dayMedians(x, resid, horizon)
	l.pool = newPool(resid)
	if len(r.models) > 1 {
		l.centre = centreOf(resid, days)
	}
	return l, true
}

// correct learns how much of the recent deviation of model k lives on at the
// horizon and adds it to pred, each fold with the coefficients of the other.
func (r *rolling) correct(k, horizon int, x rows, pred []float64) [scales]float64 {
	var folds [2]gram
	limit := r.clipAt[k]
	for i, j := range x.origin {
		f := &r.feats[k][j]
		u := r.unit(&r.models[k], r.origins[j]+horizon)
		d := (x.actual[i] - pred[i]) / u
		if limit == math.Inf(1) {
			folds[r.foldOf(r.origins[j]+horizon)].add(f, d, u*u)
			continue
		}
		e := max(math.Abs(f[0]+f[1]+f[2]+f[3]), math.Abs(d-f[scales-1]))
		w := 1.0
		if e > limit {
			w = limit / e
			w *= w
		}
		folds[r.foldOf(r.origins[j]+horizon)].add(f, d, w*u*u)
	}
	prior := priorBeta(r.models[k].season(r.h.seasons))
	both := folds[0].plus(&folds[1])
	all := both.solve(&prior)
	other := [2][scales]float64{folds[1].solve(&prior), folds[0].solve(&prior)}
	for i, j := range x.origin {
		b := &other[r.foldOf(r.origins[j]+horizon)]
		pred[i] += r.unit(&r.models[k], r.origins[j]+horizon) * r.jumps[k][j].carry(dot(b, &r.feats[k][j]), horizon)
	}
	return all
}

func (r *rolling) foldOf(t int) int { return (t / r.fold) & 1 }

// priorBeta is what a model does before it has learnt: the level stays near
// the average of the last steps; a shape takes the day as it comes.
func priorBeta(season int) [scales]float64 {
	if season == 0 {
		return [scales]float64{0, 0.5, 1, 1, 1}
	}
	return [scales]float64{}
}

// blendWeights returns (best/mae)^6, scaled to sum 1; errors of 0 share all.
// On the M4 hourly series a power of 10 does as well and 3 worse.
func blendWeights(mae []float64) []float64 {
	best := slices.Min(mae)
	w := make([]float64, len(mae))
	sum := 0.0
	for k, e := range mae {
		if e == best {
			w[k] = 1
		} else {
			q := best / e
			q *= q
			w[k] = q * q * q
		}
		sum += w[k]
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}
