package actuate

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

var fenced = shadow.Reason{Reason: shadow.ReasonFenced, Message: "a later leader has written the pool"}

// livePool reads the pool as it is now; nil if it is gone.
func (c *act) livePool(ctx context.Context) (*v1alpha1.ShadowPool, error) {
	live := &v1alpha1.ShadowPool{}
	err := c.read(ctx, c.w.Pool.Name, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != c.w.Pool.UID:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read pool %s: %w", c.w.Pool.Key(), err)
	}
	return live, nil
}

// overtaken says that a later leader has written the pool.
func (c *act) overtaken(ctx context.Context) (bool, error) {
	live, err := c.livePool(ctx)
	return live != nil && live.Status.Epoch > c.w.Epoch, err
}

// lowers asks the pool, as it is now, whether it is still to be lowered to what
// was decided. What takes live pods away must not go by what a cache knew before
// this process stood still. If not, the outcome says why.
func (c *act) lowers(ctx context.Context, o *Outcome) bool {
	live, err := c.livePool(ctx)
	switch {
	case err != nil:
		o.Result, o.Err = ResultFailed, err
	case live == nil || live.DeletionTimestamp != nil:
		o.Result = ResultConflict
	case live.Status.Epoch > c.w.Epoch:
		o.Result, o.Why = ResultRefused, fenced
	case ptr.Deref(live.Spec.Replicas, 0) != ptr.Deref(c.w.Pool.Spec.Replicas, 0):
		o.Result = ResultConflict // it is decided anew
	default:
		return true
	}
	return false
}

// leads asks the pool, as it is now, whether no later leader has written it. If
// one has, the outcome says so.
func (c *act) leads(ctx context.Context, o *Outcome) bool {
	switch overtaken, err := c.overtaken(ctx); {
	case err != nil:
		o.Result, o.Err = ResultFailed, err
	case overtaken:
		o.Result, o.Why = ResultRefused, fenced
	default:
		return true
	}
	return false
}

// asks does one live read of the pool for all actions of a kind that need it.
// It says whether they may be done, and notes of all of them why not.
func (c *act) asks(ctx context.Context, kind shadow.Kind, list []Outcome, began time.Time) bool {
	var no Outcome
	switch {
	case kind == shadow.KindDetach && !c.lowers(ctx, &no):
	case kind == shadow.KindBridge && !c.leads(ctx, &no):
	// No version of anything stands against a new pod.
	case kind == shadow.KindCreate && !c.leads(ctx, &no):
	default:
		return true
	}
	for i := range list {
		o := &list[i]
		o.Result, o.Why, o.Err = no.Result, no.Why, no.Err
		o.Began, o.Ended = began, c.Clock.Now()
		c.note(o)
	}
	return false
}
