package backtest

import (
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// smoothing are the parameters of additive Holt-Winters, each in (0, 1).
type smoothing struct{ alpha, beta, gamma float64 }

// holtWinters smooths level a, trend b and season s, and goes on with them:
//
//	a(t) = alpha (x(t) - s(t-m)) + (1-alpha) (a(t-1) + b(t-1))
//	b(t) = beta (a(t) - a(t-1)) + (1-beta) b(t-1)
//	s(t) = gamma (x(t) - a(t)) + (1-gamma) s(t-m)
//	f(n+h) = a(n) + h b(n) + s(n-m + 1 + (h-1) mod m)
//
// (P. Winters, Management Science 6(3), 1960.) The parameters are those of the
// least squared error one step ahead over the last ten seasons, by Nelder and
// Mead from (0.2, 0.01, 0.2).
// The variance h steps ahead is that of the residuals times 1 + sum over j < h of
// (alpha (1 + j beta) + [m divides j] gamma (1-alpha))^2 (M. Yar, C. Chatfield,
// International Journal of Forecasting 6(1), 1990). Two seasons are the least.
func holtWinters(x []float64, m, h int, p float64) (prediction, bool) {
	if len(x) < 2*m+1 {
		return prediction{}, false
	}
	par := newSmoother(x[max(0, len(x)-fitSeasons*m):], m).fit()
	s := newSmoother(x, m)
	sum := s.run(par)
	spread := math.Sqrt(sum / float64(len(x)-m))
	z, grown, n := distuv.UnitNormal.Quantile(p), 1.0, len(x)
	return predict(h, func(i int) (float64, float64) {
		if i > 0 {
			psi := par.alpha * (1 + float64(i)*par.beta)
			if i%m == 0 {
				psi += par.gamma * (1 - par.alpha)
			}
			grown += psi * psi
		}
		point := s.level + float64(i+1)*s.trend + s.season[(n+i)%m]
		return point, point + z*spread*math.Sqrt(grown)
	}), true
}

// smoother runs over one history as often as it takes.
type smoother struct {
	x            []float64
	m            int
	season       []float64 // by step modulo m
	level, trend float64
	// What it begins with.
	firstSeason            []float64
	firstLevel, firstTrend float64
}

// newSmoother begins with the first two seasons: their means give level and
// trend, the mean deviation from them the season.
func newSmoother(x []float64, m int) *smoother {
	s := &smoother{x: x, m: m, season: make([]float64, m), firstSeason: make([]float64, m)}
	one, two := meanOf(x[:m]), meanOf(x[m:2*m])
	s.firstLevel, s.firstTrend = one, (two-one)/float64(m)
	for i := range m {
		s.firstSeason[i] = (x[i] - one + x[m+i] - two) / 2
	}
	return s
}

func meanOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// run smooths from the second season on and returns the sum of the squared
// errors one step ahead.
func (s *smoother) run(p smoothing) float64 {
	copy(s.season, s.firstSeason)
	level, trend, sum := s.firstLevel, s.firstTrend, 0.0
	k := 0
	for _, v := range s.x[s.m:] {
		next := level + trend
		e := v - next - s.season[k]
		sum += e * e
		next = p.alpha*(v-s.season[k]) + (1-p.alpha)*next
		trend = p.beta*(next-level) + (1-p.beta)*trend
		level = next
		s.season[k] = p.gamma*(v-level) + (1-p.gamma)*s.season[k]
		if k++; k == s.m {
			k = 0
		}
	}
	s.level, s.trend = level, trend
	return sum
}

const (
	// fitRuns bounds how often a fit runs over its seasons: by then the parameters
	// stand still.
	fitRuns    = 120
	fitSeasons = 10
)

// fit searches on the logits, where every point is allowed.
func (s *smoother) fit() smoothing {
	problem := optimize.Problem{Func: func(z []float64) float64 { return s.run(smoothingAt(z)) }}
	begin := []float64{logit(0.2), logit(0.01), logit(0.2)}
	best, err := optimize.Minimize(problem, begin, &optimize.Settings{FuncEvaluations: fitRuns}, &optimize.NelderMead{})
	if best == nil || err != nil && best.X == nil {
		return smoothingAt(begin)
	}
	return smoothingAt(best.X)
}

func smoothingAt(z []float64) smoothing {
	return smoothing{alpha: logistic(z[0]), beta: logistic(z[1]), gamma: logistic(z[2])}
}

func logit(p float64) float64    { return math.Log(p / (1 - p)) }
func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
