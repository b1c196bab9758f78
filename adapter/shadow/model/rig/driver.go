package rig

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// driver is the production code of one leader, with the hooks of a tamper
// between its parts.
type driver struct {
	tamper   Tamper
	actuator *actuate.Actuator
	clock    clock.PassiveClock
}

func newDriver(r *Rig, l *Leader) *driver {
	// The clock of a bubble is that of the run.
	d := &driver{tamper: r.opts.Tamper, clock: clock.RealClock{}}
	var err error
	if d.actuator, err = actuate.New(actuate.Config{Server: l.gate, Reader: l.gate, Clock: d.clock}); err != nil {
		panic(fmt.Sprintf("rig: %v", err))
	}
	return d
}

// reconcile observes, plans and acts for one pool.
func (d *driver) reconcile(ctx context.Context, w observe.World) (time.Duration, error) {
	if err := d.actuator.Refresh(ctx, &w); err != nil {
		return 0, err
	}
	w.Now = d.clock.Now()
	if d.tamper.World != nil {
		d.tamper.World(&w)
	}
	in := observe.Observe(w)
	if d.tamper.Observed != nil {
		d.tamper.Observed(&in)
	}
	decision := shadow.Plan(w.Now, in)
	if d.tamper.Decision != nil {
		d.tamper.Decision(in, &decision)
	}
	report, err := d.actuator.Act(ctx, &w, &in, &decision)
	if errors.Is(err, actuate.ErrFenced) {
		return 0, errFenced
	}
	return report.Requeue, err
}
