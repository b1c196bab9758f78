package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// stand is a reconciler over a cluster in memory.
type stand struct {
	*reconciler
	client client.WithWatch
	clock  *clocktesting.FakePassiveClock
	events *events.FakeRecorder
	reg    *prometheus.Registry
	fatal  error
	pool   types.NamespacedName
}

func newStand(t *testing.T, s *shop, more ...client.Object) *stand {
	t.Helper()
	st := &stand{
		client: newCluster(t, s.objects(more...)...), clock: clocktesting.NewFakePassiveClock(now), events: events.NewFakeRecorder(16),
		reg: prometheus.NewPedanticRegistry(), pool: s.pool.Key(),
	}
	m := newMetrics(st.reg)
	p := newPulse(st.clock)
	own := &server{lines: make([]line, 1)}
	own.lines[0].client = st.client
	a, err := actuate.New(actuate.Config{Server: counted{own, m}, Reader: st.client, Clock: st.clock, Urgent: p.waiting})
	require.NoError(t, err)
	opts := &Options{Refresh: time.Minute}
	st.reconciler = &reconciler{
		gatherer: gatherer{cache: st.client}, opts: opts, first: firstLists{live: st.client}, live: st.client, clock: st.clock, actuator: a, pulse: p, caps: newCaps(opts), metrics: m,
		exporter: newExporter(st.clock), events: announcer{st.events}, logger: log.NewNopLogger(),
		metricsAlive: func() bool { return true }, paused: func(context.Context) (bool, error) { return false, nil },
		fatal: func(err error) { st.fatal = err }, pools: map[actuate.Pool]*known{},
	}
	require.NoError(t, st.reg.Register(st.exporter))
	st.epoch.Store(1)
	return st
}

func (st *stand) look(t *testing.T) reconcile.Result {
	t.Helper()
	r, err := st.Reconcile(t.Context(), reconcile.Request{NamespacedName: st.pool})
	require.NoError(t, err)
	return r
}

func (st *stand) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	require.NoError(t, st.client.Get(t.Context(), types.NamespacedName{Namespace: shadowtest.Namespace, Name: name}, p))
	return p
}

func (st *stand) active(t *testing.T) (n int) {
	t.Helper()
	var list corev1.PodList
	require.NoError(t, st.client.List(t.Context(), &list))
	for _, p := range list.Items {
		if p.Labels[v1alpha1.StateLabel] == "active" {
			n++
		}
	}
	return n
}

// A raise is served by warm pods, said in an Event on the workload, and counted.
func TestReconcileRaise(t *testing.T) {
	st := newStand(t, newShop(5, 3, 2))
	st.pulse.raise([]types.NamespacedName{st.pool})
	st.look(t)
	require.Equal(t, 2, st.active(t))
	p := st.pod(t, newShop(5, 3, 2).warm[0].Name)
	require.Equal(t, "web", p.Labels[shadowtest.AppLabel])
	require.Equal(t, "Normal ShadowsActivated 2 shadows of ShadowPool web went live: ", (<-st.events.Events)[:len("Normal ShadowsActivated 2 shadows of ShadowPool web went live: ")])
	require.InDelta(t, 2, testutil.ToFloat64(st.metrics.activations.WithLabelValues("shop", "web", "done")), 0)
	require.InDelta(t, 2, testutil.ToFloat64(st.metrics.hits.WithLabelValues("shop", "web")), 0)
	require.InDelta(t, 2, testutil.ToFloat64(st.metrics.writes.WithLabelValues("Activate", "done")), 0)
	require.False(t, st.pulse.waiting(st.pool))
}

// A second look finds nothing more to do, and after a second the status says so.
func TestReconcileComesToRest(t *testing.T) {
	st := newStand(t, newShop(5, 3, 2))
	var last reconcile.Result
	for range 5 {
		last = st.look(t)
		st.clock.SetTime(st.clock.Now().Add(time.Second))
	}
	pool := &v1alpha1.ShadowPool{}
	require.NoError(t, st.client.Get(t.Context(), st.pool, pool))
	require.Equal(t, int64(1), pool.Status.Epoch)
	require.Equal(t, int32(2), pool.Status.Counts.Active)
	require.Equal(t, "app=web", pool.Status.Selector)
	require.Equal(t, v1alpha1.Duration("10s"), pool.Status.Leads.WarmUp)
	before := testutil.ToFloat64(st.metrics.writes.WithLabelValues("Status", "done"))
	st.look(t)
	require.InDelta(t, before, testutil.ToFloat64(st.metrics.writes.WithLabelValues("Status", "done")), 0)
	require.Positive(t, last.RequeueAfter, "the pods have to settle")
}

