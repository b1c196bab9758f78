package forecast

import "math"

const (
	unrestPart  = 24   // the average has a half-life of a day over this
	unrestRange = 10   // the unrest counts between a tenth and ten times its mean
	unrestRidge = 0.01 // pull towards no influence
)

// unrest is the average distance of the load from its shape over the last
// hours, over that average's own mean. Errors come in clusters (R. Engle,
// Econometrica 50, 1982): the spread of a forecast grows with a power of it, see
// learnSpread.
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

// at returns the logarithm of the unrest at origin i; 0 where it is not known.
func (u *unrest) at(i int) float64 {
	if len(u.log) == 0 {
		return 0
	}
	return u.log[i]
}

// gamma regresses y, log |residual|, on log unrest; far is 0 at the first step and
// 1 a day ahead.
func (u *unrest) gamma(origin []int, y []float64, far float64) float64 {
	if len(u.log) == 0 {
		return 0
	}
	var sx, sy, xx, xy float64
	n := float64(len(y))
	for i, y := range y {
		x := u.log[origin[i]]
		sx += x
		sy += y
		xx += x * x
		xy += x * y
	}
	slope := (xy - sx*sy/n) / (xx - sx*sx/n + unrestRidge*n)
	return min(max(slope*(1-spreadFar*far), 0), 1)
}
