package simulate

import "math"

// Tolerance is how far usage may stray from its target, as a ratio, before the
// HPA acts: 0.1 ignores a load up to 10 % above (ScaleUp) or below (ScaleDown).
type Tolerance struct {
	ScaleUp, ScaleDown float64
}

// DefaultTolerance is that of kube-controller-manager, in both directions.
func DefaultTolerance() Tolerance { return Tolerance{ScaleUp: 0.1, ScaleDown: 0.1} }

// within reports whether a ratio of usage to target calls for no change. NaN,
// which zero replicas can cause, never is.
func (t Tolerance) within(ratio float64) bool {
	return 1-t.ScaleDown <= ratio && ratio <= 1+t.ScaleUp
}

// milliSlack forgives the binary fraction of a decimal: 0.7*1000 must not become
// 701 thousandths.
const milliSlack = 1e-6

// milli converts a value to the thousandths in which the HPA calculates, rounded
// up as resource.Quantity.MilliValue does.
func milli(v float64) int64 {
	m := math.Ceil(v*1000 - milliSlack)
	if m >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(m)
}

// replicas rounds a fractional count up, bounded as the HPA's int32.
func replicas(v float64) int {
	return int(min(math.Ceil(v), math.MaxInt32))
}
