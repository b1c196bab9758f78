package forecast

import (
	"math"
	"slices"
)

// rounding is what a residual may be by rounding alone, in a unit near the
// greatest value.
const rounding = 1e-12

// enoughRows is the number of rows above which coefficients are learnt from half of
// them, where steps are fine.
const enoughRows = 300

// layer is what a fit learns for one horizon.
type layer struct {
	horizon int
	weights []float64         // by model, sum 1
	beta    [][scales]float64 // by model
	pool    pool              // of scaled residuals of the blend
	scale   []float64         // by bin of the phase
	gamma   float64           // power of the unrest in the spread
	delta   float64           // power of the blend in the spread
	centre  float64           // bias of the blend, scaled
	grown   []float64         // by origin: what its residual was divided by, 0 where it has none; for peaks
}

// rows are the scored forecasts of one horizon; their arrays are used again
// for the next one.
type rows struct {
	origin []int // index into rolling.origins
	step   []int // that is forecast, from the first one of the curves on
	phase  []int // of it
	fold   []uint8
	folds  []int // where rows in a row of one fold end
	actual []float64
	weight []float64
	unit   []float64   // of a deviation from a curve with a season
	base   [][]float64 // by model
	resid  []float64   // room for one value a row
	more   []float64   // likewise
	heavy  []float64   // likewise

	feats [][scales]float64 // room for those of one model
	moves []float64         // likewise
}

func newRows(a *arena, origins, models int) *rows {
	x := &rows{
		origin: a.takeInts(origins), step: a.takeInts(origins), phase: a.takeInts(origins), fold: make([]uint8, origins),
		base: make([][]float64, models), feats: a.takeFeats(origins),
	}
	for _, field := range []*[]float64{&x.actual, &x.weight, &x.unit, &x.resid, &x.more, &x.heavy, &x.moves} {
		*field = a.take(origins)
	}
	for k := range x.base {
		x.base[k] = a.take(origins)
	}
	return x
}

// cut keeps the first n rows.
func (x *rows) cut(n int) {
	x.origin, x.step, x.phase, x.fold = x.origin[:n], x.step[:n], x.phase[:n], x.fold[:n]
	x.actual, x.weight, x.unit, x.resid = x.actual[:n], x.weight[:n], x.unit[:n], x.resid[:n]
	x.more, x.heavy = x.more[:n], x.heavy[:n]
	for k := range x.base {
		x.base[k] = x.base[k][:n]
	}
}

// rowsAt lists what can be scored at a horizon: an actual value is there, and
// every model says something.
func (r *rolling) rowsAt(horizon int) *rows {
	x, raw := r.rows, r.h.raw
	n := len(r.origins)
	for n > 0 && r.origins[n-1]+horizon >= len(raw) {
		n--
	}
	x.cut(n)
	copy(x.weight, r.recency)
	r.placesAt(horizon, x)
	silent := false
	for k := range r.models {
		silent = r.basesAt(k, horizon, x) || silent
	}
	for i, t := range x.step {
		v := raw[t+r.first]
		silent = silent || v != v
		x.actual[i] = v
	}
	if silent {
		x.leaveSilent()
	}
	x.findFolds()
	return x
}

// placesAt notes where the steps that are forecast lie in the history.
func (r *rolling) placesAt(horizon int, x *rows) {
	day, units := r.phases(), r.h.swings.byPhase
	ahead := phaseOf(horizon, day)
	next, fold := 0, uint8(0) // next is where the fold ends
	step, phase, folds, unit := x.step, x.phase[:len(x.step)], x.fold[:len(x.step)], x.unit[:len(x.step)]
	origin, origins, phases := x.origin[:len(step)], r.origins[:len(step)], r.phase[:len(step)]
	for i := range step {
		t, p := origins[i]+horizon, phases[i]+ahead
		if p >= day {
			p -= day
		}
		if t >= next {
			fold, next = r.foldOf(t), (t/r.fold+1)*r.fold
		}
		origin[i], step[i], phase[i], folds[i], unit[i] = i, t-r.first, p, fold, 1
		if p < len(units) {
			unit[i] = units[p]
		}
	}
}

