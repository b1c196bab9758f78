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

// The demo's budget of shadows.
const (
	standbyPercent = 50
	mostShadows    = 100
)

// standbyLine refreshes the pool that keeps shadows.
type standbyLine struct {
	pool   *v1alpha1.ShadowPool
	loop   *refresh.Loop
	report refresh.Report
}

// standbyPool is the pool of the demo that keeps shadows. What its workload's
// pods take to start was learnt before.
func (o demoOptions) standbyPool(r *replay) *v1alpha1.ShadowPool {
	p := o.pool(r)
	p.Name = demoStandby
	p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
	p.Spec.ShadowPercentage, p.Spec.MaxShadows = new(int32(standbyPercent)), new(int32(mostShadows))
	p.Spec.Idle.CPUPercent = new(o.idlePercent)
	p.Status.Leads = &v1alpha1.LeadStatus{
		ColdStart: v1alpha1.DurationOf(o.coldStart), WarmUp: v1alpha1.DurationOf(r.workload.ColdFor),
	}
	p.Default()
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
		ArmConfig: r.recipe("shadows", ln.read(demoStandby)),
		Pool:      ln.standby.pool, Published: ln.standby.published, Covered: ln.covered, Refresh: updateEvery,
	}, r.load, r.load.Start())
}
