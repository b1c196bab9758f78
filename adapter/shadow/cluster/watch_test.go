package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// An object leads to the pools that it concerns.
func TestConcerns(t *testing.T) {
	s := newShop(3, 2, 1)
	api := shadowtest.Pool(func(p *v1alpha1.ShadowPool) {
		p.Name, p.UID = "api", "uid-of-api"
		p.Spec.ScaleTargetRef.Name = "api"
	})
	second := shadowtest.Pool(func(p *v1alpha1.ShadowPool) { p.Name, p.UID = "second", "uid-of-second" })
	bare := shadowtest.Pool(func(p *v1alpha1.ShadowPool) {
		p.Name, p.UID = "bare", "uid-of-bare"
		p.Spec.ScaleTargetRef.Kind, p.Spec.ScaleTargetRef.Name = "ReplicaSet", s.rs.Name
	})
	far := shadowtest.Pool(func(p *v1alpha1.ShadowPool) { p.Namespace, p.Name, p.UID = "elsewhere", "far", "uid-of-far" })
	w := &watcher{cache: newCluster(t, s.objects(api, second, bare, far)...), pulse: newPulse(clocktesting.NewFakePassiveClock(now))}
	unowned := shadowtest.Pod(s.rs, "unowned", func(p *corev1.Pod) { p.OwnerReferences = nil })
	tests := []struct {
		name string
		of   concerns
		o    client.Object
		want string
	}{
		{"a pool, and those of its workload", w.ofPool, s.pool, "second web"},
		{"a Deployment", w.ofWorkload("Deployment"), s.dep, "second web"},
		{"a ReplicaSet, and the pool that names it", w.ofReplicaSet, s.rs, "bare second web"},
		{"a shadow", w.ofPod, s.warm[0], "web"},
		{"a live pod", w.ofPod, s.live[0], "bare second web"},
		{"a pod of nobody", w.ofPod, unowned, ""},
		{"a pod of a ReplicaSet that the cache does not know", w.ofPod, shadowtest.Pod(shadowtest.ReplicaSet(shadowtest.Deployment(1), func(rs *appsv1.ReplicaSet) { rs.Name = "new" }), "x"), ""},
		{"anything that selects", w.ofNamespace, &corev1.Service{ObjectMeta: in(shadowtest.Namespace, "x")}, "api bare second web"},
		{"a node", w.ofNode, s.node, "bare second web"},
		{"a node that nothing runs on", w.ofNode, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "empty"}}, ""},
		{"the installation, another namespace too", w.all, nil, "api bare far second web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, key := range tt.of(t.Context(), tt.o) {
				got = append(got, key.Name)
			}
			slices.Sort(got)
			require.Equal(t, tt.want, strings.Join(got, " "))
		})
	}
}

// queued is what was added to a queue.
type queued struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	added []string
	at    []int
	after []time.Duration
}

func (q *queued) AddWithOpts(o priorityqueue.AddOpts, items ...reconcile.Request) {
	for _, i := range items {
		q.added, q.at = append(q.added, i.Name), append(q.at, *o.Priority)
		q.after = append(q.after, o.After)
	}
}

func (q *queued) GetWithPriority() (reconcile.Request, int, bool) {
	return reconcile.Request{}, 0, true
}

// A raise goes to the front of the queue at once; a first list to its end.
func TestRaiseComesFirst(t *testing.T) {
	s := newShop(3, 2, 1)
	clock := clocktesting.NewFakePassiveClock(now)
	w := &watcher{cache: newCluster(t, s.objects()...), pulse: newPulse(clock)}
	h := w.on(w.ofReplicaSet)
	higher := s.rs.DeepCopy()
	higher.Spec.Replicas = new(int32(5))

	q := &queued{}
	h.Create(t.Context(), event.CreateEvent{Object: s.rs, IsInInitialList: true}, q)
	h.Create(t.Context(), event.CreateEvent{Object: s.rs}, q)
	h.Update(t.Context(), event.UpdateEvent{ObjectOld: s.rs, ObjectNew: s.rs}, q)
	require.False(t, w.pulse.waiting(s.pool.Key()))
	h.Update(t.Context(), event.UpdateEvent{ObjectOld: s.rs, ObjectNew: higher}, q)
	require.True(t, w.pulse.waiting(s.pool.Key()))
	h.Update(t.Context(), event.UpdateEvent{ObjectOld: higher, ObjectNew: s.rs}, q)
	h.Delete(t.Context(), event.DeleteEvent{Object: s.rs}, q)
	require.Equal(t, []int{initial, usual, usual, raised, usual, usual}, q.at)

	require.Equal(t, now, w.pulse.take(s.pool.Key()))
	require.False(t, w.pulse.waiting(s.pool.Key()))
	require.True(t, w.pulse.take(s.pool.Key()).IsZero())
}

