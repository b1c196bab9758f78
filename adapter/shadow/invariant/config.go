package invariant

import "time"

// Config holds what a history cannot say.
type Config struct {
	// Lag is how old the view may be on which anybody acts: watch, queue and
	// request together. Default 2 s.
	Lag time.Duration
	// EndpointLag is how long after a change of a pod its EndpointSlices may
	// still show it as it was. Default 3 s.
	EndpointLag time.Duration
	// HideWithin is how long a selector that was made later may match a shadow.
	// Default 2 s.
	HideWithin time.Duration
	// Settle is how long an activation can still cost another pod its life.
	// Default 30 s.
	Settle time.Duration
	// Served is how long before an activation a pod may have served for the
	// last time to count as one that serves. Default 1 min.
	Served time.Duration
	// Collect is how long the garbage collector may take. Default 60 s.
	Collect time.Duration
	// ConstantLoad says that the load did not change, so that no autoscaler had
	// a reason to raise.
	ConstantLoad bool
}

func (c Config) withDefaults() Config {
	fill := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	fill(&c.Lag, 2*time.Second)
	fill(&c.EndpointLag, 3*time.Second)
	fill(&c.HideWithin, 2*time.Second)
	fill(&c.Settle, 30*time.Second)
	fill(&c.Served, time.Minute)
	fill(&c.Collect, time.Minute)
	return c
}
