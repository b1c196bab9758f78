package pools

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// statusRig is a writer over a fake cluster that counts and fails writes.
type statusRig struct {
	cluster client.Client
	clock   *testclock.FakeClock
	reg     *prometheus.Registry
	writer  *StatusWriter
	writes  atomic.Int64
	fail    atomic.Pointer[error]
}

func newStatusRig(t *testing.T, pools ...client.Object) *statusRig {
	t.Helper()
	r := &statusRig{clock: testclock.NewFakeClock(start), reg: prometheus.NewPedanticRegistry()}
	r.cluster = fakeCluster(t, interceptor.Funcs{
		SubResourceApply: func(ctx context.Context, c client.Client, sub string, obj runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
			r.writes.Add(1)
			if err := r.fail.Load(); err != nil {
				return *err
			}
			return c.SubResource(sub).Apply(ctx, obj, opts...)
		},
	}, pools...)
	writer, err := NewStatusWriter(StatusOptions{Client: r.cluster, FieldOwner: "foreshadow", Registerer: r.reg, Clock: r.clock})
	require.NoError(t, err)
	r.writer = writer
	return r
}

// after lets time pass, then writes what is due, and counts the attempts.
func (r *statusRig) after(t *testing.T, d time.Duration) int64 {
	t.Helper()
	r.clock.Step(d)
	before := r.writes.Load()
	r.writer.flush(t.Context())
	return r.writes.Load() - before
}

func (r *statusRig) get(t *testing.T, name string) v1alpha1.ShadowPoolStatus {
	t.Helper()
	var pool v1alpha1.ShadowPool
	require.NoError(t, r.cluster.Get(t.Context(), keyFor(name), &pool))
	return pool.Status
}

func statusOf(condition metav1.ConditionStatus, load v1alpha1.Decimal) v1alpha1.ShadowPoolStatus {
	return v1alpha1.ShadowPoolStatus{
		ObservedGeneration: 1,
		Forecast:           &v1alpha1.ForecastStatus{ComputedAt: metav1.NewTime(start), ObservedLoad: load},
		Conditions:         []metav1.Condition{{Type: v1alpha1.ConditionForecastReady, Status: condition, Reason: "Forecasting"}},
	}
}

func TestStatusIsWrittenWhenItChanges(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	require.Zero(t, r.after(t, 0), "nothing is wanted")

	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.EqualValues(t, 1, r.after(t, 0))
	got := r.get(t, "web")
	require.Equal(t, v1alpha1.Decimal("10"), got.Forecast.ObservedLoad)
	require.True(t, got.Conditions[0].LastTransitionTime.Equal(&metav1.Time{Time: start}))

	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.Zero(t, r.after(t, time.Hour), "the same status is not written again")

	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "11"))
	require.EqualValues(t, 1, r.after(t, 0), "an interval has passed since the last write")
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "12"))
	require.Zero(t, r.after(t, 10*time.Minute-time.Millisecond), "a value waits for the interval")
	require.EqualValues(t, 1, r.after(t, time.Millisecond))
	require.Equal(t, v1alpha1.Decimal("12"), r.get(t, "web").Forecast.ObservedLoad)

	r.writer.Set(pool, statusOf(metav1.ConditionFalse, "13"))
	require.EqualValues(t, 1, r.after(t, time.Second), "a condition does not wait")
	got = r.get(t, "web")
	require.True(t, got.Conditions[0].LastTransitionTime.After(start.Add(time.Hour)))
}

func TestStatusNumbersOfReplicasDoNotWait(t *testing.T) {
	for name, change := range map[string]v1alpha1.CapacityStatus{
		"the predicted": {PredictedReplicas: ptr.To[int32](4)},
		"the reactive":  {ReactiveReplicas: ptr.To[int32](4)},
		"those now":     {NowReplicas: ptr.To[int32](4)},
		"the shadows'":  {ShadowReplicas: ptr.To[int32](4)},
	} {
		t.Run(name, func(t *testing.T) {
			pool := clusterPool("web")
			r := newStatusRig(t, pool)
			r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
			r.after(t, 0)
			next := statusOf(metav1.ConditionTrue, "10")
			next.Capacity = &change
			r.writer.Set(pool, next)
			require.EqualValues(t, 1, r.after(t, 0))
			require.Empty(t, cmp.Diff(&change, r.get(t, "web").Capacity))
		})
	}
}

func TestStatusLeavesTheOtherRolesFieldsAlone(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	other := r.get(t, "web")
	require.Zero(t, other.Replicas)
	status := statusOf(metav1.ConditionTrue, "10")
	status.Replicas, status.Selector = 4, "app=web"
	status.Counts = &v1alpha1.ShadowCounts{Ready: 2}
	status.Conditions = append(status.Conditions, metav1.Condition{Type: v1alpha1.ConditionShadowsReady, Status: metav1.ConditionTrue, Reason: "ShadowsKept"})
	r.writer.Set(pool, status)
	r.after(t, 0)
	got := r.get(t, "web")
	require.Zero(t, got.Replicas)
	require.Empty(t, got.Selector)
	require.Nil(t, got.Counts)
	require.Len(t, got.Conditions, 1)
}

