package actuate

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// task is an action on a pod that exists, with the objects as they were judged
// last.
type task struct {
	*Outcome
	pod  *corev1.Pod
	seen *shadow.Pod
	// rs is the ReplicaSet that the pod belongs to or is for, set what was
	// observed of it; nil if it is gone.
	rs  *appsv1.ReplicaSet
	set *shadow.ReplicaSet
}

// step is one write of an action.
type step struct {
	point string
	// build makes the write from what was judged.
	build func(*act, *task) (Write, error)
	// there says that the pod is already what the write would make of it.
	there func(*task) bool
}

// steps lists the writes of an action on a pod, in their order.
func steps(k shadow.Kind) []step {
	switch k {
	case shadow.KindActivate:
		return []step{{pointActivate, (*act).activation, isActive}}
	case shadow.KindBridge:
		return []step{{pointBridge, (*act).bridging, inState("bridged")}}
	case shadow.KindHide:
		return []step{{pointHide, (*act).hiding, isHidden}}
	case shadow.KindWithdraw:
		return []step{{pointWithdraw, (*act).withdrawal, inState("draining")}}
	case shadow.KindDetach:
		return []step{{pointDetach, (*act).detachment, isDetached}}
	case shadow.KindSettle:
		return []step{{pointSettle, (*act).settling, isSettled}}
	case shadow.KindMarkWarming:
		return []step{{pointMarkWarming, (*act).warming, inState("warming")}}
	case shadow.KindMarkReady:
		return []step{{pointWarmed, (*act).warmed, isWarmed}, {pointMarkReady, (*act).ready, inState("ready")}}
	case shadow.KindRewarm:
		return []step{{pointCooled, (*act).cooled, isCooled}, {pointRewarm, (*act).warming, inState("warming")}}
	case shadow.KindResize:
		return []step{{pointResize, (*act).resizing, isResized}}
	case shadow.KindUnboost:
		return []step{{pointUnboost, (*act).unboosting, isUnboosted}}
	case shadow.KindDelete:
		return []step{{pointDelete, (*act).deletion, isEnding}}
	case shadow.KindCreate, shadow.KindScale:
	}
	return nil
}

// do does an action on a pod that exists.
func (c *act) do(ctx context.Context, o *Outcome) {
	t := &task{Outcome: o, pod: c.pods[o.UID], seen: c.seen[o.UID], rs: c.replicaSet(o.ReplicaSetUID), set: setOf(c.in, o.ReplicaSetUID)}
	if t.pod == nil || t.seen == nil {
		o.Result = ResultGone
		return
	}
	c.perform(ctx, t)
}

// perform does the steps of a task.
func (c *act) perform(ctx context.Context, t *task) {
	all := steps(t.Kind)
	for i, s := range all {
		if i > 0 && ctx.Err() != nil {
			return
		}
		if i < len(all)-1 && s.there(t) {
			continue // it was done before the process ended
		}
		c.step(ctx, t, s)
		if !t.Done() {
			return
		}
	}
}

// step does one write, and does it again on what it finds if the object was
// another one.
func (c *act) step(ctx context.Context, t *task, s step) {
	var err error
	for try := range tries {
		why, ok := c.judge(t)
		if ok && try > 0 && t.Kind == shadow.KindActivate {
			why, ok = c.fits(ctx, t)
		}
		if !ok {
			t.Result, t.Why = ResultRefused, why
			return
		}
		var w Write
		if w, err = s.build(c, t); err != nil {
			t.Result, t.Err = ResultFailed, err
			return
		}
		w.Kind = t.Kind
		if err = c.try(ctx, t, s, w); err == nil {
			t.Result = ResultDone
			return
		}
		if ctx.Err() != nil {
			t.Result, t.Err = ResultPending, err
			return
		}
		if c.afterError(ctx, t, s, err) {
			return
		}
	}
	t.Result, t.Err = ResultFailed, err
	if fateOf(err) == fateConflict {
		t.Result = ResultConflict
	}
}

