//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
)

// recording is the history of a namespace as its watches tell it. Nothing in it
// comes from the product.
type recording struct {
	rig     *rig
	began   time.Time
	cancel  context.CancelFunc
	running sync.WaitGroup
	// kindGoes says that the test deletes the kind of the pools, and with it the
	// watch of them.
	kindGoes bool

	mu      sync.Mutex // guards what follows
	checker *invariant.Checker
	served  map[types.UID]time.Time // when a pod was first a ready endpoint of the Service web
	asked   map[types.UID]int32     // how many pods a ReplicaSet asks for
	raises  []time.Time             // when one was seen to ask for more
	deleted map[types.UID]bool      // pods that are gone or going
	course  map[types.UID][]stop    // the states of a pod
	ends    map[string][]types.UID  // the ready endpoints of each slice of the Service web
	left    map[types.UID]time.Time // when a pod was last taken from them
	desired int32                   // the most that an autoscaler asked for
	lost    []string                // the watches that ended before the test
}

// stop is when a pod was first seen in a state; it ends in goingState.
type stop struct {
	state v1alpha1.ShadowState
	at    time.Time
}

const goingState v1alpha1.ShadowState = "going"

// recordHistory watches all that the invariants speak of.
func (r *rig) recordHistory(t *testing.T, namespace string) *recording {
	t.Helper()
	c, err := client.NewWithWatch(r.REST, client.Options{Scheme: r.Client.Scheme()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	rec := &recording{
		rig: r, began: r.clock.Now(), cancel: cancel, checker: invariant.New(invariant.Config{}),
		served: map[types.UID]time.Time{}, asked: map[types.UID]int32{}, deleted: map[types.UID]bool{}, course: map[types.UID][]stop{},
		ends: map[string][]types.UID{}, left: map[types.UID]time.Time{},
	}
	for _, list := range []client.ObjectList{
		&v1alpha1.ShadowPoolList{}, &appsv1.DeploymentList{}, &appsv1.ReplicaSetList{}, &corev1.PodList{}, &corev1.ServiceList{},
		&policyv1.PodDisruptionBudgetList{}, &autoscalingv2.HorizontalPodAutoscalerList{}, &discoveryv1.EndpointSliceList{},
	} {
		rec.watch(ctx, t, c, list, namespace)
	}
	return rec
}

// watch records what there is of a kind, and what becomes of it. A server that is
// busy ends the watch of who is slow: it goes on where it was.
func (r *recording) watch(ctx context.Context, t *testing.T, c client.WithWatch, list client.ObjectList, namespace string) {
	t.Helper()
	require.NoError(t, c.List(ctx, list, client.InNamespace(namespace)))
	require.NoError(t, meta.EachListItem(list, func(o runtime.Object) error {
		r.see(watch.Event{Type: watch.Added, Object: o})
		return nil
	}))
	w, err := watchtools.NewRetryWatcherWithContext(ctx, list.GetResourceVersion(), watching(func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
		return c.Watch(ctx, list, &client.ListOptions{Namespace: namespace, Raw: &o})
	}))
	require.NoError(t, err)
	r.running.Go(func() {
		for e := range w.ResultChan() {
			r.see(e)
		}
		if ctx.Err() == nil {
			r.mu.Lock()
			r.lost = append(r.lost, fmt.Sprintf("%T", list))
			r.mu.Unlock()
		}
	})
}

// watching is a function that begins a watch.
type watching func(context.Context, metav1.ListOptions) (watch.Interface, error)

func (w watching) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	return w(ctx, o)
}

// see takes what a watch says.
func (r *recording) see(e watch.Event) {
	o, ok := e.Object.(client.Object)
	if !ok || e.Type != watch.Added && e.Type != watch.Modified && e.Type != watch.Deleted {
		return
	}
	r.add(invariant.Event{Time: r.rig.clock.Now(), Type: invariant.Type(e.Type), Object: o})
}

