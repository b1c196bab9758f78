package actuate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// activate hands shadows over, all at once, after one live read of the
// ReplicaSet that they join and of the pool: a cache may not know yet that a
// raise was taken back, that the ReplicaSet has its pods, or that a later leader
// has answered the raise.
func (c *act) activate(ctx context.Context, list []Outcome, began time.Time) {
	uid := list[0].ReplicaSetUID
	live, overtaken, err := c.readLive(ctx, uid)
	set := setOf(c.in, uid)
	room := int32(0)
	why := lowered
	switch {
	case err != nil:
	case overtaken:
		why = fenced
	case set == nil:
		why = shadow.Reason{Reason: shadow.ReasonNoReplicaSet, Message: "its ReplicaSet is not known any more"}
	case live == nil:
		why = shadow.Reason{Reason: shadow.ReasonReplicaSetDeleting, Message: "its ReplicaSet is gone"}
	default:
		set = new(observe.ReplicaSet(live))
		room, why = c.roomIn(ctx, live)
	}
	c.joining = min(room, int32(len(list)))
	var wg sync.WaitGroup
	for i := range list {
		o := &list[i]
		switch {
		case err != nil:
			o.Result, o.Err = ResultFailed, err
		case int32(i) >= room || o.ReplicaSetUID != uid:
			o.Result, o.Why = ResultRefused, why
		default:
			t := &task{Outcome: o, pod: c.pods[o.UID], seen: c.seen[o.UID], rs: live, set: set}
			wg.Go(func() { c.one(ctx, o, began, func(ctx context.Context, _ *Outcome) { c.handOver(ctx, t) }) })
			continue
		}
		o.Began, o.Ended = began, c.Clock.Now()
		c.note(o)
	}
	wg.Wait()
}

// handOver does one activation.
func (c *act) handOver(ctx context.Context, t *task) {
	if t.pod == nil || t.seen == nil {
		t.Result = ResultGone
		return
	}
	c.perform(ctx, t)
}

// fits says that a raise which may have been taken back in the meantime, or been
// answered by other pods, still has room for an activation that is tried again.
func (c *act) fits(ctx context.Context, t *task) (shadow.Reason, bool) {
	if t.rs == nil {
		return shadow.Reason{}, true // the guards refuse it
	}
	room, why := c.roomIn(ctx, t.rs)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.joining > room {
		c.joining--
		return why, false
	}
	return shadow.Reason{}, true
}

// readLive reads the ReplicaSet and the pool at the same time.
func (c *act) readLive(ctx context.Context, uid types.UID) (rs *appsv1.ReplicaSet, overtaken bool, err error) {
	var g errgroup.Group
	g.Go(func() (err error) {
		rs, err = c.liveReplicaSet(ctx, uid)
		return err
	})
	g.Go(func() (err error) {
		overtaken, err = c.overtaken(ctx)
		return err
	})
	err = g.Wait()
	return rs, overtaken, err
}

// liveReplicaSet reads a ReplicaSet of the World as it is now; nil if it is
// gone.
func (c *act) liveReplicaSet(ctx context.Context, uid types.UID) (*appsv1.ReplicaSet, error) {
	cached := c.replicaSet(uid)
	if cached == nil {
		return nil, nil
	}
	live := &appsv1.ReplicaSet{}
	err := c.read(ctx, cached.Name, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != uid:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read ReplicaSet %s: %w", cached.Name, err)
	}
	return live, nil
}
