package forecast

import "math"

// lagDays are the whole days before a target whose values a lagged model
// weighs, for a target that is one day ahead or less.
var lagDays = [...]int{1, 2, 3, 4, 5, 6, 7, 8, 14}

const (
	lags       = len(lagDays)
	lagReach   = 3     // days ahead with weights of their own
	lagRows    = 4096  // most targets that weights are learnt from
	lagRidge   = 0.005 // pull towards the prior, as a share of the trace
	lagForget  = 0.97  // weight of a target one day older
	lagLeast   = 7     // days of targets without which the model is left out
	lagLearnt  = 3     // days of targets before they count
	lagHistory = 3     // days of history before any target
)

// lagWeights are the weights of the values lagDays before a target, learnt from
// the days before one day.
type lagWeights [lags]float64

// lagged regresses a load on its own values whole days before, by least squares
// with a pull towards the exponentially weighted days of dailyShape: a seasonal
// autoregression (G. Box, G. Jenkins, Time Series Analysis, 1970) whose weights
// add up to one, so that a load that moves as a whole is followed. The weights
// of each day are learnt from earlier days only.
type lagged struct {
	first int // step at which day 0 begins
	prior [lagReach]lagWeights
	days  [lagReach][]lagWeights
}

// learnLags learns weights for each day of h and the one after it; nil where
// the history is too short.
func learnLags(h *history) *lagged {
	m, n := h.day, len(h.raw)
	if m == 0 || n < (lagHistory+lagLeast)*m {
		return nil
	}
	l := &lagged{first: n - n/m*m}
	total := n / m
	every := max(1, (total*m+lagRows-1)/lagRows)
	for reach := range lagReach {
		prior := lagPrior(reach + 1)
		l.prior[reach] = prior
		var g lagGram
		row := lagHistory
		out := make([]lagWeights, total+1)
		for d := range out {
			// Row d-reach-2 is the last that is known reach+1 days before any step of day d; all are known at
			// the end of the history.
			rows := d - 1 - reach
			if d == total {
				rows = total
			}
			for ; row < rows; row++ {
				g.forget()
				l.addDay(h, &g, row, reach+1, every, &prior)
			}
			// A single value before a target is its own mean: what is left of it is rounding, which no weight fits.
			if row >= lagHistory+lagLearnt {
				out[d] = g.solve()
			}
		}
		l.days[reach] = out
	}
	return l
}

