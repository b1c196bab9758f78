package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	lowest  = "-2147483647"
	highest = "1000"
)

// bench is a cluster on which a test does by hand what the product would do.
type bench struct {
	*Cluster
	t  *testing.T
	rs *appsv1.ReplicaSet
	// most is the most active pods that the ReplicaSet had.
	most int
}

// newBench starts a Deployment of n pods, alone on a node each, that have been
// Ready for a quarter of an hour.
func newBench(t *testing.T, n int32, nodes int, timing func(*Timing)) *bench {
	t.Helper()
	clk := clocktesting.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	timings := Usual()
	timings.NodeGone = time.Second
	if timing != nil {
		timing(&timings)
	}
	loop := NewLoop(clk, clk.Step, rand.New(rand.NewPCG(1, 2)))
	b := &bench{Cluster: New(loop, timings, nil), t: t}
	for i := range nodes {
		b.AddNode(fmt.Sprintf("node-%d", i), "zone-a")
	}
	b.Make(NewPool("shop", "web", "web", 100, 50))
	b.Make(NewDeployment("shop", "web", n))
	b.loop.RunFor(16 * time.Minute)
	b.rs = b.replicaSet()
	require.Len(t, b.ready(), int(n), "pods that are Ready before the test")
	b.watchers = append(b.watchers, func(Change) { b.most = max(b.most, len(b.members())) })
	return b
}

func (b *bench) replicaSet() *appsv1.ReplicaSet {
	b.t.Helper()
	all := listOf[*appsv1.ReplicaSet](b, ReplicaSet, "shop")
	require.NotEmpty(b.t, all)
	return all[len(all)-1]
}

// members are the active pods of the ReplicaSet.
func (b *bench) members() []*corev1.Pod {
	return slices.DeleteFunc(b.Pods("shop"), func(p *corev1.Pod) bool {
		return !podActive(p) || b.rs != nil && controllerOf(p).UID != b.rs.UID
	})
}

func (b *bench) ready() []*corev1.Pod {
	return slices.DeleteFunc(b.members(), func(p *corev1.Pod) bool { return !podReady(p) })
}

// shadow makes a Ready pod that the pool owns.
func (b *bench) shadow(i int) *corev1.Pod {
	b.t.Helper()
	pool := b.get(Pool, Key("shop", "web"))
	name := fmt.Sprintf("%s-s%d", b.rs.Name, i)
	b.Make(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, Labels: map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: string(v1alpha1.ShadowReady)},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(pool, Pool.gvk())},
		},
		Spec: b.rs.Spec.Template.Spec,
	})
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
}

// shadows makes n of them and waits until they have been Ready for a while.
func (b *bench) shadows(n int) []*corev1.Pod {
	b.t.Helper()
	out := make([]*corev1.Pod, n)
	for i := range out {
		out[i] = b.shadow(i)
	}
	b.loop.RunFor(30 * time.Second)
	for i := range out {
		out[i] = b.pod(out[i])
		require.True(b.t, podReady(out[i]), "shadow %s is Ready", out[i].Name)
	}
	return out
}

func (b *bench) pod(p *corev1.Pod) *corev1.Pod {
	live, _ := b.get(Pod, keyOf(p)).(*corev1.Pod)
	return live
}

// patch is what hands a shadow over, or gives it live labels only.
func (b *bench) patch(p *corev1.Pod, cost string, owner, conditional bool) []byte {
	b.t.Helper()
	labels := map[string]string{v1alpha1.StateLabel: string(v1alpha1.ShadowActive)}
	maps.Copy(labels, b.rs.Spec.Template.Labels)
	meta := map[string]any{"labels": labels}
	if cost != "" {
		meta["annotations"] = map[string]string{corev1.PodDeletionCost: cost}
	}
	if owner {
		meta["ownerReferences"] = []metav1.OwnerReference{*metav1.NewControllerRef(b.rs, ReplicaSet.gvk())}
	}
	if conditional {
		meta["uid"], meta["resourceVersion"] = p.UID, p.ResourceVersion
	}
	body, err := json.Marshal(map[string]any{"metadata": meta})
	require.NoError(b.t, err)
	return body
}

