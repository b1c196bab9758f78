package backtest

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// prediction is a point and one upper quantile for each step of a horizon.
type prediction struct{ point, upper []float64 }

// peer forecasts h steps after a history without gaps whose season has m steps,
// with the quantile for level p. It returns nothing where the history is too
// short for it.
type peer struct {
	name     string
	forecast func(x []float64, m, h int, p float64) (prediction, bool)
}

// The names of the models in a report.
const (
	Ours          = "foreshadow"
	SeasonalNaive = "seasonal naive"
	HoltWinters   = "Holt-Winters"
	LastValue     = "last value"
)

// peers are what a forecast has to beat, the one of the ratios first.
func peers() []peer {
	return []peer{{SeasonalNaive, seasonalNaive}, {HoltWinters, holtWinters}, {LastValue, lastValue}}
}

// seasonalNaive repeats the last season; its residuals one season ahead are
// taken as normal around 0, and grow with the seasons k that lie between:
//
//	q(h) = x(n - m + (h-1) mod m) + z sqrt(mean e^2) sqrt(k), k = floor((h-1)/m) + 1
//
// (R. Hyndman, G. Athanasopoulos, Forecasting: Principles and Practice, 3rd
// edition, section 5.5; it is snaive of R's package forecast.)
func seasonalNaive(x []float64, m, h int, p float64) (prediction, bool) {
	n := len(x)
	if n <= m {
		return prediction{}, false
	}
	spread := rootMeanSquare(n-m, func(i int) float64 { return x[m+i] - x[i] })
	z := distuv.UnitNormal.Quantile(p)
	return predict(h, func(i int) (float64, float64) {
		point := x[n-m+i%m]
		return point, point + z*spread*math.Sqrt(float64(i/m+1))
	}), true
}

// lastValue goes on with the last value, as a random walk:
//
//	q(h) = x(n) + z sqrt(mean (x(t) - x(t-1))^2) sqrt(h)
func lastValue(x []float64, _, h int, p float64) (prediction, bool) {
	n := len(x)
	if n < 2 {
		return prediction{}, false
	}
	spread := rootMeanSquare(n-1, func(i int) float64 { return x[i+1] - x[i] })
	z := distuv.UnitNormal.Quantile(p)
	return predict(h, func(i int) (float64, float64) {
		return x[n-1], x[n-1] + z*spread*math.Sqrt(float64(i+1))
	}), true
}

func predict(h int, at func(i int) (point, upper float64)) prediction {
	out := prediction{point: make([]float64, h), upper: make([]float64, h)}
	for i := range h {
		out.point[i], out.upper[i] = at(i)
	}
	return out
}

func rootMeanSquare(n int, at func(i int) float64) float64 {
	sum := 0.0
	for i := range n {
		sum += at(i) * at(i)
	}
	return math.Sqrt(sum / float64(n))
}

// neverNegative cuts off what lies below zero.
func (p prediction) neverNegative() {
	for i := range p.point {
		p.point[i], p.upper[i] = max(p.point[i], 0), max(p.upper[i], 0)
	}
}
