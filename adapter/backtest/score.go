package backtest

import (
	"encoding/json"
	"math"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Number is a figure that may be unknown: NaN, which JSON writes as null.
type Number float64

// MarshalJSON writes the number, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// Metrics score one forecast, or are the mean over several. What cannot be said
// is NaN.
type Metrics struct {
	// MASE is the mean absolute error of the point over the scale: the mean
	// absolute error that "as a season before" had on the history.
	MASE Number `json:"mase"`
	// SMAPE is the mean of 200 |y-f| / (|y|+|f|).
	SMAPE Number `json:"smape"`
	// Pinball is the mean pinball loss of the upper quantile over the scale.
	Pinball Number `json:"pinball"`
	// Coverage is the share of actual values at or below the quantile.
	Coverage Number `json:"coverage"`
	// Idle and Missing are what the quantile was above, and below, the actual
	// value in the mean, as a share of the mean absolute value of the history.
	Idle    Number `json:"idle"`
	Missing Number `json:"missing"`
}

// measure scores a forecast of the first len(point) actual values, upper being
// its quantile of ScoreLevel; x is the history as it was, gaps included.
func measure(x, actual, point, upper []float64, m int) Metrics {
	y := actual[:len(point)]
	scale, size := scaleOf(x, m), sizeOf(x)
	return Metrics{
		MASE:     ratio(meanPresent(y, func(i int) float64 { return math.Abs(y[i] - point[i]) }), scale),
		SMAPE:    Number(forecast.SMAPE(y, point)),
		Pinball:  ratio(forecast.MeanPinballLoss(ScoreLevel, y, upper), scale),
		Coverage: Number(forecast.Coverage(y, upper)),
		Idle:     ratio(meanPresent(y, func(i int) float64 { return max(upper[i]-y[i], 0) }), size),
		Missing:  ratio(meanPresent(y, func(i int) float64 { return max(y[i]-upper[i], 0) }), size),
	}
}

// scaleOf is the mean of |x(t) - x(t-m)| over the pairs without a gap.
func scaleOf(x []float64, m int) float64 {
	if len(x) <= m {
		return math.NaN()
	}
	return meanPresent(x[m:], func(i int) float64 { return math.Abs(x[m+i] - x[i]) })
}

func sizeOf(x []float64) float64 {
	return meanPresent(x, func(i int) float64 { return math.Abs(x[i]) })
}

// meanPresent averages what is a number at the steps where y is one.
func meanPresent(y []float64, at func(i int) float64) float64 {
	sum, n := 0.0, 0
	for i := range y {
		if v := at(i); !math.IsNaN(y[i]) && !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n) // 0/0: nothing to say
}

// ratio is NaN where the whole is 0: a history that repeats itself exactly gives
// no scale.
func ratio(part, whole float64) Number {
	if !(whole > 0) {
		return Number(math.NaN())
	}
	return Number(part / whole)
}

// fields lists the figures, to work on each alike.
func (m *Metrics) fields() []*Number {
	return []*Number{&m.MASE, &m.SMAPE, &m.Pinball, &m.Coverage, &m.Idle, &m.Missing}
}

// meanMetrics averages each figure over those that know it.
func meanMetrics(all []Metrics) Metrics {
	var out Metrics
	for k, to := range out.fields() {
		values := make([]Number, len(all))
		for i := range all {
			values[i] = *all[i].fields()[k]
		}
		*to = meanNumber(values)
	}
	return out
}

func meanNumber(values []Number) Number {
	sum, n := 0.0, 0
	for _, v := range values {
		if f := float64(v); !math.IsNaN(f) {
			sum += f
			n++
		}
	}
	return Number(sum / float64(n))
}

// meanRatio is the geometric mean of the ratios of two figures, series by
// series; a ratio that is 0, infinite or unknown is left out.
func meanRatio(of, to []Number) Number {
	sum, n := 0.0, 0
	for i := range of {
		r := float64(of[i] / to[i])
		if r > 0 && !math.IsInf(r, 0) {
			sum += math.Log(r)
			n++
		}
	}
	if n == 0 {
		return Number(math.NaN())
	}
	return Number(math.Exp(sum / float64(n)))
}
