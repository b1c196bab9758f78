package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

var errNotLeader = errors.New("another process holds the lease")

// newEpoch returns the epoch of this leader: the number of changes of the lease,
// plus one. Should somebody have deleted the lease, it begins anew and would be
// below what stands in the objects; then the lease is set to go on from there.
// Without a lease it is one more than any that was ever written.
func newEpoch(ctx context.Context, cache client.Reader, lock resourcelock.Interface) (int64, error) {
	written, err := writtenEpoch(ctx, cache)
	if err != nil {
		return 0, err
	}
	if lock == nil {
		return written + 1, nil
	}
	for {
		record, _, err := lock.Get(ctx)
		if err != nil {
			return 0, fmt.Errorf("read lease %s: %w", lock.Describe(), err)
		}
		if record.HolderIdentity != lock.Identity() {
			return 0, errNotLeader
		}
		if epoch := int64(record.LeaderTransitions) + 1; epoch > written {
			return epoch, nil
		}
		if written >= math.MaxInt32 {
			return 0, fmt.Errorf("read epoch: %d is more than a lease can count: remove the annotation %s and status.epoch", written, v1alpha1.EpochAnnotation)
		}
		record.LeaderTransitions = int(written)
		if err := lock.Update(ctx, *record); err != nil && !apierrors.IsConflict(err) {
			return 0, fmt.Errorf("set lease %s to epoch %d: %w", lock.Describe(), written, err)
		}
	}
}

// twin returns a lock of the same lease for the same holder, that remembers its
// own reads. What is written with it makes the next renewal of the elector
// conflict: the elector then reads the lease anew and keeps the number it finds.
// With a lock in common the elector would write the number that it knows.
func twin(lock resourcelock.Interface) resourcelock.Interface {
	l, ok := lock.(*resourcelock.LeaseLock)
	if !ok {
		return lock
	}
	return &resourcelock.LeaseLock{LeaseMeta: l.LeaseMeta, Client: l.Client, LockConfig: l.LockConfig, Labels: l.Labels}
}

// writtenEpoch is the highest epoch that stands in a pool or in a pod of one.
func writtenEpoch(ctx context.Context, cache client.Reader) (int64, error) {
	var pools v1alpha1.ShadowPoolList
	if err := cache.List(ctx, &pools, client.UnsafeDisableDeepCopy); err != nil {
		return 0, fmt.Errorf("list pools: %w", err)
	}
	var highest int64
	for i := range pools.Items {
		highest = max(highest, pools.Items[i].Status.Epoch)
	}
	var pods corev1.PodList
	if err := cache.List(ctx, &pods, client.UnsafeDisableDeepCopy); err != nil {
		return 0, fmt.Errorf("list pods: %w", err)
	}
	for i := range pods.Items {
		if n, err := strconv.ParseInt(pods.Items[i].Annotations[v1alpha1.EpochAnnotation], 10, 32); err == nil {
			highest = max(highest, n)
		}
	}
	return highest, nil
}
