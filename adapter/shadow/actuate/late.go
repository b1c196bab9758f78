package actuate

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

var lowered = shadow.Reason{Reason: shadow.ReasonReplicaSetLowered, Message: "its ReplicaSet asks for fewer pods by now"}

// roomIn is for how many of the decision's grants a ReplicaSet has room by what a
// live read of it shows, and why it is fewer. Where this process stood still, its
// pods may have come, or started, without the cache showing it.
func (c *act) roomIn(ctx context.Context, live *appsv1.ReplicaSet) (int32, shadow.Reason) {
	room := c.d.Terms.GrantsAt(replicasOf(live))
	if room == 0 {
		return 0, lowered
	}
	if n := c.unseen(live); n > 0 {
		return max(0, room-n), shadow.Reason{Reason: shadow.ReasonPodsNotSeen, Message: fmt.Sprintf(
			"its ReplicaSet has %d pods more than the cache shows: they may serve already", n)}
	}
	if n := c.started(ctx, live); n > 0 {
		return max(0, room-n), shadow.Reason{Reason: shadow.ReasonPodsNotSeen, Message: fmt.Sprintf(
			"%d pods of its ReplicaSet are not Pending any more, although the cache shows them so", n)}
	}
	return room, lowered
}

// unseen is how many pods a ReplicaSet has that the cache did not show yet.
// Nobody knows whether they are Pending: there is no room in their place.
func (c *act) unseen(live *appsv1.ReplicaSet) int32 {
	return max(0, live.Status.Replicas-c.d.Terms.Live)
}

// started is how many pods the cache shows Pending that are not, or that cannot
// be read. It asks only where the ReplicaSet has made all its pods: where it is
// still at it, the raise is too young for that.
func (c *act) started(ctx context.Context, live *appsv1.ReplicaSet) int32 {
	if c.d.Terms.Pending <= 0 || live.Status.Replicas < replicasOf(live) {
		return 0
	}
	var n atomic.Int32
	var g errgroup.Group
	g.SetLimit(parallel)
	for i := range c.in.Pods {
		seen := &c.in.Pods[i]
		if seen.Owner != shadow.OwnerReplicaSet || seen.ReplicaSetUID != live.UID || seen.Phase != shadow.PhasePending || !seen.Active() {
			continue
		}
		g.Go(func() error {
			if p, err := readPod(ctx, c.Reader, c.pods[seen.UID]); err != nil || p == nil || p.Status.Phase != corev1.PodPending {
				n.Add(1)
			}
			return nil
		})
	}
	_ = g.Wait() // a failure counts as started
	return n.Load()
}