// lagPrior is dailyShape's weights over the days that are known reach days
// ahead.
func lagPrior(reach int) (w lagWeights) {
	sum := 0.0
	for k, d := range lagDays {
		if d >= reach && d <= 7 {
			w[k] = math.Pow(0.7, float64(d))
			sum += w[k]
		}
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

func (l *lagged) addDay(h *history, g *lagGram, row, reach, every int, prior *lagWeights) {
	var x lagWeights
	from := l.first + row*h.day
	for i := from + row%every; i < from+h.day; i += every {
		y := h.clean(i)
		if y != y {
			continue
		}
		if base, ok := lagValues(h, i, reach, prior, &x); ok {
			g.add(&x, y-base)
		}
	}
}

// lagValues puts the values before step t into x, less their weighted mean
// under the prior, which it returns. Values that are not there count as the
// mean; ok is false if none of the prior's is there.
func lagValues(h *history, t, reach int, prior, x *lagWeights) (base float64, ok bool) {
	first := reach - 1 // the lags before it are not known yet
	clear(x[:first])
	smooth, m := h.smooth, h.day
	if oldest := t - lagDays[lags-1]*m; oldest < 0 || t-reach*m >= len(smooth) {
		for k := first; k < lags; k++ {
			x[k] = h.shape(t - lagDays[k]*m)
		}
		return lagsPresent(prior, x, first)
	}
	sum, here := 0.0, 0.0
	for k := first; k < lags; k++ {
		v := smooth[t-lagDays[k]*m]
		x[k] = v
		here += v
		base += prior[k] * v
		sum += prior[k]
	}
	if here != here { // some are missing
		return lagsPresent(prior, x, first)
	}
	base /= sum
	for k := first; k < lags; k++ {
		x[k] -= base
	}
	return base, true
}

// lagsPresent is lagValues for an x with gaps.
func lagsPresent(prior, x *lagWeights, first int) (base float64, ok bool) {
	sum := 0.0
	for k := first; k < lags; k++ {
		if v := x[k]; v == v {
			base += prior[k] * v
			sum += prior[k]
		}
	}
	if sum == 0 {
		return 0, false
	}
	base /= sum
	for k := first; k < lags; k++ {
		if x[k] == x[k] {
			x[k] -= base
		} else {
			x[k] = 0
		}
	}
	return base, true
}

// at forecasts step t from the values reach days before it and earlier.
func (l *lagged) at(h *history, t, reach int) float64 {
	if reach < 1 || reach > lagReach || t < l.first {
		return math.NaN()
	}
	days := l.days[reach-1]
	var x lagWeights
	base, ok := lagValues(h, t, reach, &l.prior[reach-1], &x)
	if !ok {
		return math.NaN()
	}
	w := &days[min((t-l.first)/h.day, len(days)-1)]
	for k := range x {
		base += w[k] * x[k]
	}
	return base
}

// curve fills in at for the steps from first on. Where no lag is missing, prior
// and weights are one sum:
//
//	mean + sum_k w_k (x_k - mean) = sum_k (w_k + (1 - sum_j w_j) p_k) x_k.
func (l *lagged) curve(h *history, first, reach int, out []float64) {
	oldest := lagDays[lags-1] * h.day
	for i := 0; i < len(out); {
		t := first + i
		to := len(out) // or the end of the day
		if rest := h.day - phaseOf(t-l.first, h.day); i+rest < to {
			to = i + rest
		}
		if reach > lagReach || t < max(l.first, oldest) || first+to-1-reach*h.day >= len(h.smooth) {
			for ; i < to; i++ {
				out[i] = l.at(h, first+i, reach)
			}
			continue
		}
		w := l.onValues(t, h.day, reach)
		l.weigh(h, t, reach, &w, out[i:to])
		i = to
	}
}

// onValues returns the weights of the values themselves for the day of step t.
func (l *lagged) onValues(t, m, reach int) lagWeights {
	days := l.days[reach-1]
	w := days[min((t-l.first)/m, len(days)-1)]
	rest := 1.0
	for _, v := range w {
		rest -= v
	}
	for k, p := range l.prior[reach-1] {
		w[k] += rest * p
	}
	return w
}

func (l *lagged) weigh(h *history, t, reach int, w *lagWeights, out []float64) {
	clear(out)
	for k := reach - 1; k < lags; k++ {
		v := w[k]
		for i, x := range h.smooth[t-lagDays[k]*h.day:][:len(out)] {
			out[i] += v * x
		}
	}
	for i, v := range out {
		if v != v {
			out[i] = l.at(h, t+i, reach)
		}
	}
}

func laggedDays() model {
	return model{
		name: "LaggedDays", season: bySeasonDay, corrected: true, days: lagHistory + lagLeast,
		base: func(h *history, t, o int) float64 {
			if h.lagged == nil {
				return math.NaN()
			}
			return h.lagged.at(h, t, lagsNeeded(t-o+h.half, h.day))
		},
		curve: func(h *history, first, cycles int, out []float64) {
			if h.lagged != nil {
				h.lagged.curve(h, first, cycles, out)
				return
			}
			for i := range out {
				out[i] = math.NaN()
			}
		},
	}
}

// lagGram holds the normal equations of the lags.
type lagGram struct {
	xx [lags * lags]float64
	xy lagWeights
}

func (g *lagGram) forget() {
	for i := range g.xx {
		g.xx[i] *= lagForget
	}
	for i := range g.xy {
		g.xy[i] *= lagForget
	}
}

func (g *lagGram) add(x *lagWeights, y float64) {
	for i := range x {
		for j := i; j < lags; j++ {
			g.xx[i*lags+j] += x[i] * x[j]
		}
		g.xy[i] += x[i] * y
	}
}

// solve returns the weights to add to the prior's.
func (g *lagGram) solve() (b lagWeights) {
	trace := 0.0
	for i := range lags {
		trace += g.xx[i*lags+i]
	}
	if !(trace > 0) || math.IsInf(trace, 0) {
		return lagWeights{}
	}
	a, b := g.xx, g.xy
	for i := range lags {
		a[i*lags+i] += lagRidge * trace / float64(lags)
	}
	if !cholesky(a[:], lags, b[:]) {
		return lagWeights{}
	}
	return b
}