func (r *recording) add(e invariant.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checker.Observe(e)
	switch o := e.Object.(type) {
	case *corev1.Pod:
		state := v1alpha1.ShadowState(o.Labels[v1alpha1.StateLabel])
		if o.DeletionTimestamp != nil || e.Type == invariant.Deleted {
			r.deleted[o.UID], state = true, goingState
		}
		if was := r.course[o.UID]; len(was) == 0 || was[len(was)-1].state != state {
			r.course[o.UID] = append(was, stop{state, e.Time})
		}
	case *appsv1.ReplicaSet:
		if before, known := r.asked[o.UID]; known && *o.Spec.Replicas > before {
			r.raises = append(r.raises, e.Time)
		}
		r.asked[o.UID] = *o.Spec.Replicas
	case *autoscalingv2.HorizontalPodAutoscaler:
		r.desired = max(r.desired, o.Status.DesiredReplicas)
	case *discoveryv1.EndpointSlice:
		if o.Labels[discoveryv1.LabelServiceName] == "web" { // that of the warming shadows is no traffic
			r.list(o, e)
		}
	}
}

// list takes the ready endpoints of a slice as they are now.
func (r *recording) list(o *discoveryv1.EndpointSlice, e invariant.Event) {
	var now []types.UID
	for _, ep := range o.Endpoints {
		if ep.TargetRef == nil || ep.Conditions.Ready != nil && !*ep.Conditions.Ready || e.Type == invariant.Deleted {
			continue
		}
		now = append(now, ep.TargetRef.UID)
		if _, ok := r.served[ep.TargetRef.UID]; !ok {
			r.served[ep.TargetRef.UID] = e.Time
		}
	}
	for _, uid := range r.ends[o.Name] {
		if !slices.Contains(now, uid) {
			r.left[uid] = e.Time
		}
	}
	r.ends[o.Name] = now
}

// courseOf returns the states of a pod, and when it was last taken from the
// endpoints.
func (r *recording) courseOf(uid types.UID) (course []stop, left time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.course[uid]), r.left[uid]
}

// mostDesired returns the most replicas that an autoscaler asked for.
func (r *recording) mostDesired() int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.desired
}

// endedByTest says that the test itself ends a pod: no ReplicaSet chose it.
func (r *recording) endedByTest(p corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checker.ObserveWrite(invariant.Write{
		Time: r.rig.clock.Now(), By: "test", Verb: "delete", Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID, Changed: true,
	})
}

// servedAt returns when each of the pods was first a ready endpoint, by name;
// those that never were are left out.
func (r *recording) servedAt(pods []corev1.Pod) map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]time.Time{}
	for _, p := range pods {
		if at, ok := r.served[p.UID]; ok {
			out[p.Name] = at
		}
	}
	return out
}

// raisedSince returns when a ReplicaSet was first seen to ask for more since an
// instant; the instant itself if none was.
func (r *recording) raisedSince(from time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.raises {
		if !at.Before(from) {
			return at
		}
	}
	return from
}

// deletedOf returns which of the pods are gone or going.
func (r *recording) deletedOf(pods []corev1.Pod) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, p := range pods {
		if r.deleted[p.UID] {
			out = append(out, p.Name)
		}
	}
	return out
}

// finish ends the recording and has it judged, with the writes of the audit log.
func (r *recording) finish(t *testing.T) (*invariant.Checker, []invariant.Violation) {
	t.Helper()
	r.cancel()
	r.running.Wait()
	if !r.kindGoes {
		require.Empty(t, r.lost, "watches that ended before the test: its history has holes")
	}
	for _, w := range r.rig.auditedSince(t, r.began) {
		r.checker.ObserveWrite(w.Write)
	}
	return r.checker, r.checker.Finish(r.rig.clock.Now())
}

// judge ends the recording and fails the test for each promise that was broken.
func (r *recording) judge(t *testing.T) *invariant.Checker {
	t.Helper()
	c, found := r.finish(t)
	for _, v := range found {
		t.Errorf("broken: %s", v)
	}
	return c
}