func (b *bench) handOver(p *corev1.Pod, cost string) {
	b.t.Helper()
	p = b.pod(p)
	_, err := b.Patch("us", Pod, keyOf(p), "", b.patch(p, cost, true, true))
	require.NoError(b.t, err)
}

func (b *bench) scaleTo(n int32) {
	b.t.Helper()
	require.True(b.t, Alter(b.Cluster, Key("shop", "web"), &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.Spec.Replicas = &n }))
}

// raised waits until the ReplicaSet shows a number of replicas, and has done so
// for as long as a watch and a request of ours take: who is faster than the
// ReplicaSet controller's own watch hands over before the raise, as it sees it.
func (b *bench) raised(n int32) {
	b.t.Helper()
	require.True(b.t, b.loop.RunUntil(time.Second, func() bool { return *b.replicaSet().Spec.Replicas == n }), "the ReplicaSet is raised")
	b.loop.RunFor(Usual().ControllerLag)
}

// fate counts who of some pods is gone.
func (b *bench) fate(pods []*corev1.Pod) (gone int) {
	for _, p := range pods {
		if live := b.pod(p); live == nil || live.UID != p.UID || live.DeletionTimestamp != nil {
			gone++
		}
	}
	return gone
}

// settle lets everything come to rest and checks the number of pods.
func (b *bench) settle(want int) {
	b.t.Helper()
	b.loop.RunFor(time.Minute)
	require.Len(b.t, b.members(), want)
}

// crowd has all live pods on one node, and the shadows elsewhere.
func (b *bench) crowd() {
	for _, o := range listOf[*corev1.Node](b, Node, "") {
		if o.Name != "node-0" {
			edit(b.Server, "admin", "", o, func(n *corev1.Node) { n.Spec.Unschedulable = true })
		}
	}
	for _, p := range b.members() {
		_ = b.Delete("user", Pod, keyOf(p), DeleteOptions{})
	}
	b.loop.RunFor(time.Minute)
	for _, o := range listOf[*corev1.Node](b, Node, "") {
		edit(b.Server, "admin", "", o, func(n *corev1.Node) { n.Spec.Unschedulable = o.Name == "node-0" })
	}
	b.loop.RunFor(16 * time.Minute)
}

// A hand-over before the raise makes a surplus without a pod that is not Ready:
// the ranking decides who dies (experiments E1, E1b, E1c).
func TestHandOverBeforeTheRaise(t *testing.T) {
	tests := []struct {
		name               string
		shadows            int
		crowded            bool
		cost               string
		wantLive, wantOurs int
	}{
		{name: "without a cost the youngest die, nodes being equal", shadows: 2, wantOurs: 2},
		{name: "without a cost a live pod dies on a crowded node", shadows: 1, crowded: true, wantLive: 1},
		{name: "the lowest cost makes it the shadow", shadows: 1, crowded: true, cost: lowest, wantOurs: 1},
		{name: "a high cost kills live pods", shadows: 2, cost: highest, wantLive: 2},
		{name: "the lowest cost kills the shadows", shadows: 2, cost: lowest, wantOurs: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 4, 12, nil)
			if tt.crowded {
				b.crowd()
			}
			live, ours := b.members(), b.shadows(tt.shadows)
			for _, p := range ours {
				b.handOver(p, tt.cost)
			}
			b.settle(4)
			require.Equal(t, []int{tt.wantLive, tt.wantOurs}, []int{b.fate(live), b.fate(ours)}, "live pods and shadows that died")
		})
	}
}

