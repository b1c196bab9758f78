package load

import (
	"sync/atomic"
	"time"
)

// Load is a workload's load as a function of time.
type Load func(t time.Time) float64

// Day is a load that is the same every day: Base, then a rise to Peak, a level
// stretch, and the same way down.
type Day struct {
	// Rise is an instant at which the load begins to rise; it does so at the
	// same time of each day before and after.
	Rise time.Time
	// Ramp is what the way up takes, and the way down; Hold is the time at the
	// peak between them.
	Ramp, Hold time.Duration
	// Base and Peak are the lowest and the highest load.
	Base, Peak float64
}

// At returns the load at an instant.
func (d Day) At(t time.Time) float64 {
	const day = 24 * time.Hour
	since := t.Sub(d.Rise) % day
	if since < 0 {
		since += day
	}
	var share float64
	switch {
	case since < d.Ramp:
		share = float64(since) / float64(d.Ramp)
	case since < d.Ramp+d.Hold:
		share = 1
	case since < 2*d.Ramp+d.Hold:
		share = float64(2*d.Ramp+d.Hold-since) / float64(d.Ramp)
	}
	return d.Base + (d.Peak-d.Base)*share
}

// Source is a load that a test may replace while it is being served.
type Source struct {
	load atomic.Pointer[Load]
}

// NewSource returns a source that follows l.
func NewSource(l Load) *Source {
	s := &Source{}
	s.Follow(l)
	return s
}

// Follow makes the source follow another load from now on.
func (s *Source) Follow(l Load) { s.load.Store(&l) }

// Hold makes the source stay at a value.
func (s *Source) Hold(v float64) { s.Follow(func(time.Time) float64 { return v }) }

// At returns the load at an instant.
func (s *Source) At(t time.Time) float64 { return (*s.load.Load())(t) }
