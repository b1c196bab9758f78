package cluster

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

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

func TestPauses(t *testing.T) {
	for value, want := range map[string]bool{"": false, "none": false, "forecast": false, "shadows": true, "all": true, "pls stop": true} {
		require.Equal(t, want, pauses(value), value)
	}
}
