package profile

import (
	"errors"
	"fmt"
	"time"
)

const (
	// Interval is the time between two profiles. Ends of windows lie on its
	// grid, so that two replicas look at the same samples.
	Interval = 10 * time.Minute
	// settle is how long after the end of a window it is read: samples may
	// arrive late.
	settle = time.Minute
	// points is about how many values of a pod a window has.
	points = 30
	// maxPods is how many pods of a workload are looked at.
	maxPods = 2500
)

// Config says how a workload is looked at.
type Config struct {
	// Queries are asked for all pods at once; each is already bound to what the
	// pool may read, without the series of shadows. Weekly are those of the pod
	// in the middle, one for each dimension of Queries or fewer.
	Queries, Weekly []Query
	// Window is how far back a pod's behaviour is looked at.
	Window time.Duration
	// MinAge is how long a pod has run before it may be the source.
	MinAge time.Duration
	// Delay is how much later than its end a window is read, so that not all pools
	// ask at once; below Interval.
	Delay time.Duration
	// History is how far back the hours of the week are looked at.
	History time.Duration
}

func (c Config) validate() error {
	switch {
	case len(c.Queries) == 0:
		return errors.New("profile of no query: write at least one")
	case c.Window < Interval:
		return fmt.Errorf("profile window %v: write at least %v", c.Window, Interval)
	}
	return nil
}

// step is the distance of two values of a window, in whole minutes.
func (c Config) step() time.Duration {
	return max(time.Minute, (c.Window / points).Truncate(time.Minute))
}

// MiddleOf returns the queries of the pod in the middle for those of all pods.
func MiddleOf(queries []Query) []Query {
	out := make([]Query, 0, len(queries))
	for _, q := range queries {
		if q.Dimension != Started {
			q.Expr = middle(q.Expr)
			out = append(out, q)
		}
	}
	return out
}
