package actuate

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

var lowered = shadow.Reason{Reason: shadow.ReasonReplicaSetLowered, Message: "its ReplicaSet asks for fewer pods by now"}

// startedFor is how long the answer holds which Pending pods have started: all
// activations that are tried again after one conflict ask once.
const startedFor = time.Second

// startedPods is what the last live read of the Pending pods showed.
type startedPods struct {
	mu sync.Mutex
	at time.Time
	n  int32
}

// roomIn is for how many of the decision's grants a ReplicaSet has room by what a
// live read of it shows, and why it is fewer; those that are used already count.
// Where this process stood still, its pods may have come, or started, without the
// cache showing it.
func (c *act) roomIn(ctx context.Context, live *appsv1.ReplicaSet) (int32, shadow.Reason) {
	room := c.d.Terms.GrantsAt(observe.Replicas(live.Spec.Replicas))
	if room == 0 {
		return 0, lowered
	}
	unseen := c.unseen(live)
	started := c.started(ctx, live, unseen > 0)
	room = max(0, room-unseen-started)
	switch {
	case unseen > 0:
		return room, shadow.Reason{Reason: shadow.ReasonPodsNotSeen, Message: fmt.Sprintf(
			"its ReplicaSet has %d pods more than the cache shows: they may serve already", unseen)}
	case started > 0:
		return room, shadow.Reason{Reason: shadow.ReasonPodsNotSeen, Message: fmt.Sprintf(
			"%d pods of its ReplicaSet are not Pending any more, although the cache shows them so", started)}
	}
	return room, lowered
}

// unseen is how many pods a ReplicaSet has that the cache did not show yet and
// that are not those handed over since. Nobody knows whether they are Pending:
// there is no room in their place.
func (c *act) unseen(live *appsv1.ReplicaSet) int32 {
	return max(0, live.Status.Replicas-c.d.Terms.Live-c.handed())
}

// handed is how many activations are done.
func (c *act) handed() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handedOver
}

// started is how many pods the cache shows Pending that are not, or that cannot
// be read. It asks only where the cache is known to be late, or the ReplicaSet
// has made all its pods: where it is still at it, the raise is too young for that.
func (c *act) started(ctx context.Context, live *appsv1.ReplicaSet, late bool) int32 {
	if c.d.Terms.Pending <= 0 || !late && live.Status.Replicas < observe.Replicas(live.Spec.Replicas) {
		return 0
	}
	s := &c.startedPods
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || c.Clock.Since(s.at) >= startedFor {
		s.at, s.n = c.Clock.Now(), c.readStarted(ctx, live)
	}
	return s.n
}

// readStarted reads the pods that the cache shows Pending. As many of them as
// were handed over may be gone: the ReplicaSet has ended them for those.
func (c *act) readStarted(ctx context.Context, live *appsv1.ReplicaSet) int32 {
	handed := c.handed()
	var ran, gone atomic.Int32
	var g errgroup.Group
	g.SetLimit(parallel)
	for i := range c.in.Pods {
		seen := &c.in.Pods[i]
		if seen.Owner != shadow.OwnerReplicaSet || seen.ReplicaSetUID != live.UID || seen.Phase != shadow.PhasePending || !seen.Active() {
			continue
		}
		g.Go(func() error {
			switch p, err := readPod(ctx, c.Reader, c.pods[seen.UID]); {
			case err == nil && p == nil:
				gone.Add(1)
			case err != nil || p.Status.Phase != corev1.PodPending:
				ran.Add(1)
			}
			return nil
		})
	}
	_ = g.Wait() // a failure counts as started
	return ran.Load() + max(0, gone.Load()-handed)
}
