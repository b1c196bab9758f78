package forecast

import "math"

const (
	// unrestModel is the model whose deviations tell how restless a load is.
	unrestModel = "DailyShape"
	unrestPart  = 24   // the average has a half-life of a day over this
	unrestRange = 10   // the unrest counts between a tenth and ten times its mean
	unrestFloor = 0.1  // share of the mean residual added before logarithms
	unrestRidge = 0.01 // pull towards no influence
	unrestFar   = 0.5  // share of the influence given up a day ahead
)

// unrest is the average distance of the load from its shape over the last
// hours, over that average's own mean. Errors come in clusters (R. Engle,
// Econometrica 50, 1982): the spread of a forecast grows with a power of it,
//
//	spread(h) = scale(phase) unrest^gamma(h),
//
// gamma the slope of log |residual| on log unrest at past origins, between 0 and
// 1. Near one for minutes, near none for tomorrow; a day ahead it is halved, as
// few days have been seen.
type unrest struct {
	log  []float64 // of it, by origin; empty: not known, and the spread does not depend on it
	mean float64   // brings an average to the unit of log; 0: not known
}

// newUnrest brings the averages at past origins to a mean of 1.
func newUnrest(averages []float64) unrest {
	sum := 0.0
	for _, v := range averages {
		sum += v
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return unrest{}
	}
	u := unrest{log: averages, mean: sum / float64(len(averages))}
	for i, v := range averages {
		u.log[i] = math.Log(u.scaled(v))
	}
	return u
}

func (u *unrest) scaled(v float64) float64 {
	return min(max(v/u.mean, 1.0/unrestRange), unrestRange)
}

// stir returns the factor of the spread at origin i.
func (u *unrest) stir(gamma float64, i int) float64 {
	if len(u.log) == 0 || gamma == 0 {
		return 1
	}
	return math.Exp(gamma * u.log[i])
}

// gamma regresses log |resid| on log unrest; far is 0 at the first step and 1 a
// day ahead.
func (u *unrest) gamma(origin []int, resid []float64, far float64) float64 {
	mean, n := 0.0, float64(len(resid))
	for _, e := range resid {
		mean += math.Abs(e)
	}
	mean /= n
	if len(u.log) == 0 || !(mean > 0) {
		return 0
	}
	var sx, sy, xx, xy float64
	for i, e := range resid {
		x, y := u.log[origin[i]], logarithm(math.Abs(e)+mean*unrestFloor)
		sx += x
		sy += y
		xx += x * x
		xy += x * y
	}
	slope := (xy - sx*sy/n) / (xx - sx*sx/n + unrestRidge*n)
	return min(max(slope*(1-unrestFar*far), 0), 1)
}