func TestStatusKeepsTheTimeOfTheTransition(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	r.after(t, 0)
	next := statusOf(metav1.ConditionTrue, "10")
	next.Conditions[0].Reason = v1alpha1.ReasonShortHistory
	r.writer.Set(pool, next)
	require.EqualValues(t, 1, r.after(t, 30*time.Second))
	got := r.get(t, "web").Conditions[0]
	require.Equal(t, v1alpha1.ReasonShortHistory, got.Reason)
	require.True(t, got.LastTransitionTime.Equal(&metav1.Time{Time: start}))
}

func TestStatusThatIsThereIsNotWritten(t *testing.T) {
	pool := clusterPool("web")
	first := newStatusRig(t, pool)
	first.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	first.after(t, 0)

	// A new leader knows nothing of what the last one wrote.
	again, err := NewStatusWriter(StatusOptions{Client: first.cluster, FieldOwner: "foreshadow", Clock: first.clock})
	require.NoError(t, err)
	first.writer = again
	again.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.Zero(t, first.after(t, 0))
	require.EqualValues(t, 1, testutil.ToFloat64(again.metrics.writes.WithLabelValues(resultUnchanged)))
}

func TestStatusWritesAreTriedAgain(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	down := errors.New("connection refused")
	r.fail.Store(&down)
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.EqualValues(t, 1, r.after(t, 0))
	require.Zero(t, r.after(t, time.Second-time.Millisecond), "it waits a second")
	require.EqualValues(t, 1, r.after(t, time.Millisecond))
	require.Zero(t, r.after(t, time.Second), "then two")
	require.EqualValues(t, 1, r.after(t, time.Second))
	for range 20 {
		r.after(t, maxBackoff)
	}
	require.EqualValues(t, 1, r.after(t, maxBackoff), "it never waits more than a minute")

	r.fail.Store(nil)
	require.EqualValues(t, 1, r.after(t, maxBackoff))
	require.Equal(t, v1alpha1.Decimal("10"), r.get(t, "web").Forecast.ObservedLoad)
	require.NoError(t, testutil.GatherAndCompare(r.reg, strings.NewReader(`
# HELP foreshadow_pool_status_writes_total Statuses of pools that were due to be written, by result.
# TYPE foreshadow_pool_status_writes_total counter
foreshadow_pool_status_writes_total{result="failed"} 24
foreshadow_pool_status_writes_total{result="gone"} 0
foreshadow_pool_status_writes_total{result="unchanged"} 0
foreshadow_pool_status_writes_total{result="written"} 1
`)))
	problems, err := testutil.GatherAndLint(r.reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestStatusSetDuringAWriteIsNotLost(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	r.writer.client = interceptor.NewClient(fakeCluster(t, interceptor.Funcs{}, pool), interceptor.Funcs{
		SubResourceApply: func(ctx context.Context, c client.Client, sub string, obj runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
			if r.writes.Add(1) == 1 {
				r.writer.Set(pool, statusOf(metav1.ConditionFalse, "11"))
			}
			return c.SubResource(sub).Apply(ctx, obj, opts...)
		},
	})
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.EqualValues(t, 1, r.after(t, 0))
	require.EqualValues(t, 1, r.after(t, 0))
	require.Zero(t, r.after(t, time.Hour))
}

func TestStatusWriterRunsOnTheLeader(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	require.True(t, r.writer.NeedLeaderElection())
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.writer.Start(ctx) }()
	poll(t, func() string { return "one write is awaited" }, func() bool { return r.writes.Load() == 1 })
	r.writer.Set(pool, statusOf(metav1.ConditionFalse, "10"))
	poll(t, func() string { return "the second write is awaited, without a tick" }, func() bool { return r.writes.Load() == 2 })
	down := errors.New("connection refused")
	r.fail.Store(&down)
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	poll(t, func() string { return "a write that fails is awaited" }, func() bool { return r.writes.Load() == 3 })
	r.fail.Store(nil)
	poll(t, func() string { return "the try of a tick is awaited" }, func() bool {
		r.clock.Step(statusTick)
		return r.writes.Load() == 4
	})
	cancel()
	require.NoError(t, <-done)
}

func TestStatusWriterNeedsAClientAndAnOwner(t *testing.T) {
	_, err := NewStatusWriter(StatusOptions{})
	require.EqualError(t, err, "write statuses: a client and a field owner are needed")
}
