package load

import (
	"sync/atomic"
	"time"
)

// Load is a workload's load as a function of time.
type Load func(t time.Time) float64

// Day is a load that is the same every day: Base, and from time to time a rise
// to Peak, a level stretch, and the same way down.
type Day struct {
	// Rises are instants at which the load begins to rise; it does so at the
	// same times of each day before and after. One rise ends before the next.
	Rises []time.Time
	// Ramp is what the way up takes, and the way down; Hold is the time at the
	// peak between them.
	Ramp, Hold time.Duration
	// Base and Peak are the lowest and the highest load.
	Base, Peak float64
}

// At returns the load at an instant.
func (d Day) At(t time.Time) float64 {
	var share float64
	for _, rise := range d.Rises {
		share = max(share, d.share(t.Sub(rise)))
	}
	return d.Base + (d.Peak-d.Base)*share
}

// share returns how much of the way from Base to Peak the load has gone, so long
// after a rise began, on that day or another.
func (d Day) share(since time.Duration) float64 {
	const day = 24 * time.Hour
	since %= day
	if since < 0 {
		since += day
	}
	switch up, down := d.Ramp, d.Ramp+d.Hold; {
	case since < up:
		return float64(since) / float64(d.Ramp)
	case since <= down:
		return 1
	case since < down+d.Ramp:
		return float64(down+d.Ramp-since) / float64(d.Ramp)
	}
	return 0
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
