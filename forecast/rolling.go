package forecast

import (
	"math"
	"slices"
)

const (
	maxOrigins = 512 // past origins that a fit scores
	backDays   = 21  // days over which they are spread
	minOrigins = 8   // fewer scores at a horizon say nothing
	forgetDay  = 0.9 // weight of an error one day older
)

// mostCoded is more than the codes of any curve miss, in the unit of a load.
const mostCoded = 1e-3

var forgetLog = math.Log(forgetDay)

// rolling scores the models at past origins. A forecast in it is made of the
// values up to its origin, and coefficients are learnt on other days than those
// they are scored on. How those values are cleaned is not: the bands, the move
// to a new level and the fellow a week later (history.side) come from the whole
// history that is fitted, so an anomaly is recognised by days that its origin
// could not know. Scores are that much better than what a forecast earns, and
// quantiles that much narrower; on measured loads it costs little coverage, at
// worst 0.857 for the P90 of a five-minute peak. A forecast from the end of the
// history looks at nothing later.
type rolling struct {
	h       *history
	models  []model
	start   int       // first step that is forecast
	daily   bool      // a day lies before it
	fold    int       // steps of one fold; folds alternate
	origins []int     // ascending
	recency []float64 // weight of each in an error
	phase   []int     // of each
	bins    bins
	first   int // step of curves[.][0]
	curves  [][]float64
	reach   []int               // by model: steps ahead that its curve serves
	feats   [][][scales]float64 // by model and origin
	moves   [][]float64         // likewise, see movesOf
	jumps   []jumpsAt           // by model
	errors  []float64           // by model: the greatest mean one of the horizons so far
	limits  []float64           // by model: deviations beyond it are unusual
	clipAt  []float64           // by model: rows beyond it weigh less
	unrest  unrest
	loud    loudness
	power   int // of the errors in the weights; 0: the usual one
	rows    *rows
	room    []float64 // for the deviations of one model at a time
	powers  *powers   // of the model before
}

// backSpan returns the first step that past origins forecast: the last 21
// days where a week stays before them, else the last half, else what follows
// the first day; without a day, what follows a quarter, but an hour at least
// where two are there.
func backSpan(n int, c seasons) (start int, daily bool) {
	m := c.day
	switch {
	case m == 0 || n < m+max(m/4, minOrigins):
		start := min(n/4, memory)
		if hour := bySeasonHour(c); n >= 2*hour {
			start = max(start, hour)
		}
		return start, false
	case n >= 9*m:
		return max(7*m, n-backDays*m), true
	case n >= 2*m:
		return n - n/2, true
	default:
		return m, true
	}
}

func newRolling(h *history, models []model) *rolling {
	n := len(h.raw)
	start, daily := backSpan(n, h.seasons)
	r := &rolling{h: h, start: max(start, 1), daily: daily}
	r.fold = max((n-r.start)/6, 1)
	if daily && n-r.start >= 2*h.day {
		r.fold = h.day
	}
	r.first = max(0, r.start-memory)
	r.origins = pickOrigins(h, r.start-1, n-1)
	r.recency = h.arena.take(len(r.origins))
	for i, o := range r.origins {
		r.recency[i] = 1
		if h.day > 0 {
			r.recency[i] = math.Exp(forgetLog * float64(n-o) / float64(h.day))
		}
	}
	r.phase = h.arena.takeInts(len(r.origins))
	for i, o := range r.origins {
		r.phase[i] = phaseOf(o-n, r.phases())
	}
	parts := 1
	if h.day > 0 && n-r.start >= 2*h.day {
		parts = min(h.day, phaseBins)
	}
	r.bins = newBins(parts, h.day)
	h.swings = learnSwings(h)
	if named(models, laggedDays().name) {
		h.lagged = learnLags(h)
	}
	if named(models, fourierCurve().name) && h.fine() {
		h.fourier = learnFourier(h)
	}
	for _, m := range models {
		r.addModel(m)
	}
	r.unrest, r.loud = newUnrest(r.unrest.log), newLoudness(h.raw)
	r.rows, r.errors = newRows(h.arena, len(r.origins), len(r.models)), h.arena.take(len(r.models))
	clear(r.errors)
	return r
}

func named(models []model, name string) bool {
	return slices.ContainsFunc(models, func(m model) bool { return m.name == name })
}

// phases is the number of phases of a day; 1 where there is no day.
func (r *rolling) phases() int { return max(r.h.day, 1) }