func TestReconcileHolds(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*shop)
		stand func(*stand)
	}{
		{"a paused installation", nil, func(st *stand) { st.paused = func(context.Context) (bool, error) { return true, nil } }},
		{"a paused pool", func(s *shop) { s.pool.Annotations[v1alpha1.PauseAnnotation] = "all" }, nil},
		{"a rollout", func(s *shop) { s.rs.Spec.Replicas = new(int32(0)) }, nil},
		{"a process that does not lead", nil, func(st *stand) { st.epoch.Store(0) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(5, 3, 2)
			if tt.alter != nil {
				tt.alter(s)
			}
			st := newStand(t, s)
			if tt.stand != nil {
				tt.stand(st)
			}
			_, err := st.Reconcile(t.Context(), reconcile.Request{NamespacedName: st.pool})
			require.Equal(t, st.epoch.Load() == 0, err != nil)
			require.Zero(t, st.active(t))
		})
	}
}

// Nothing is done before the cache shows the ReplicaSets as a live list has them.
func TestReconcileWaitsForTheCache(t *testing.T) {
	s := newShop(5, 3, 2)
	st := newStand(t, s)
	newer := s.rs.DeepCopy()
	newer.Generation = 2
	st.first.live = newCluster(t, newer)
	require.Equal(t, catchUp, st.look(t).RequeueAfter)
	require.Zero(t, st.active(t))
	shown := &appsv1.ReplicaSet{}
	require.NoError(t, st.client.Get(t.Context(), client.ObjectKeyFromObject(s.rs), shown))
	shown.Generation = 2
	require.NoError(t, st.client.Update(t.Context(), shown))
	st.look(t)
	require.Equal(t, 2, st.active(t))
}

// A ReplicaSet that was deleted since the list is not waited for.
func TestReconcileDoesNotWaitForWhatIsGone(t *testing.T) {
	s := newShop(5, 3, 2)
	st := newStand(t, s)
	old := s.rs.DeepCopy()
	old.Name, old.UID = "web-old", "old"
	st.first.live = newCluster(t, old, s.rs)
	st.look(t)
	require.Equal(t, 2, st.active(t))
}

// What was listed first is kept only until the cache has shown it, or it is gone:
// of the pools and of strangers.
func TestReconcileForgetsTheFirstList(t *testing.T) {
	s := newShop(5, 3, 2)
	st := newStand(t, s)
	old, stranger := s.rs.DeepCopy(), s.rs.DeepCopy()
	old.Name, old.UID = "web-old", "old"
	stranger.Name, stranger.UID, stranger.OwnerReferences = "other", "other", nil
	live := newCluster(t, old, stranger, s.rs)
	st.first.live = live
	st.look(t)
	require.Equal(t, 2, st.active(t))
	list, err := st.first.of(t.Context(), s.pool.Namespace)
	require.NoError(t, err)
	require.Empty(t, list.left)
}

// A pod of a later leader ends the role.
func TestReconcileIsFenced(t *testing.T) {
	s := newShop(5, 3, 2)
	s.warm[1].Annotations[v1alpha1.EpochAnnotation] = "2"
	st := newStand(t, s)
	require.Equal(t, reconcile.Result{}, st.look(t))
	require.ErrorIs(t, st.fatal, actuate.ErrFenced)
	require.Zero(t, st.active(t))
}

// A broken invariant stops the pool, and is counted.
func TestReconcileBroken(t *testing.T) {
	s := newShop(5, 3, 2)
	s.pool.Spec.WarmUp.MinReady = "soon"
	st := newStand(t, s)
	require.Equal(t, time.Minute, st.look(t).RequeueAfter)
	require.InDelta(t, 1, testutil.ToFloat64(st.metrics.broken.WithLabelValues("shop", "web")), 0)
	require.Zero(t, st.active(t))
}