// After the raise exactly the cold pods die, whatever their number (E2); for a
// moment there are up to N+2k pods.
func TestHandOverAfterTheRaise(t *testing.T) {
	for _, k := range []int{1, 3, 10, 30} {
		t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
			b := newBench(t, 4, 80, nil)
			live, ours := b.members(), b.shadows(k)
			b.scaleTo(int32(4 + k))
			b.raised(int32(4 + k))
			for _, p := range ours {
				b.handOver(p, lowest)
			}
			b.settle(4 + k)
			require.Equal(t, []int{0, 0}, []int{b.fate(live), b.fate(ours)}, "live pods and shadows that died")
			require.Greater(t, b.most, 4+k, "cold pods are made all the same")
			require.LessOrEqual(t, b.most, 4+2*k)
		})
	}
}

// The raise is taken back and the shadows arrive then (E4).
func TestFlap(t *testing.T) {
	for _, tt := range []struct {
		cost               string
		wantLive, wantOurs int
	}{{highest, 3, 0}, {lowest, 0, 3}} {
		t.Run("cost "+tt.cost, func(t *testing.T) {
			b := newBench(t, 4, 20, nil)
			live, ours := b.members(), b.shadows(3)
			b.scaleTo(7)
			b.loop.RunFor(200 * time.Millisecond)
			b.scaleTo(4)
			b.loop.RunFor(2 * time.Second)
			for _, p := range ours {
				b.handOver(p, tt.cost)
			}
			b.settle(4)
			require.Equal(t, []int{tt.wantLive, tt.wantOurs}, []int{b.fate(live), b.fate(ours)}, "live pods and shadows that died")
		})
	}
}

// The cold pods were faster (E5).
func TestColdPodsTurnedReady(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	live, ours := b.members(), b.shadows(3)
	b.scaleTo(7)
	b.loop.RunFor(30 * time.Second)
	cold := slices.DeleteFunc(b.ready(), func(p *corev1.Pod) bool {
		return slices.ContainsFunc(live, func(q *corev1.Pod) bool { return q.UID == p.UID })
	})
	require.Len(t, cold, 3)
	for _, p := range ours {
		b.handOver(p, lowest)
	}
	b.settle(7)
	require.Equal(t, []int{0, 0, 3}, []int{b.fate(live), b.fate(cold), b.fate(ours)}, "live, cold pods and shadows that died")
}

// A pod that serves and is not Ready for the moment ties with cold pods that
// run (E6), but not with those that are Pending (E6b).
func TestServingPodNotReady(t *testing.T) {
	for _, tt := range []struct {
		name     string
		wait     time.Duration
		wantLive int
	}{{"cold pods run", 3 * time.Second, 1}, {"cold pods are Pending", 300 * time.Millisecond, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 4, 20, func(timing *Timing) {
				timing.Pull, timing.Start = Range{time.Second, time.Second}, Range{time.Minute, time.Minute}
			})
			b.loop.RunFor(time.Minute)
			live := b.members()
			for i := range 3 {
				b.shadow(i)
			}
			b.loop.RunFor(2 * time.Minute)
			b.scaleTo(7)
			b.loop.RunFor(tt.wait)
			b.Flap(b.pod(live[0]), time.Minute)
			// The rules below the third decide among those that are not Ready: give
			// the serving pod a restart, so that they agree.
			edit(b.Server, kubelet, status, live[0], func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = 1 })
			ours := slices.DeleteFunc(b.Pods("shop"), func(p *corev1.Pod) bool { return controllerOf(p).Kind != string(Pool) })
			require.Len(t, ours, 3)
			for _, p := range ours {
				b.handOver(p, lowest)
			}
			b.loop.RunFor(5 * time.Second)
			require.Equal(t, []int{tt.wantLive, 0}, []int{b.fate(live), b.fate(ours)}, "live pods and shadows that died")
		})
	}
}