// basesAt fills in the curve of model k as known at the origins; it reports
// whether the model has nothing to say for one of them.
func (r *rolling) basesAt(k, horizon int, x *rows) (silent bool) {
	back, _ := r.repeats(k, horizon, horizon)
	curve, out := r.curves[k], x.base[k][:len(x.step)]
	if r.models[k].flat {
		clear(out)
		return false
	}
	for i, t := range x.step {
		var v float64
		if at := t - back; back >= 0 && at >= 0 {
			v = curve[at]
		} else {
			v = r.base(k, t+r.first, t+r.first-horizon)
		}
		silent = silent || v != v
		out[i] = v
	}
	return silent
}

// statesAt returns what was known of model k at the origins; it is valid until the
// next call.
func (r *rolling) statesAt(k int, x *rows) (feats [][scales]float64, moves []float64) {
	n := len(x.origin)
	first, last := x.origin[0], x.origin[n-1]
	if last-first == n-1 { // no origin is left out
		return r.feats[k][first : last+1], r.moves[k][first : last+1]
	}
	for i, j := range x.origin {
		x.feats[i], x.moves[i] = r.feats[k][j], r.moves[k][j]
	}
	return x.feats[:n], x.moves[:n]
}

// leaveSilent leaves out the rows where a model has nothing to say, and those that
// nothing can be compared with.
func (x *rows) leaveSilent() {
	n := 0
next:
	for i := range x.origin {
		if v := x.actual[i]; v != v {
			continue
		}
		for k := range x.base {
			v := x.base[k][i]
			if v != v {
				continue next
			}
			x.base[k][n] = v
		}
		x.origin[n], x.step[n], x.phase[n], x.fold[n] = x.origin[i], x.step[i], x.phase[i], x.fold[i]
		x.actual[n], x.weight[n], x.unit[n] = x.actual[i], x.weight[i], x.unit[i]
		n++
	}
	x.cut(n)
}

// findFolds notes where a row is of another fold than the one before it.
func (x *rows) findFolds() {
	x.folds = x.folds[:0]
	for i := 1; i < len(x.fold); i++ {
		if x.fold[i] != x.fold[i-1] {
			x.folds = append(x.folds, i)
		}
	}
	x.folds = append(x.folds, len(x.fold))
}

// learn fits one horizon; ok is false where too few forecasts could be scored.
func (r *rolling) learn(horizon int) (l layer, ok bool) {
	x := r.rowsAt(horizon)
	if len(x.origin) < minOrigins {
		return layer{}, false
	}
	l.horizon = horizon
	l.beta = r.h.arena.takeFeats(len(r.models))
	clear(l.beta)
	pred := x.base // overwritten by the corrected forecasts
	for k, m := range r.models {
		if m.corrected {
			l.beta[k] = r.correct(k, horizon, x, pred[k])
		}
		// Further ahead nothing is known better. What seems so is a whole day, at which the last value has the phase of the step.
		r.errors[k] = max(r.errors[k], meanError(x.actual, pred[k], x.weight))
	}
	l.weights = r.h.arena.take(len(r.errors))
	copy(l.weights, r.errors)
	l.weights = sharpened(blendWeights(l.weights), r.power)
	resid, blend := x.resid, x.heavy
	clear(blend)
	for k, w := range l.weights {
		for i, f := range pred[k][:len(blend)] {
			blend[i] += w * f
		}
	}
	for i, y := range x.actual {
		if resid[i] = y - blend[i]; math.Abs(resid[i]) < rounding {
			resid[i] = 0
		}
	}
	r.learnSpread(x, &l)
	l.scale = r.phaseScale(x, resid)
	for i := range resid {
		resid[i] /= r.bins.at(l.scale, x.phase[i])
	}
	days := r.dayMedians(x.origin, resid, horizon, x.more)
	if r.daily {
		l.pool = newRecentPool(resid, x.weight, weighed{x.more, x.heavy})
	} else {
		l.pool = doubted(newPool(resid), resid, horizon, len(r.h.raw)-r.start)
	}
	if len(r.models) > 1 {
		l.centre = centreOf(l.pool.at(0.5), days)
	}
	return l, true
}

