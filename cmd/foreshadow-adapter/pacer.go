package main

import (
	"context"
	"time"
)

// pacer spreads the steps of a replay evenly over a real time.
type pacer struct {
	each  time.Duration
	start time.Time
	steps int
}

func newPacer(total time.Duration, r *replay) *pacer {
	steps := max(r.load.End().Sub(r.load.Start())/updateEvery, 1)
	return &pacer{each: total / steps, start: time.Now()}
}

// wait returns when the next step is due; a late one is due at once.
func (p *pacer) wait(ctx context.Context) error {
	p.steps++
	t := time.NewTimer(time.Until(p.start.Add(time.Duration(p.steps) * p.each)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
