package main

import (
	"context"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

// standbyLine refreshes the pool that keeps shadows.
type standbyLine struct {
	pool   *v1alpha1.ShadowPool
	loop   *refresh.Loop
	report refresh.Report
}

// standbyPool is the pool of the demo that keeps shadows.
func (r *replay) standbyPool() *v1alpha1.ShadowPool {
	p := r.StandbyPool(r.pool())
	p.Name = demoStandby
	return p
}

// refresh computes the pool's value from what is new.
func (l *standbyLine) refresh(ctx context.Context, now time.Time, board *publish.Board) {
	l.report = l.loop.Tick(ctx, now)
	board.Publish(l.report.Published())
}

// published is what the pool's status says of the load.
func (l *standbyLine) published(time.Time) shadow.Published {
	c := l.report.Status().Capacity
	if l.report.Refused != nil || c == nil || c.PredictedReplicas == nil || c.NowReplicas == nil || c.ShadowReplicas == nil {
		return shadow.Published{}
	}
	return shadow.Published{Known: true, Value: *c.PredictedReplicas, NowTerm: *c.NowReplicas, ShadowNeed: *c.ShadowReplicas}
}

// covered takes over how many replicas need no cold start: the value follows at
// once.
func (ln *line) covered(now time.Time, pool *v1alpha1.ShadowPool) {
	l := &ln.standby
	l.loop.SetStandby(refresh.StandbyOf(pool))
	if l.report.Now.IsZero() {
		return
	}
	l.report = l.loop.Again(l.report, now)
	ln.board.Publish(l.report.Published())
}

// shadows is the same recipe as predictive, with shadows beside the pods.
func (r *replay) shadows(ln *line) (*simulate.Shadows, error) {
	return simulate.NewShadows(simulate.ShadowsConfig{
		ArmConfig: r.Recipe("shadows", ln.read(demoStandby)),
		Pool:      ln.standby.pool, Published: ln.standby.published, Covered: ln.covered, Refresh: updateEvery,
	}, r.Load, r.Load.Start())
}