// pickOrigins spreads origins over from..to-1, the distances between them
// varied by the golden ratio, so that no pattern of gaps or of cron jobs is met
// each time or never. Gaps are no origin.
func pickOrigins(h *history, from, to int) []int {
	stride := max(1, (to-from+maxOrigins-1)/maxOrigins)
	out := h.arena.takeInts((to-from)/stride + 1)[:0]
	for i := 0; ; i++ {
		_, frac := math.Modf(float64(i) * (math.Phi - 1))
		o := to - 1 - i*stride - int(frac*float64(stride))
		if o < from {
			break
		}
		if v := h.raw[o]; v == v {
			out = append(out, o)
		}
	}
	slices.Reverse(out)
	return out
}

// addModel computes the curve and the deviations of m; a model that is silent
// on more than half of the steps is left out.
func (r *rolling) addModel(m model) {
	n := len(r.h.raw)
	curve := r.h.arena.take(n - r.first)
	known := 0
	m.trace(r.h, r.first, curve)
	for _, v := range curve[r.start-r.first:] {
		if v == v {
			known++
		}
	}
	if 2*known < n-r.start {
		return
	}
	r.models = append(r.models, m)
	r.curves = append(r.curves, curve)
	reach := n
	if s := m.season(r.h.seasons); s > 0 {
		reach = s - r.h.half
	}
	r.reach = append(r.reach, reach)
	r.addDeviations(m, curve)
}

// addDeviations runs over the history and notes the state at each origin.
func (r *rolling) addDeviations(m model, curve []float64) {
	limit, clipAt := math.Inf(1), math.Inf(1)
	var feats [][scales]float64
	var jumps jumpsAt
	var moves []float64
	if r.room == nil {
		r.room = r.h.arena.take(2 * len(curve))
	}
	season := m.season(r.h.seasons) > 0
	if season {
		limit = r.ordinary(curve)
		if m.coarse {
			limit = min(limit, max(limit/2, r.ordinaryOfMedian()))
		}
	}
	if m.corrected {
		d, clipped := r.room[:len(curve)], r.room[len(curve):]
		if !season {
			clipped = r.h.cleaned[r.first:]
		}
		r.deviationsFrom(curve, limit, d, clipped, season)
		var averages []float64
		feats, jumps, averages = r.statesOf(&m, d, clipped, limit)
		moves = movesOf(r.h.arena, feats)
		clipAt = hampelWidth * typical(append(r.room[:0], moves...))
		if m.unrest {
			r.unrest.log = averages
		}
	}
	r.feats, r.jumps = append(r.feats, feats), append(r.jumps, jumps)
	r.moves = append(r.moves, moves)
	r.limits, r.clipAt = append(r.limits, limit), append(r.clipAt, clipAt)
}

// deviationsFrom fills in how far each step is off the curve, in the unit of its
// phase where the curve has a season, and what of that is ordinary: see
// ordinaryPart.
func (r *rolling) deviationsFrom(curve []float64, limit float64, d, clipped []float64, season bool) {
	raw := r.h.raw[r.first:]
	if !season {
		for i, b := range curve {
			d[i] = raw[i] - b
		}
		return
	}
	unit, phase := r.h.swings.byPhase, phaseOf(r.first-len(r.h.raw), r.phases())
	if len(unit) == 0 {
		unit, phase = []float64{1}, 0
	}
	for i, b := range curve {
		v := (raw[i] - b) / unit[phase]
		if phase++; phase == len(unit) {
			phase = 0
		}
		d[i] = v
		if v > limit {
			v = limit
		} else if v < -limit {
			v = -limit
		}
		clipped[i] = v
	}
}

// statesOf takes deviations one after another and notes the averages at each
// origin.
func (r *rolling) statesOf(m *model, d, clipped []float64, limit float64) (feats [][scales]float64, jumps jumpsAt, unrests []float64) {
	feats, unrests = r.h.arena.takeFeats(len(r.origins)), r.h.arena.take(len(r.origins))
	dev := newDeviation(r.h.seasons, m, limit)
	if r.powers == nil || r.powers.decays != dev.decays {
		r.powers = dev.powers()
	}
	from, idle := 0, 0 // up to idle no step changes the jump
	for j, o := range r.origins {
		to := max(o-r.first+1, 0)
		if from >= idle {
			idle = from + dev.jump.idle(d[from:], clipped[from:])
		}
		if to <= idle {
			dev.averageAll(d[from:to], r.powers)
		} else {
			dev.addAll(d[from:to], clipped[from:to], r.powers)
		}
		from = to
		feats[j], unrests[j] = dev.features(), dev.unrest()
		if dev.jump.carries() {
			jumps = append(jumps, jumpAt{origin: j, jump: dev.jump})
		}
	}
	return feats, jumps, unrests
}