// What the API server answers (E8).
func TestPreconditions(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	p := b.shadows(1)[0]
	stale := b.patch(p, lowest, true, true)
	b.Flap(p, time.Second)
	_, err := b.Patch("us", Pod, keyOf(p), "", stale)
	require.ErrorContains(t, err, "the object has been modified")
	require.Equal(t, metav1.StatusReasonConflict, reasonOf(err))

	_, err = b.Patch("us", Pod, keyOf(p), "", []byte(`{"metadata":{"uid":"another"}}`))
	require.Equal(t, metav1.StatusReasonInvalid, reasonOf(err))

	refs, err := json.Marshal(map[string]any{"metadata": map[string]any{"ownerReferences": []metav1.OwnerReference{
		*metav1.NewControllerRef(b.rs, ReplicaSet.gvk()), p.OwnerReferences[0],
	}}})
	require.NoError(t, err)
	_, err = b.Patch("us", Pod, keyOf(p), "", refs)
	require.Equal(t, metav1.StatusReasonInvalid, reasonOf(err))
	require.ErrorContains(t, err, "Only one reference can have Controller set to true")

	p = b.pod(p)
	first, second := b.patch(p, lowest, true, true), b.patch(p, lowest, true, true)
	_, err = b.Patch("us", Pod, keyOf(p), "", first)
	require.NoError(t, err)
	_, err = b.Patch("them", Pod, keyOf(p), "", second)
	require.Equal(t, metav1.StatusReasonConflict, reasonOf(err))

	require.Equal(t, metav1.StatusReasonConflict, reasonOf(b.Delete("us", Pod, keyOf(p), DeleteOptions{UID: "another"})))
	require.Equal(t, metav1.StatusReasonConflict, reasonOf(b.Delete("us", Pod, keyOf(p), DeleteOptions{UID: p.UID, ResourceVersion: "1"})))
	require.Equal(t, metav1.StatusReasonNotFound, reasonOf(b.Delete("us", Pod, Key("shop", "nobody"), DeleteOptions{})))
	_, err = b.Create("us", &corev1.Pod{ObjectMeta: named("shop", p.Name), Spec: b.rs.Spec.Template.Spec})
	require.Equal(t, metav1.StatusReasonAlreadyExists, reasonOf(err))
}

// Whoever has one owner goes with it; whoever has none, or two, stays for ever
// (E9).
func TestDeploymentDeleted(t *testing.T) {
	tests := []struct {
		name           string
		before, orphan bool
		twoOwners      bool
		want           int
	}{
		{name: "after a direct hand-over", before: true},
		{name: "before a direct hand-over"},
		{name: "before an orphan gets the labels", orphan: true, want: 1},
		{name: "the pool stays second owner", before: true, twoOwners: true, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 4, 20, nil)
			p := b.shadows(1)[0]
			drop := func() {
				require.NoError(t, b.Delete("user", Deployment, Key("shop", "web"), DeleteOptions{}))
				b.loop.RunFor(20 * time.Second)
			}
			hand := func() {
				var refs []metav1.OwnerReference
				if !tt.orphan {
					refs = append(refs, *metav1.NewControllerRef(b.rs, ReplicaSet.gvk()))
				}
				if tt.twoOwners {
					second := p.OwnerReferences[0]
					second.Controller = nil
					refs = append(refs, second)
				}
				body, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": b.rs.Spec.Template.Labels, "ownerReferences": refs}})
				require.NoError(t, err)
				_, err = b.Patch("us", Pod, keyOf(p), "", body)
				require.NoError(t, err)
			}
			if tt.before {
				b.scaleTo(5)
				b.raised(5)
				hand()
				drop()
			} else {
				drop()
				hand()
			}
			b.loop.RunFor(5 * time.Minute)
			require.Len(t, b.Pods("shop"), tt.want)
		})
	}
}

