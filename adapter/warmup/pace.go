package warmup

import (
	"math"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

const (
	// backOff multiplies the rate when the app suffers; what is added when it
	// does not brings a round to its target within rampUp.
	backOff = 0.5
	minRate = 0.5
	// patience is how many requests an interval must have to be judged.
	patience = 3
	// Latencies of this many times the lowest that their routes had, in the
	// middle, are a sign of overload.
	overload, overloadSlack = 2.0, 5 * time.Millisecond
	maxFailed               = 0.1
	smoothing               = 0.2
)

// pace is how fast a round sends: additive increase up to a target,
// multiplicative decrease when the app fails or slows down (Chiu and Jain,
// Analysis of the increase and decrease algorithms for congestion avoidance,
// 1989), through a token bucket.
type pace struct {
	rampUp time.Duration
	target float64 // requests a second
	rate   float64
	bucket *rate.Limiter

	base      map[string]*baseline
	slower    []float64 // since the last step: latencies over their route's lowest
	failed    int
	saturated bool
	lastStep  time.Time
}

// baseline is the latency of a route: smoothed, and the lowest that this was.
type baseline struct {
	smoothed, lowest float64
	n                int
}

func newPace(now time.Time, target float64, rampUp time.Duration) *pace {
	p := &pace{rampUp: rampUp, lastStep: now, rate: minRate, base: map[string]*baseline{}}
	p.bucket = rate.NewLimiter(minRate, 1)
	p.aim(now, target)
	return p
}

// aim sets the target.
func (p *pace) aim(now time.Time, target float64) {
	p.target = math.Max(minRate, target)
	p.set(now, p.rate)
}

func (p *pace) set(now time.Time, r float64) {
	p.rate = math.Min(math.Max(r, minRate), p.target)
	p.bucket.SetLimitAt(now, rate.Limit(p.rate))
}

// take says that a request may go now, or when to ask again.
func (p *pace) take(now time.Time) (time.Duration, bool) {
	if p.bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - p.bucket.TokensAt(now)
	return max(time.Duration(missing/p.rate*float64(time.Second)), time.Millisecond), false
}

// observe takes an outcome; there are few routes.
func (p *pace) observe(o Outcome) {
	if o.Class.failed() {
		p.failed++
	}
	b := p.base[o.Route]
	if b == nil {
		b = &baseline{smoothed: o.Latency.Seconds()}
		p.base[o.Route] = b
	}
	p.slower = append(p.slower, b.slower(o.Latency.Seconds()))
}

// slower returns how many times the lowest a latency is; 1 while that is not
// known.
func (b *baseline) slower(latency float64) float64 {
	b.n++
	b.smoothed += smoothing * (latency - b.smoothed)
	if b.n < least {
		return 1
	}
	if b.lowest == 0 || b.smoothed < b.lowest {
		b.lowest = b.smoothed
	}
	return math.Max(0, latency-overloadSlack.Seconds()) / b.lowest
}

// saturate notes that as many requests as may be are on their way.
func (p *pace) saturate() { p.saturated = true }

// step changes the rate by what came since the last one.
func (p *pace) step(now time.Time) {
	gone := now.Sub(p.lastStep)
	p.lastStep = now
	suffers := p.saturated || p.suffers()
	if suffers {
		p.set(now, p.rate*backOff)
	} else {
		p.set(now, p.rate+p.target*gone.Seconds()/p.rampUp.Seconds())
	}
	if suffers || len(p.slower) >= patience {
		p.slower, p.failed = p.slower[:0], 0
	}
	p.saturated = false
}

// suffers says that the app fails or answers much slower than it did.
func (p *pace) suffers() bool {
	n := len(p.slower)
	if n < patience {
		return false
	}
	if float64(p.failed) > maxFailed*float64(n) {
		return true
	}
	slices.Sort(p.slower)
	return p.slower[n/2] > overload
}
