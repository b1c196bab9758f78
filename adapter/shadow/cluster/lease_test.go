package cluster

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// lock is a lease in memory.
type lock struct {
	record    resourcelock.LeaderElectionRecord
	conflicts int
	updates   int
	err       error
}

var _ resourcelock.Interface = (*lock)(nil)

func (l *lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	r := l.record
	return &r, nil, l.err
}

func (l *lock) Update(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	if l.conflicts > 0 {
		l.conflicts--
		return apierrors.NewConflict(schema.GroupResource{}, "lease", errors.New("renewed"))
	}
	l.updates++
	l.record = r
	return nil
}

func (l *lock) Create(context.Context, resourcelock.LeaderElectionRecord) error { return nil }
func (l *lock) RecordEvent(string)                                              {}
func (l *lock) Identity() string                                                { return "us" }
func (l *lock) Describe() string                                                { return "foreshadow/lease" }

func TestEpoch(t *testing.T) {
	held := func(by string, transitions int) *lock {
		return &lock{record: resourcelock.LeaderElectionRecord{HolderIdentity: by, LeaderTransitions: transitions}}
	}
	tests := []struct {
		name        string
		lock        *lock
		status, pod int64
		want        int64
		updates     int
		err         error
	}{
		{name: "the first leader", lock: held("us", 0), want: 1},
		{name: "one more with each", lock: held("us", 6), status: 6, pod: 5, want: 7},
		{name: "a lease that was deleted goes on from what is written", lock: held("us", 0), status: 4, pod: 6, want: 7, updates: 1},
		{name: "also while it is being renewed", lock: &lock{record: held("us", 0).record, conflicts: 3}, status: 4, want: 5, updates: 1},
		{name: "somebody else holds it", lock: held("them", 9), err: errNotLeader},
		{name: "no lease at all", status: 4, want: 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(3, 1, 1)
			s.pool.Status.Epoch = tt.status
			s.warm[0].Annotations[v1alpha1.EpochAnnotation] = strconv.FormatInt(tt.pod, 10)
			cache := newCluster(t, s.objects()...)
			var l resourcelock.Interface
			if tt.lock != nil {
				l = tt.lock
			}
			got, err := newEpoch(t.Context(), cache, l)
			require.ErrorIs(t, err, tt.err)
			require.Equal(t, tt.want, got)
			if tt.lock != nil {
				require.Equal(t, tt.updates, tt.lock.updates)
			}
		})
	}
	t.Run("a lease that cannot be read", func(t *testing.T) {
		_, err := newEpoch(t.Context(), newCluster(t), &lock{err: errors.New("no route")})
		require.EqualError(t, err, "read lease foreshadow/lease: no route")
	})
}

// leases are one lease on a server that refuses what goes by an older one.
type leases struct {
	coordinationv1client.LeaseInterface
	client client.Client
}

func (l leases) Leases(string) coordinationv1client.LeaseInterface { return l }

func (l leases) Get(ctx context.Context, name string, _ metav1.GetOptions) (*coordinationv1.Lease, error) {
	out := &coordinationv1.Lease{}
	return out, l.client.Get(ctx, types.NamespacedName{Namespace: "foreshadow", Name: name}, out)
}

func (l leases) Create(ctx context.Context, o *coordinationv1.Lease, _ metav1.CreateOptions) (*coordinationv1.Lease, error) {
	out := o.DeepCopy()
	return out, l.client.Create(ctx, out)
}

func (l leases) Update(ctx context.Context, o *coordinationv1.Lease, _ metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	out := o.DeepCopy()
	return out, l.client.Update(ctx, out)
}

// A lease that is set to go on from what is written stays so: the elector's next renewal
// by what it knew conflicts.
func TestEpochStays(t *testing.T) {
	s := newShop(3, 1, 1)
	s.pool.Status.Epoch = 4
	st := newStand(t, s)
	st.epoch.Store(0)
	server := leases{client: st.client}
	lock := &resourcelock.LeaseLock{
		LeaseMeta: in("foreshadow", LeaseName), Client: server, LockConfig: resourcelock.ResourceLockConfig{Identity: "us"},
	}
	c := &Controller{
		opts: Options{Logger: log.NewNopLogger()}, mgr: stillManager{client: st.client}, r: st.reconciler, lock: lock,
		all: make(chan event.GenericEvent, 1), failed: make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it leads no longer than it takes to find the epoch
	known := resourcelock.LeaderElectionRecord{HolderIdentity: "us"}
	require.NoError(t, lock.Create(ctx, known))
	require.NoError(t, c.lead(ctx))
	require.Equal(t, int64(5), st.epoch.Load())
	err := lock.Update(ctx, known)
	require.True(t, apierrors.IsConflict(err), "the elector would write what it knew: %v", err)
	record, _, err := lock.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, 4, record.LeaderTransitions)
	require.NoError(t, lock.Update(ctx, *record), "it goes on from what it reads")
}

func TestPauses(t *testing.T) {
	for value, want := range map[string]bool{"": false, "none": false, "forecast": false, "shadows": true, "all": true, "pls stop": true} {
		require.Equal(t, want, pauses(value), value)
	}
}