// Labels alone change nothing for the ReplicaSet (E14).
func TestBridge(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	b.Make(NewService("shop", "web", map[string]string{AppLabel: "web"}))
	ours := b.shadows(2)
	for _, p := range ours {
		_, err := b.Patch("us", Pod, keyOf(p), "", b.patch(p, "", false, true))
		require.NoError(t, err)
	}
	b.settle(4)
	require.Equal(t, 0, b.fate(ours))
	require.Len(t, b.endpointsOf("web"), 6)
	require.Equal(t, int32(4), b.replicaSet().Status.Replicas)
}

// Detach first, then lower: the detached pod lives, the cold one in its place
// dies (E16).
func TestDetachThenLower(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	live := b.members()
	pool := b.get(Pool, Key("shop", "web"))
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"labels":          map[string]any{AppLabel: nil, appsv1.DefaultDeploymentUniqueLabelKey: nil, v1alpha1.PoolLabel: "web"},
		"ownerReferences": []metav1.OwnerReference{*metav1.NewControllerRef(pool, Pool.gvk())},
	}})
	require.NoError(t, err)
	_, err = b.Patch("us", Pod, keyOf(live[0]), "", body)
	require.NoError(t, err)
	b.loop.RunFor(100 * time.Millisecond)
	b.scaleTo(3)
	b.settle(3)
	require.Equal(t, 0, b.fate(live))
	require.Equal(t, string(Pool), controllerOf(b.pod(live[0])).Kind)
}

// A pod whose labels stop to match is released and becomes an orphan.
func TestRelease(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	p := b.members()[0]
	_, err := b.Patch("us", Pod, keyOf(p), "", []byte(`{"metadata":{"labels":{"app":null}}}`))
	require.NoError(t, err)
	b.settle(4)
	require.Empty(t, b.pod(p).OwnerReferences)
}

// An orphan with the right labels is adopted, and the youngest pod goes.
func TestAdoption(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	b.Make(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "stray", Labels: b.rs.Spec.Template.Labels}, Spec: b.rs.Spec.Template.Spec})
	b.settle(4)
	require.Equal(t, 5, b.most)
}

func TestRollout(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	old := b.rs
	setImage := func(image string) {
		Alter(b.Cluster, Key("shop", "web"), &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image })
	}
	least := 99
	b.watchers = append(b.watchers, func(Change) {
		n := 0
		for _, p := range b.Pods("shop") {
			if podActive(p) && podReady(p) {
				n++
			}
		}
		least = min(least, n)
	})
	setImage("example.org/web:2")
	b.loop.RunFor(3 * time.Minute)
	images := map[string]int{}
	for _, p := range b.Pods("shop") {
		images[p.Spec.Containers[0].Image]++
	}
	require.Equal(t, map[string]int{"example.org/web:2": 4}, images)
	require.Equal(t, 4, least, "maxUnavailable is 0")

	setImage("example.org/web:1")
	b.loop.RunFor(3 * time.Minute)
	back, _ := b.get(ReplicaSet, keyOf(old)).(*appsv1.ReplicaSet)
	require.Equal(t, int32(4), *back.Spec.Replicas, "a rollback uses the old ReplicaSet again")
	require.Equal(t, old.UID, back.UID)
}

func TestPausedDeploymentScales(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	Alter(b.Cluster, Key("shop", "web"), &appsv1.Deployment{}, func(d *appsv1.Deployment) {
		d.Spec.Paused, d.Spec.Replicas = true, new(int32(6))
		d.Spec.Template.Spec.Containers[0].Image = "example.org/web:2"
	})
	b.settle(6)
	require.Len(t, listOf[*appsv1.ReplicaSet](b, ReplicaSet, "shop"), 1)
}

func TestScaleDuringRollout(t *testing.T) {
	b := newBench(t, 8, 40, nil)
	Alter(b.Cluster, Key("shop", "web"), &appsv1.Deployment{}, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Image = "example.org/web:2"
	})
	b.loop.RunFor(2 * time.Second)
	b.scaleTo(16)
	b.loop.RunFor(300 * time.Millisecond)
	both := 0
	for _, rs := range listOf[*appsv1.ReplicaSet](b, ReplicaSet, "shop") {
		if *rs.Spec.Replicas > 2 {
			both++
		}
	}
	require.Equal(t, 2, both, "ReplicaSets that got their share of the raise")
	b.rs = nil
	b.settle(16)
}

