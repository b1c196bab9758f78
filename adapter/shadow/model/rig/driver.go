package rig

import (
	"context"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// driver is the production code of one leader, with the hooks of a tamper
// between its parts.
type driver struct {
	tamper Tamper
}

func newDriver(r *Rig, _ *Leader) *driver { return &driver{tamper: r.opts.Tamper} }

// reconcile observes, plans and acts for one pool.
func (d *driver) reconcile(_ context.Context, w observe.World) (time.Duration, error) {
	if d.tamper.World != nil {
		d.tamper.World(&w)
	}
	return 0, nil
}
