package simulate

import (
	"sync/atomic"
	"time"
)

// Clock is the virtual time of a replay, for whoever asks for the time while it
// runs. It implements clock.PassiveClock and may be used from any goroutine.
type Clock struct {
	now atomic.Pointer[time.Time]
}

// NewClock returns a clock that stands at an instant.
func NewClock(start time.Time) *Clock {
	c := &Clock{}
	c.Set(start)
	return c
}

// Set moves the clock, forwards or backwards.
func (c *Clock) Set(now time.Time) { c.now.Store(&now) }

// Now returns where the clock stands.
func (c *Clock) Now() time.Time { return *c.now.Load() }

// Since returns the time from t to where the clock stands.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
