package actuate

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// create makes a shadow. Its name follows from what it is, so one that is there
// already is the one that was wanted.
func (c *act) create(ctx context.Context, o *Outcome) {
	rs, set := c.replicaSet(o.ReplicaSetUID), setOf(c.in, o.ReplicaSetUID)
	if rs == nil || set == nil || rs.DeletionTimestamp != nil {
		o.Result, o.Why = ResultRefused, shadow.Reason{Reason: shadow.ReasonNoReplicaSet, Message: "the ReplicaSet to make it for is gone"}
		return
	}
	p, err := c.newPod(o.Pod, rs, set.Template, o.Whole)
	if err != nil {
		o.Result, o.Err = ResultFailed, err
		return
	}
	got, err := c.send(ctx, pointCreate, Write{Verb: VerbCreate, Object: p, Kind: shadow.KindCreate})
	if err != nil && ctx.Err() != nil {
		o.Err = err
		return
	}
	if err == nil {
		c.created(o, p, got)
		return
	}
	o.Result, o.Err = ResultFailed, err
	switch f := fateOf(err); {
	case f == fateThere, f == fateUnsure && waitOf(err) == 0:
		c.findCreated(ctx, o)
	case f == fateFinal:
		message := err.Error()
		o.Result, o.Why = ResultRefused, shadow.Reason{Reason: ReasonCreateRefused, Message: message[:min(len(message), denialRoom)]}
	}
}

// created takes what the server made of a new pod.
func (c *act) created(o *Outcome, want *corev1.Pod, got any) {
	p, ok := got.(*corev1.Pod)
	if !ok || p == nil {
		o.Result, o.Err = ResultFailed, errNothingReturned
		return
	}
	c.overlay.created(c.w.Pool.Key(), p)
	o.Object = p
	o.Result = ResultDone
	if err := compareNew(want, p); err != nil {
		o.Result, o.Err = ResultFailed, err
	}
}

var errNameTaken = errors.New("another pod has its name")

// findCreated looks whether the pod is there after all.
func (c *act) findCreated(ctx context.Context, o *Outcome) {
	live := &corev1.Pod{}
	err := c.read(ctx, o.Pod, live)
	switch {
	case apierrors.IsNotFound(err):
		return // o says what went wrong
	case err != nil:
		o.Err = fmt.Errorf("look for it: %w", err)
		return
	}
	if ref := metav1.GetControllerOfNoCopy(live); ref == nil || ref.UID != c.w.Pool.UID {
		o.Err = errNameTaken
		return
	}
	c.overlay.created(c.w.Pool.Key(), live)
	o.Result, o.Err, o.Object = ResultAlready, nil, live
}
