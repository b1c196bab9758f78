package model

import (
	"strconv"
	"time"
)

// limiter is the token bucket of a client: burst requests at once, then so many
// a second. A rate of 0 limits nothing.
type limiter struct {
	every time.Duration
	burst int
	// full is when the bucket is full again.
	full time.Time
}

func newLimiter(qps float64, burst int) *limiter {
	if qps <= 0 {
		return &limiter{}
	}
	return &limiter{every: time.Duration(float64(time.Second) / qps), burst: burst}
}

// reserve takes a token and returns how long to wait for it.
func (l *limiter) reserve(now time.Time) time.Duration {
	if l.every == 0 {
		return 0
	}
	if l.full.Before(now) {
		l.full = now
	}
	l.full = l.full.Add(l.every)
	return max(0, l.full.Sub(now)-time.Duration(l.burst)*l.every)
}

// older says that one version came before another.
func older(a, b string) bool {
	m, errA := strconv.ParseUint(a, 10, 64)
	n, errB := strconv.ParseUint(b, 10, 64)
	return errA == nil && errB == nil && m < n
}