// try sends a write and compares what comes back.
func (c *act) try(ctx context.Context, t *task, s step, w Write) error {
	got, err := c.send(ctx, s.point, w)
	if err != nil {
		return err
	}
	if w.Verb == VerbDelete {
		c.overlay.deleted(c.w.Pool.Key(), t.pod)
		return nil
	}
	p, ok := got.(*corev1.Pod)
	if !ok || p == nil {
		return errNothingReturned
	}
	c.overlay.wrote(c.w.Pool.Key(), p)
	t.pod, t.Object = p, p
	if err := compare(w, p); err != nil {
		return err
	}
	if resizes(w.Kind) {
		c.overlay.resized(c.w.Pool.Key(), w.Kind)
	}
	return nil
}

// afterError finds out what a write that failed has left behind. It says
// whether the task is over.
func (c *act) afterError(ctx context.Context, t *task, s step, err error) (over bool) {
	var differs *differsError
	switch f := fateOf(err); {
	case errors.As(err, &differs):
		t.Result, t.Err = ResultFailed, err
		return true
	case resizes(t.Kind) && (f == fateGone || f == fateFinal):
		c.resizeRefused(ctx, t, err)
		return true
	case f == fateGone:
		t.Result = ResultGone
		c.overlay.gone(c.w.Pool.Key(), t.pod)
		return true
	case apierrors.IsInvalid(err) && c.replaced(ctx, t):
		t.Result = ResultGone
		return true
	case f == fateFinal || f == fateThere:
		t.Result, t.Err = ResultFailed, err
		return true
	case waitOf(err) > 0:
		t.Result, t.Err = ResultFailed, err
		return true
	}
	return c.reread(ctx, t, s)
}

// replaced says that another pod has the name of the task's: the server says of
// the UID that it may not be changed.
func (c *act) replaced(ctx context.Context, t *task) bool {
	live, err := readPod(ctx, c.Reader, t.pod)
	if err != nil || live != nil {
		return false
	}
	c.overlay.gone(c.w.Pool.Key(), t.pod)
	return true
}

// reread takes the pod and its ReplicaSet as they are now. It says whether the
// task is over: the pod is gone, or is what was wanted.
func (c *act) reread(ctx context.Context, t *task, s step) (over bool) {
	live := &corev1.Pod{}
	err := c.read(ctx, t.pod.Name, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != t.UID:
		t.Result = ResultGone
		c.overlay.gone(c.w.Pool.Key(), t.pod)
		return true
	case err != nil:
		t.Result, t.Err = ResultFailed, fmt.Errorf("read it again: %w", err)
		return true
	}
	c.overlay.wrote(c.w.Pool.Key(), live)
	t.pod = live
	c.observe(t)
	if s.there(t) {
		t.Result, t.Object = ResultAlready, live
		return true
	}
	if t.Kind == shadow.KindActivate || t.Kind == shadow.KindBridge {
		if err := c.rereadReplicaSet(ctx, t); err != nil {
			t.Result, t.Err = ResultFailed, err
			return true
		}
		c.observe(t)
	}
	return false
}

// rereadReplicaSet takes the ReplicaSet of a task as it is now.
func (c *act) rereadReplicaSet(ctx context.Context, t *task) error {
	if t.rs == nil {
		return nil
	}
	live := &appsv1.ReplicaSet{}
	err := c.read(ctx, t.rs.Name, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != t.rs.UID:
		t.rs, t.set = nil, nil
	case err != nil:
		return fmt.Errorf("read its ReplicaSet %s again: %w", t.rs.Name, err)
	default:
		t.rs = live
	}
	return nil
}

// observe looks at the objects of a task again.
func (c *act) observe(t *task) {
	seen := c.view().Pod(t.pod)
	t.seen = &seen
	if t.rs != nil {
		set := observe.ReplicaSet(t.rs)
		t.set = &set
	}
}

// judge asks the guards of the action whether it may be done to the pod.
func (c *act) judge(t *task) (shadow.Reason, bool) {
	claim := shadow.Claim{Now: c.Clock.Now(), Epoch: c.w.Epoch, Pool: c.w.Pool, Pod: t.seen, ReplicaSet: t.set}
	return claim.Judge(t.Kind)
}