// What a ReplicaSet counts is gathered as the events of its pods are.
func TestCountsComeLater(t *testing.T) {
	s := newShop(3, 2, 1)
	w := &watcher{cache: newCluster(t, s.objects()...), pulse: newPulse(clocktesting.NewFakePassiveClock(now))}
	counted, higher := s.rs.DeepCopy(), s.rs.DeepCopy()
	counted.Status.Replicas++
	higher.Spec.Replicas, higher.Generation = new(int32(5)), 9
	q := &queued{}
	w.sets().Update(t.Context(), event.UpdateEvent{ObjectOld: s.rs, ObjectNew: counted}, q)
	w.sets().Update(t.Context(), event.UpdateEvent{ObjectOld: s.rs, ObjectNew: higher}, q)
	require.Equal(t, []time.Duration{podDelay, 0}, q.after)
}

// An object that changes hands concerns those it leaves, too.
func TestMoved(t *testing.T) {
	s := newShop(3, 2, 1)
	w := &watcher{cache: newCluster(t, s.objects()...), pulse: newPulse(clocktesting.NewFakePassiveClock(now))}
	q := &queued{}
	after := s.warm[0].DeepCopy()
	after.Labels[v1alpha1.PoolLabel] = "another"
	w.on(w.ofPod).Update(t.Context(), event.UpdateEvent{ObjectOld: s.warm[0], ObjectNew: after}, q)
	require.ElementsMatch(t, []string{"web", "another"}, q.added)
}

// What changes all the time and matters to nobody leads to no look.
func TestMatters(t *testing.T) {
	s := newShop(3, 2, 1)
	around := surroundings()
	tests := []struct {
		name    string
		matters func(before, now client.Object) bool
		o       client.Object
		alter   func(client.Object)
		want    bool
	}{
		{"the status of a Deployment", deploymentMatters, s.dep, func(o client.Object) { o.(*appsv1.Deployment).Status.ReadyReplicas++ }, false},
		{"the spec of a Deployment", deploymentMatters, s.dep, func(o client.Object) { o.SetGeneration(9) }, true},
		{"the pods of a ReplicaSet", replicaSetMatters, s.rs, func(o client.Object) { o.(*appsv1.ReplicaSet).Status.ReadyReplicas++ }, false},
		{"how many pods a ReplicaSet has", replicaSetMatters, s.rs, func(o client.Object) { o.(*appsv1.ReplicaSet).Status.Replicas++ }, true},
		{"a raise", replicaSetMatters, s.rs, func(o client.Object) { o.SetGeneration(9) }, true},
		{"a spec that was seen", replicaSetMatters, s.rs, func(o client.Object) { o.(*appsv1.ReplicaSet).Status.ObservedGeneration++ }, true},
		{"the labels of a Service", serviceMatters, around[0], func(o client.Object) { o.SetLabels(map[string]string{"a": "b"}) }, false},
		{"the selector of a Service", serviceMatters, around[0], func(o client.Object) { o.(*corev1.Service).Spec.Selector = nil }, true},
		{"the heartbeat of a node", nodeMatters, s.node, func(o client.Object) { o.SetResourceVersion("9") }, false},
		{"a node that is lost", nodeMatters, s.node, func(o client.Object) { o.(*corev1.Node).Status.Conditions = nil }, true},
		{"a node that moves", nodeMatters, s.node, func(o client.Object) { o.GetLabels()[corev1.LabelTopologyZone] = "b" }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after, ok := tt.o.DeepCopyObject().(client.Object)
			require.True(t, ok)
			tt.alter(after)
			require.Equal(t, tt.want, when(tt.matters).Update(event.UpdateEvent{ObjectOld: tt.o, ObjectNew: after}))
			after.SetDeletionTimestamp(new(metav1.NewTime(now)))
			require.True(t, when(tt.matters).Update(event.UpdateEvent{ObjectOld: tt.o, ObjectNew: after}), "its end")
		})
	}
}

func TestStripNode(t *testing.T) {
	n := newShop(1, 0, 0).node
	n.Status.Images = []corev1.ContainerImage{{Names: []string{"x"}}}
	n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeDiskPressure})
	got, err := stripNode(n)
	require.NoError(t, err)
	out, ok := got.(*corev1.Node)
	require.True(t, ok)
	require.True(t, nodeReady(out))
	require.Equal(t, "a", out.Labels[corev1.LabelTopologyZone])
	require.Empty(t, out.Status.Images)
	require.Len(t, out.Status.Conditions, 1)
}
