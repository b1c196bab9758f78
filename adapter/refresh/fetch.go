package refresh

import (
	"context"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Fetched is what one round read.
type Fetched struct {
	load     history.Load
	loadErr  error
	replicas history.Load
	// replicasErr is why the replicas were not read; asked says that they were
	// asked for.
	replicasErr error
	asked       bool
	// dimensions are in the order of the settings; none where the load was not
	// read.
	dimensions []fetchedDimension
}

// Fetch reads what is new. It is the only part of a round that waits for
// anybody, and may run beside Again; nothing else of the loop may.
func (l *Loop) Fetch(ctx context.Context, now time.Time) Fetched {
	if l.forecast != nil {
		// There is something to go on with: do not wait past the next round.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.settings.Capacity.Interval)
		defer cancel()
	}
	var f Fetched
	if f.load, f.loadErr = l.load.Read(ctx, now); f.loadErr != nil {
		return f
	}
	if l.replicas != nil {
		f.replicas, f.replicasErr = l.replicas.Read(ctx, now)
		f.asked = true
	}
	for _, d := range l.dimensions {
		f.dimensions = append(f.dimensions, d.fetch(ctx, now))
	}
	return f
}

// takeLoad takes in what is new of the load; it is false if nothing was ever
// read of it.
func (l *Loop) takeLoad(f Fetched, r *Report) bool {
	if f.loadErr != nil {
		r.ReadErr = f.loadErr
		return false
	}
	load := f.load
	if l.known.degraded && !load.Degraded {
		// What was fitted and learnt may be of half the load.
		l.fits.Forget()
		l.forecast, l.learnt.origin = nil, time.Time{}
		l.quality = l.settings.newTracker()
	}
	l.known.degraded = load.Degraded
	if len(load.Warnings) > 0 {
		l.known.warnings = load.Warnings
	}
	if v, at, ok := load.Series.Last(); ok {
		if at.Equal(load.Series.Origin()) {
			v = load.Newest
		}
		window := load.Series.Between(at.Add(-l.settings.Window), at)
		l.known.observed, l.known.at, l.known.highest = v, at, window.Max()
		l.known.rises = history.OnlyRises(window.Values, window.Step)
		l.known.span = min(load.Series.Span(), l.settings.span())
	}
	return !l.known.at.IsZero()
}

// takeReplicas learns the capacity of a replica, once a day of the history,
// and notes how many there are. What is learnt only rises: see capacity.Learn.
func (l *Loop) takeReplicas(f Fetched, r *Report) {
	if !f.asked {
		return
	}
	l.learnt.current = 0
	if f.replicasErr != nil {
		r.ReplicasErr = f.replicasErr
		return
	}
	if v, _, ok := f.replicas.Series.Last(); ok {
		l.learnt.current = int(math.Round(v))
	}
	origin := forecast.FitOrigin(f.load.Series)
	if l.known.degraded || f.replicas.Degraded || l.learnt.origin.Equal(origin) && l.learnt.perReplica > 0 {
		return
	}
	from := origin.Add(-l.settings.Window)
	per, ok := capacity.Learn(f.load.Series.Between(from, origin), f.replicas.Series.Between(from, origin), l.settings.Capacity.Headroom)
	if ok {
		l.learnt.perReplica, l.learnt.origin = max(per, l.learnt.perReplica), origin
	}
}
