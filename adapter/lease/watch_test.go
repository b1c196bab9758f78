package lease

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func held(by string, renewed time.Time) *coordinationv1.Lease {
	return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &by, RenewTime: new(metav1.NewMicroTime(renewed))}}
}

// The role is alive while its lease is renewed, by our own clock.
func TestAlive(t *testing.T) {
	w := New(Config{})
	require.False(t, w.Alive(), "nobody has looked")
	at := now
	judge := func(lease *coordinationv1.Lease) bool {
		changed, _ := w.judge(lease, at)
		return changed
	}
	require.False(t, judge(held("them", now.Add(-time.Hour))), "it may have ended long ago")
	require.False(t, w.Alive())
	require.True(t, judge(held("them", now.Add(-time.Hour+time.Second))), "their clock may be another")
	require.True(t, w.Alive())
	at = at.Add(Grace - time.Second)
	require.False(t, judge(nil), "a read that failed says nothing")
	require.True(t, w.Alive())
	require.False(t, judge(held("them", now)))
	at = at.Add(Grace - time.Nanosecond)
	require.False(t, judge(held("them", now)))
	require.True(t, w.Alive())
	at = at.Add(time.Nanosecond)
	require.True(t, judge(held("them", now)))
	require.False(t, w.Alive())
	require.True(t, judge(held("others", now)))
	require.True(t, judge(held("", now)), "given back")
	require.False(t, w.Alive())
}

// The first sight of a lease is worth what its renewal says, if that may be.
func TestFirstSight(t *testing.T) {
	for _, tt := range []struct {
		name    string
		renewed time.Duration
		alive   time.Duration // for how long without another renewal
	}{
		{"just renewed", 0, Grace},
		{"renewed a while ago", -20 * time.Second, Grace - 20*time.Second},
		{"dead", -Grace, 0},
		{"by a clock that is ahead", 20 * time.Second, Grace},
		{"by a clock that is far ahead", Grace, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := New(Config{})
			lease := held("them", now.Add(tt.renewed))
			w.judge(lease, now)
			require.Equal(t, tt.alive > 0, w.Alive())
			w.judge(lease, now.Add(max(0, tt.alive-time.Nanosecond)))
			require.Equal(t, tt.alive > 0, w.Alive())
			w.judge(lease, now.Add(tt.alive))
			require.False(t, w.Alive())
		})
	}
}

// An old lease that nobody renews proves nothing to a process that has just
// started.
func TestRenewed(t *testing.T) {
	w := New(Config{})
	for _, look := range []struct {
		name  string
		lease *coordinationv1.Lease
		want  bool
	}{
		{"the first look", held("them", now), false},
		{"nothing new", held("them", now), false},
		{"a read that failed", nil, false},
		{"renewed", held("them", now.Add(time.Second)), true},
		{"given back", held("", now.Add(time.Second)), false},
		{"taken", held("others", now.Add(2*time.Second)), true},
	} {
		if _, got := w.judge(look.lease, now); got != look.want {
			t.Errorf("%s: renewed %v, want %v", look.name, got, look.want)
		}
	}
}

// server holds one lease; it fails while err is set.
type server struct {
	client.Reader
	mu    sync.Mutex
	lease *coordinationv1.Lease
	err   error
}

func (s *server) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.lease.DeepCopyInto(o.(*coordinationv1.Lease))
	return nil
}

func (s *server) set(lease *coordinationv1.Lease, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lease, s.err = lease, err
}

func TestStartTellsWhatItSees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes, began := 0, time.Now()
		s := &server{lease: held("them", began)}
		var renewed []time.Duration
		w := New(Config{
			Reader: s, Clock: clock.RealClock{},
			Changed: func() { changes++ }, Renewed: func(at time.Time) { renewed = append(renewed, at.Sub(began)) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Start(ctx) }()
		pass := func(d time.Duration) {
			clock.RealClock{}.Sleep(d)
			synctest.Wait()
		}
		synctest.Wait()
		require.True(t, w.Alive())
		s.set(held("them", began.Add(2*time.Second)), nil)
		pass(poll)
		s.set(nil, errors.New("no route"))
		pass(Grace - poll)
		require.True(t, w.Alive())
		pass(poll)
		require.False(t, w.Alive(), "nobody could read it for the whole grace")
		s.set(nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, "x"))
		pass(poll)
		require.False(t, w.Alive())
		cancel()
		require.NoError(t, <-done)
		require.Equal(t, 2, changes)
		if diff := cmp.Diff([]time.Duration{poll}, renewed); diff != "" {
			t.Errorf("renewals were seen at (-want +got):\n%s", diff)
		}
	})
}