// Pods that a deleted pool had handed over are settled; nothing else is touched.
func TestReconcileWithoutPool(t *testing.T) {
	s := newShop(4, 3, 0)
	late := shadowtest.Activated(s.pool, s.rs, "late", now)
	s.live = append(s.live, late)
	st := newStand(t, s)
	require.NoError(t, st.client.Delete(t.Context(), s.pool))
	again := st.look(t).RequeueAfter
	require.Equal(t, 30*time.Second, again)
	require.Equal(t, observe.ActivationCost, st.pod(t, late.Name).Annotations[corev1.PodDeletionCost])
	st.clock.SetTime(now.Add(again))
	st.look(t)
	p := st.pod(t, late.Name)
	require.NotContains(t, p.Annotations, corev1.PodDeletionCost)
	require.True(t, metav1.IsControlledBy(p, s.rs))
	require.Equal(t, reconcile.Result{}, st.look(t))
	err := st.client.Get(t.Context(), types.NamespacedName{Namespace: "shop", Name: "web-shadow"}, &corev1.Service{})
	require.True(t, apierrors.IsNotFound(err))
}

// A pod that joined cold while shadows were held back is a miss, with the reason.
func TestMisses(t *testing.T) {
	s := newShop(5, 3, 0)
	cold := shadowtest.Pod(s.rs, "cold", shadowtest.Pending(), func(p *corev1.Pod) {
		p.UID, p.CreationTimestamp = "uid-of-cold", metav1.NewTime(now.Add(-time.Second))
	})
	s.live = append(s.live, cold)
	st := newStand(t, s)
	st.look(t)
	live := st.pod(t, cold.Name)
	shadowtest.Ready(now.Add(5 * time.Second))(live)
	require.NoError(t, st.client.Status().Update(t.Context(), live))
	st.look(t)
	require.InDelta(t, 1, testutil.ToFloat64(st.metrics.misses.WithLabelValues("shop", "web", "NoWarmShadow")), 0)
}

// A hold that has ended is not blamed for the pods of a later raise, only for
// those that began to start under it.
func TestMissesGoByTheirRaise(t *testing.T) {
	s := newShop(4, 3, 1)
	st := newStand(t, s)
	paused := true
	st.paused = func(context.Context) (bool, error) { return paused, nil }
	start := func(name string) {
		p := shadowtest.Pod(s.rs, name, shadowtest.Pending(), func(p *corev1.Pod) {
			p.UID, p.ResourceVersion, p.CreationTimestamp = types.UID("uid-of-"+name), "", metav1.NewTime(st.clock.Now().Add(-time.Second))
		})
		require.NoError(t, st.client.Create(t.Context(), p))
		st.look(t)
	}
	finish := func(name string) {
		p := st.pod(t, shadowtest.Pod(s.rs, name).Name)
		shadowtest.Ready(st.clock.Now())(p)
		require.NoError(t, st.client.Status().Update(t.Context(), p))
		st.look(t)
	}
	missed := func(reason string) float64 {
		return testutil.ToFloat64(st.metrics.misses.WithLabelValues("shop", "web", reason))
	}
	start("one")
	paused = false
	finish("one")
	require.InDelta(t, 1, missed("Paused"), 0)
	st.clock.SetTime(now.Add(72 * time.Hour))
	st.look(t)
	start("two") // nobody asked for it
	finish("two")
	require.InDelta(t, 1, missed("Paused"), 0)
	require.InDelta(t, 1, missed(missOther), 0)
}

// A pool that is gone leaves no series.
func TestForget(t *testing.T) {
	s := newShop(5, 3, 2)
	st := newStand(t, s)
	st.look(t)
	st.forget(st.pool)
	n, err := testutil.GatherAndCount(st.reg, "foreshadow_shadows", "foreshadow_activations_total", "foreshadow_activation_hits_total", "foreshadow_shadow_info")
	require.NoError(t, err)
	require.Zero(t, n)
}

var errDown = errors.New("the API server is down")

// A cache that cannot be read is an error, and nothing else.
func TestReconcileErrors(t *testing.T) {
	st := newStand(t, newShop(5, 3, 2))
	st.paused = func(context.Context) (bool, error) { return false, errDown }
	_, err := st.Reconcile(t.Context(), reconcile.Request{NamespacedName: st.pool})
	require.ErrorIs(t, err, errDown)
}
