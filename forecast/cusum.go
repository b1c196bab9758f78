package forecast

import "math"

const (
	cusumDrift = 3        // standard deviations that a step may be off without adding up
	cusumAlarm = 12       // sum that alarms
	cusumCap   = 24       // greatest sum, so that an alarm ends soon after its reason
	cusumClip  = 6        // standard deviations that one step counts at most
	cusumLeast = 4        // steps before it may alarm
	cusumQuiet = 1 - 1e-9 // of the drift, below which no rounding adds up
	cusumDecay = 0.97     // weight of a deviation one step older in the height
)

// cusum alarms when a load has moved by less than what makes a jump, but for
// longer: the two-sided cumulative sum of E. S. Page (Biometrika 41, 1954) of
// deviations over their robust standard deviation,
//
//	up = max(0, up + z - 3), down = max(0, down - z - 3),
//
// in alarm above 12. The height is the mean deviation since the sum left zero.
// Deviations of loads come in runs, so the drift is far above the 0.5 that suits
// independent ones: with it ordinary days alarm, and are forecast worse.
type cusum struct {
	sigma    float64 // zero or infinite: never in alarm
	up, down float64
	side     int
	run      int // steps since the greater sum left zero
	sum, den float64
}

// newCusum takes the distance from a curve that is still ordinary.
func newCusum(limit float64) cusum { return cusum{sigma: limit / hampelWidth} }

func (c *cusum) add(v float64) {
	if !(c.sigma > 0) || math.IsInf(c.sigma, 0) || c.idle() && math.Abs(v) <= c.quiet() {
		return
	}
	z := min(max(v/c.sigma, -cusumClip), cusumClip)
	c.up = min(max(0, c.up+z-cusumDrift), cusumCap)
	c.down = min(max(0, c.down-z-cusumDrift), cusumCap)
	side := 0
	switch {
	case c.up > c.down:
		side = 1
	case c.down > c.up:
		side = -1
	}
	if side != c.side {
		c.side, c.run, c.sum, c.den = side, 0, 0, 0
	}
	if side != 0 {
		c.run++
		c.sum, c.den = c.sum*cusumDecay+v, c.den*cusumDecay+1
	}
}

// idle says that neither sum is above zero.
func (c *cusum) idle() bool { return c.up == 0 && c.down == 0 && c.side == 0 }

// quiet returns up to which distance a deviation leaves an idle cusum so.
func (c *cusum) quiet() float64 {
	if !(c.sigma > 0) {
		return math.Inf(1)
	}
	return cusumQuiet * cusumDrift * c.sigma
}

func (c *cusum) alarmed() bool { return max(c.up, c.down) > cusumAlarm && c.run >= cusumLeast }

// forget begins the height anew at v, where that is too far off for what was averaged
// to be of the same move.
func (c *cusum) forget(v float64) {
	if math.Abs(c.sum/c.den-v) > cusumDrift*c.sigma {
		c.sum, c.den = v, 1
	}
}

// carry returns the deviation expected h steps ahead, where the averages alone
// say learnt: in alarm the height, for as long as a jump of its age would stay.
func (c *cusum) carry(learnt float64, h int) float64 {
	if !c.alarmed() {
		return learnt
	}
	return lerp(learnt, c.sum/c.den, stays(c.run, h))
}
