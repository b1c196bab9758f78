package forecast

import "math"

const (
	recurringDays  = 7    // days on each of which a value has to recur
	recurringLevel = 0.75 // from which quantile on it counts
)

// recurring returns what step t had on every one of the seven days before it: a
// job at a fixed minute, or a rise at the top of the hour, of which smoothing and
// the blend with models that know no day would make less. It shrinks with a load
// that is lower now than on those days, and is -Inf where a day is missing. Upper
// quantiles are never below it. What seven noisy days all had is less than their
// usual quantiles: of a load without sharp edges it changes next to nothing.
func (v *view) recurring(t int) float64 {
	if v.faded == 0 {
		return math.Inf(-1)
	}
	least := math.Inf(1)
	first := lagsNeeded(t-v.last, v.day)
	for k := first; k < first+recurringDays; k++ {
		i := t - k*v.day
		if i < 0 {
			return math.Inf(-1)
		}
		x := v.h.seen(i)
		if x != x {
			return math.Inf(-1)
		}
		least = min(least, x)
	}
	return least * v.faded
}

// fade returns how much of what the last seven days had the load of the last hour
// has, at most all; 0 where there are no such days, or where steps are not fine:
// what an hour holds is not sharp.
func (v *view) fade() float64 {
	hour := v.day / 24
	if !v.fine() || v.last < recurringDays*v.day+hour || v.lo < 0 {
		return 0
	}
	now, then := 0.0, 0.0
	for i := v.last; i > v.last-hour; i-- {
		sum, n := 0.0, 0
		for k := 1; k <= recurringDays; k++ {
			if x := v.h.seen(i - k*v.day); x == x {
				sum, n = sum+x, n+1
			}
		}
		if x := v.h.at(i); x == x && n > 0 {
			now, then = now+x, then+sum/float64(n)
		}
	}
	if then <= 0 {
		return 1
	}
	return min(1, now/then)
}