// meanError is the weighted mean of |y - p|. Two sums do not wait for each other.
func meanError(y, p, weight []float64) float64 {
	p, weight = p[:len(y)], weight[:len(y)]
	var a, b, total float64
	for i := 1; i < len(y); i += 2 {
		v, w := weight[i-1], weight[i]
		a += v * math.Abs(y[i-1]-p[i-1])
		b += w * math.Abs(y[i]-p[i])
		total += v + w
	}
	if i := len(y) - 1; i%2 == 0 {
		a += weight[i] * math.Abs(y[i]-p[i])
		total += weight[i]
	}
	return (a + b) / total
}

// correct learns how much of the recent deviation of model k lives on at the
// horizon and adds it to pred, each fold with the coefficients of the other.
func (r *rolling) correct(k, horizon int, x *rows, pred []float64) [scales]float64 {
	var folds [2]gram
	limit, unit := r.clipAt[k], x.unit
	season := r.models[k].season(r.h.seasons)
	if season == 0 {
		unit = x.ones()
	}
	feats, moves := r.statesAt(k, x)
	n := len(feats)
	actual, fold, pred, unit, moves := x.actual[:n], x.fold[:n], pred[:n], unit[:n], moves[:n]
	xx, xy, every := x.heavy[:n], x.resid[:n], r.everyRow(n)
	for i := 0; i < n; i += every {
		u := unit[i]
		off := actual[i] - pred[i]
		w, e, g := u, moves[i], math.Abs(off-u*feats[i][scales-1])
		if e > limit || g > limit*u { // rare; which of both is greater is anybody's guess
			q := limit / max(e, g/u)
			w *= q * q
		}
		xx[i], xy[i] = w*u, w*off
	}
	from := 0
	for _, to := range x.folds {
		first := min((from+every-1)/every*every, to)
		folds[fold[from]&1].addRows(feats[first:to], xx[first:to], xy[first:to], every)
		from = to
	}
	prior := priorBeta(season)
	both := folds[0].plus(&folds[1])
	all := both.solve(&prior)
	other := [2][scales]float64{folds[1].solve(&prior), folds[0].solve(&prior)}
	jumps := r.jumps[k]
	for i := range feats {
		move := dot(&other[fold[i]&1], &feats[i])
		if len(jumps) > 0 {
			if jump := jumps.of(x.origin[i]); jump != nil {
				move = jump.carry(move, horizon)
			}
		}
		pred[i] += unit[i] * move
	}
	return all
}

// everyRow is how many rows there are for each that coefficients are learnt from:
// those of minutes are alike, and five coefficients need fewer than quantiles. Of
// origins at each step every second one would be one phase of what alternates.
func (r *rolling) everyRow(n int) int {
	if r.h.fine() && n > enoughRows && len(r.h.raw)-r.start > maxOrigins {
		return 2
	}
	return 1
}

// ones returns a unit of 1 for each row.
func (x *rows) ones() []float64 {
	for i := range x.more {
		x.more[i] = 1
	}
	return x.more
}

func (r *rolling) foldOf(t int) uint8 { return uint8((t / r.fold) & 1) }

// priorBeta is what a model does before it has learnt: the level stays near
// the average of the last steps; a shape takes the day as it comes.
func priorBeta(season int) [scales]float64 {
	if season == 0 {
		return [scales]float64{0, 0.5, 1, 1, 1}
	}
	return [scales]float64{}
}

// blendWeights turns errors into weights: (best/mae)^6, scaled to sum 1; errors of 0
// share all. On the M4 hourly series a power of 10 does as well and 3 worse.
func blendWeights(mae []float64) []float64 {
	best := slices.Min(mae)
	w, sum := mae, 0.0
	for k, e := range mae {
		if e == best || e < rounding {
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
