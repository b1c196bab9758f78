package forecast

import "math"

// PinballLoss is the loss of the p-quantile forecast f once y is known:
// (y-f)p if y >= f, else (f-y)(1-p) (R. Koenker, G. Bassett, Regression
// Quantiles, Econometrica 46, 1978). Its expectation is least at the true
// quantile. It is NaN if y or f is.
func PinballLoss(p, y, f float64) float64 {
	if y >= f {
		return (y - f) * p
	}
	return (f - y) * (1 - p)
}

// MeanPinballLoss averages PinballLoss over the steps whose actual value y[i]
// is no gap; NaN if there is none. It panics if the lengths differ.
func MeanPinballLoss(p float64, y, f []float64) float64 {
	return meanOver(y, f, func(a, b float64) float64 { return PinballLoss(p, a, b) })
}

// Covers says that the actual value y is at or below the quantile f, or above it
// by no more than rounding: a constant load of 100 has quantiles such as
// 99.99999999999999, which it meets. It is false if either is NaN.
func Covers(y, f float64) bool {
	return y <= f || y-f <= roundingError*min(math.Abs(y), math.Abs(f))
}

// roundingError is what the arithmetic of a forecast may be off, relative to the
// value: some thousands of additions, each by at most 2^-53.
const roundingError = 1e-12

// Coverage is the share of actual values y[i] that the quantile f[i] covers, as
// Covers says; gaps in y are left out, and it is NaN if nothing is left. A
// calibrated p-quantile covers p. It panics if the lengths differ.
func Coverage(y, f []float64) float64 {
	return meanOver(y, f, func(a, b float64) float64 {
		if Covers(a, b) {
			return 1
		}
		return 0
	})
}

// SMAPE is the symmetric mean absolute percentage error, mean of
// 200 |y-f| / (|y|+|f|), between 0 and 200; a step where both are 0 counts 0
// (S. Makridakis et al., The M4 Competition, IJF 36(1), 2020). It says nothing
// useful near zero. Gaps in y are left out; NaN if nothing is left. It panics
// if the lengths differ.
func SMAPE(y, f []float64) float64 {
	return meanOver(y, f, func(a, b float64) float64 {
		den := math.Abs(a) + math.Abs(b)
		if den == 0 {
			return 0
		}
		return 200 * math.Abs(a-b) / den
	})
}

// MASE is the mean absolute error of f in units of the mean absolute error
// that the seasonal naive forecast with season length m had one step ahead on
// the history (R. Hyndman, A. Koehler, IJF 22(4), 2006). Gaps are left out on
// both sides. It is NaN if no actual value is left, or if the history has no
// pair m steps apart or repeats itself exactly. It panics if the lengths of y
// and f differ or if m < 1.
func MASE(history, y, f []float64, m int) float64 {
	if m < 1 {
		panic("forecast: MASE needs a season length of at least 1")
	}
	if len(history) <= m {
		return math.NaN()
	}
	scale := meanOver(history[m:], history[:len(history)-m], func(a, b float64) float64 { return math.Abs(a - b) })
	if scale == 0 {
		return math.NaN()
	}
	return meanOver(y, f, func(a, b float64) float64 { return math.Abs(a - b) }) / scale
}

// meanOver averages score(y[i], f[i]) over the pairs without a gap.
func meanOver(y, f []float64, score func(y, f float64) float64) float64 {
	if len(y) != len(f) {
		panic("forecast: actual and forecast values differ in length")
	}
	sum, n := 0.0, 0
	for i := range y {
		if y[i] == y[i] && f[i] == f[i] {
			sum += score(y[i], f[i])
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}