func TestQuota(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	b.Make(NewQuota("shop", 5))
	b.scaleTo(7)
	b.loop.RunFor(time.Second)
	require.Len(t, b.members(), 5)
	rs := b.replicaSet()
	require.Len(t, rs.Status.Conditions, 1)
	require.Equal(t, appsv1.ReplicaSetReplicaFailure, rs.Status.Conditions[0].Type)
	require.Contains(t, rs.Status.Conditions[0].Message, "exceeded quota: team")
}

func TestPoolDeleted(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	b.shadows(3)
	require.NoError(t, b.Delete("user", Pool, Key("shop", "web"), DeleteOptions{}))
	b.settle(4)
	require.Len(t, b.Pods("shop"), 4)
}

func TestLostNode(t *testing.T) {
	b := newBench(t, 4, 5, func(timing *Timing) { timing.Tolerate = 30 * time.Second })
	p := b.members()[0]
	b.LoseNode(p.Spec.NodeName)
	b.loop.RunFor(10 * time.Second)
	require.False(t, podReady(b.pod(p)))
	b.settle(4)
	require.Len(t, b.ready(), 4)
}

// endpointsOf returns the pods that a Service sends requests to.
func (b *bench) endpointsOf(service string) []string {
	var out []string
	for _, s := range listOf[*discoveryv1.EndpointSlice](b, Slice, "shop") {
		for _, e := range s.Endpoints {
			if s.Labels[discoveryv1.LabelServiceName] == service && *e.Conditions.Ready {
				out = append(out, e.TargetRef.Name)
			}
		}
	}
	return out
}

func reasonOf(err error) metav1.StatusReason { return apierrors.ReasonForError(err) }

// An autoscaler with a tolerance takes a surplus for what is wanted; one without
// does not.
func TestAutoscalerTolerance(t *testing.T) {
	h := NewAutoscaler("shop", "web", 50)
	if got := perPod(h, 20, 21); got != 20 {
		t.Errorf("without tolerance, need 20 and 21 pods = %d, want 20", got)
	}
	h.Spec.Behavior = nil
	if got := perPod(h, 20, 21); got != 21 {
		t.Errorf("with the default tolerance, need 20 and 21 pods = %d, want 21", got)
	}
}

// The autoscaler follows the pool's value up at once, and down after a while; a
// second metric goes on where the pool's is gone.
func TestAutoscaler(t *testing.T) {
	b := newBench(t, 4, 20, nil)
	second := int32(0)
	b.Autoscale(func(types.NamespacedName) (int32, bool) { return second, second > 0 })
	b.Make(NewAutoscaler("shop", "web", 50))
	value := func(n int32) {
		edit(b.Server, "foreshadow-adapter", status, b.get(Pool, Key("shop", "web")).(*v1alpha1.ShadowPool), func(p *v1alpha1.ShadowPool) {
			p.Status.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: &n}
		})
	}
	value(7)
	b.loop.RunFor(20 * time.Second)
	require.Equal(t, int32(7), *b.replicaSet().Spec.Replicas)
	value(5)
	b.loop.RunFor(4 * time.Minute)
	require.Equal(t, int32(7), *b.replicaSet().Spec.Replicas)
	b.loop.RunFor(2 * time.Minute)
	require.Equal(t, int32(5), *b.replicaSet().Spec.Replicas)
	require.NoError(t, b.Delete("user", Pool, Key("shop", "web"), DeleteOptions{}))
	second = 9
	b.loop.RunFor(20 * time.Second)
	require.Equal(t, int32(9), *b.replicaSet().Spec.Replicas)
}