// ordinary returns the distance from the curve that is still ordinary: six robust
// standard deviations, by the mean distance where half of them or more are nothing but
// rounding. Of a load that never differs any other value is unusual that is not within
// what the curve is rounded to.
func (r *rolling) ordinary(curve []float64) float64 {
	abs := r.room[:0]
	for _, o := range r.origins {
		if d := (r.h.raw[o] - curve[max(o-r.first, 0)]) / r.h.swings.at(o); d == d {
			abs = append(abs, math.Abs(d))
		}
	}
	if len(abs) == 0 {
		return math.Inf(1)
	}
	mid := nth(abs, len(abs)/2)
	if mid < rounding {
		mid = 0
		for _, d := range abs {
			mid += d
		}
		mid /= float64(len(abs))
	}
	limit := hampelWidth * madToSigma * mid
	if limit < mostCoded {
		limit = max(limit, coded(curve))
	}
	return limit
}

// coded is what deviations from a curve may be by the two bytes alone that it, or the
// values that it is read from, are packed in: twice a 65,000th of its range.
func coded(curve []float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range curve {
		if v == v {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return max(rounding, 2*(hi-lo)/65000)
}

// ordinaryOfMedian is ordinary for the curve of DailyMedian.
func (r *rolling) ordinaryOfMedian() float64 {
	m := dailyMedian()
	if k := slices.IndexFunc(r.models, func(o model) bool { return o.name == m.name }); k >= 0 {
		return r.limits[k]
	}
	curve := r.h.arena.take(len(r.h.raw) - r.first)
	m.trace(r.h, r.first, curve)
	return r.ordinary(curve)
}

// movesOf returns the distances of the last value from its slowest average,
// whose median is the scale of what is ordinary in a regression.
func movesOf(a *arena, feats [][scales]float64) []float64 {
	out := a.take(len(feats))
	for i := range feats {
		f := &feats[i]
		out[i] = math.Abs(f[0] + f[1] + f[2] + f[3])
	}
	return out
}

// typical is the upper median of x, which it reorders; infinite where that is
// zero or x is empty.
func typical(x []float64) float64 {
	if len(x) == 0 {
		return math.Inf(1)
	}
	if mid := nth(x, len(x)/2); mid != 0 {
		return mid
	}
	return math.Inf(1)
}

// base returns the curve of model k at step t as known at step o.
func (r *rolling) base(k, t, o int) float64 {
	if t-o <= r.reach[k] {
		return r.curves[k][t-r.first]
	}
	m := &r.models[k]
	if m.lags { // the curve says the same seasons earlier
		if i := t - m.back(r.h.seasons, t-o) - r.first; i >= 0 {
			return r.curves[k][i]
		}
	}
	return m.base(r.h, t, o)
}

// repeats says how many steps before a step so far ahead of an origin the curve
// of model k has what is known of it there, and up to which distance, n at most,
// that is so; back is negative where the curve does not.
func (r *rolling) repeats(k, ahead, n int) (back, to int) {
	if ahead <= r.reach[k] {
		return 0, min(r.reach[k], n)
	}
	m := &r.models[k]
	if !m.lags {
		return -1, ahead
	}
	back = m.back(r.h.seasons, ahead)
	last := back + m.season(r.h.seasons)
	if m.smoothed {
		last -= r.h.half
	}
	return back, min(last, n)
}

// stretch is steps ahead of an origin that a curve is read for so many steps back;
// see repeats.
type stretch struct{ from, to, back int }

// stretches are those of model k over n steps.
func (r *rolling) stretches(k, n int) []stretch {
	var out []stretch
	for h := 0; h < n; {
		back, to := r.repeats(k, h+1, n)
		out = append(out, stretch{h, to, back})
		h = to
	}
	return out
}

// unitsAhead returns what deviations from a curve with a season are measured in
// by phase, and over so many steps more as the walk after an origin has.
func (r *rolling) unitsAhead(n int) []float64 {
	units := r.h.arena.take(r.phases() + n)
	for i := range units {
		units[i] = r.h.swings.atPhase(i % r.phases())
	}
	return units
}
