package main

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// pacer spreads the steps of a replay evenly over a real time.
type pacer struct {
	clock clock.Clock
	each  time.Duration
	due   time.Time
}

func newPacer(total time.Duration, r *replay, c clock.Clock) *pacer {
	steps := max(r.Load.End().Sub(r.Load.Start())/updateEvery, 1)
	return &pacer{clock: c, each: total / steps, due: c.Now()}
}

// wait returns when the next step is due; a late one is due at once.
func (p *pacer) wait(ctx context.Context) error {
	p.due = p.due.Add(p.each)
	t := p.clock.NewTimer(p.due.Sub(p.clock.Now()))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C():
		return nil
	}
}
