package cluster

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// The priorities of the queue: a raise comes before everything, what a first
// list shows after everything.
const (
	raised  = 100
	usual   = 0
	initial = handler.LowPriority
)

// podDelay is how long the events of pods are gathered before a look: while a
// ReplicaSet is raised they come by the hundred, and the look that matters has
// come with the raise.
const podDelay = 25 * time.Millisecond

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// watcher finds the pools that an object concerns.
type watcher struct {
	cache client.Reader
	pulse *pulse
}

// watches adds what the controller looks at.
func (w *watcher) watches(b *builder.Builder, s served) *builder.Builder {
	b = b.
		Watches(&v1alpha1.ShadowPool{}, w.on(w.ofPool)).
		Watches(&appsv1.Deployment{}, w.on(w.ofWorkload("Deployment")), builder.WithPredicates(when(deploymentMatters))).
		Watches(&appsv1.ReplicaSet{}, w.sets(), builder.WithPredicates(when(replicaSetMatters))).
		Watches(&corev1.Pod{}, w.later(w.ofPod, podDelay)).
		Watches(&corev1.Service{}, w.on(w.ofNamespace), builder.WithPredicates(when(serviceMatters))).
		Watches(&policyv1.PodDisruptionBudget{}, w.on(w.ofNamespace), builder.WithPredicates(when(generationMatters))).
		Watches(&networkingv1.NetworkPolicy{}, w.on(w.ofNamespace), builder.WithPredicates(when(generationMatters))).
		Watches(&autoscalingv2.HorizontalPodAutoscaler{}, w.on(w.ofNamespace), builder.WithPredicates(when(autoscalerMatters))).
		Watches(&corev1.ResourceQuota{}, w.on(w.ofNamespace), builder.WithPredicates(when(quotaMatters))).
		Watches(&corev1.PersistentVolumeClaim{}, w.on(w.ofNamespace), builder.WithPredicates(when(claimMatters))).
		Watches(&corev1.Node{}, w.on(w.ofNode), builder.WithPredicates(when(nodeMatters)))
	if s[rolloutKind] {
		b = b.Watches(unstructuredOf(rolloutKind), w.on(w.ofWorkload(rolloutKind.Kind)))
	}
	if s[scaledObjectKind] {
		b = b.Watches(unstructuredOf(scaledObjectKind), w.on(w.ofNamespace), builder.WithPredicates(when(generationMatters)))
	}
	if s[authorizationKind] {
		b = b.Watches(unstructuredOf(authorizationKind), w.on(w.ofNamespace), builder.WithPredicates(when(generationMatters)))
	}
	return b
}

// concerns returns the pools that an object concerns.
type concerns func(ctx context.Context, o client.Object) []types.NamespacedName

// on hands the pools of what has changed to the queue, at once.
func (w *watcher) on(of concerns) handler.EventHandler { return w.later(of, 0) }

// later does so after a delay; what has changed by then leads to one look.
func (w *watcher) later(of concerns, delay time.Duration) handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			priority := usual
			if e.IsInInitialList {
				priority = initial
			}
			add(q, priority, delay, of(ctx, e.Object))
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			pools := of(ctx, e.ObjectNew)
			if w.isRaise(e.ObjectOld, e.ObjectNew) {
				w.pulse.raise(pools)
				add(q, raised, 0, pools)
				return
			}
			add(q, usual, delay, pools)
			if moved(e.ObjectOld, e.ObjectNew) {
				add(q, usual, delay, of(ctx, e.ObjectOld))
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			add(q, usual, delay, of(ctx, e.Object))
		},
		GenericFunc: func(ctx context.Context, e event.GenericEvent, q queue) {
			add(q, usual, delay, of(ctx, e.Object))
		},
	}
}

// replicaSetHandler hands the pools of a ReplicaSet over at once, but where only
// what it counts has changed: then later, as with its pods.
type replicaSetHandler struct {
	handler.EventHandler
	counts handler.EventHandler
}

// Update hands an update over.
func (h replicaSetHandler) Update(ctx context.Context, e event.UpdateEvent, q queue) {
	if setMatters(e.ObjectOld, e.ObjectNew) {
		h.EventHandler.Update(ctx, e, q)
		return
	}
	h.counts.Update(ctx, e, q)
}

func (w *watcher) sets() handler.EventHandler {
	return replicaSetHandler{w.on(w.ofReplicaSet), w.later(w.ofReplicaSet, podDelay)}
}

// isRaise says that a ReplicaSet asks for more pods than before.
func (w *watcher) isRaise(before, now client.Object) bool {
	old, ok := before.(*appsv1.ReplicaSet)
	if !ok {
		return false
	}
	rs, ok := now.(*appsv1.ReplicaSet)
	return ok && observe.Replicas(rs.Spec.Replicas) > observe.Replicas(old.Spec.Replicas)
}

// moved says that an object may concern other pools than it did.
func moved(before, now client.Object) bool {
	if controllerOf(before).UID != controllerOf(now).UID || before.GetLabels()[v1alpha1.PoolLabel] != now.GetLabels()[v1alpha1.PoolLabel] {
		return true
	}
	old, ok := before.(*v1alpha1.ShadowPool)
	if !ok {
		return false
	}
	pool, ok := now.(*v1alpha1.ShadowPool)
	return ok && workloadOf(old) != workloadOf(pool)
}

func add(q queue, priority int, delay time.Duration, pools []types.NamespacedName) {
	requests := make([]reconcile.Request, len(pools))
	for i, p := range pools {
		requests[i] = reconcile.Request{NamespacedName: p}
	}
	if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		pq.AddWithOpts(priorityqueue.AddOpts{Priority: &priority, After: delay}, requests...)
		return
	}
	for _, r := range requests {
		q.AddAfter(r, delay)
	}
}

// ofPool returns a pool, and those that have its workload, too.
func (w *watcher) ofPool(ctx context.Context, o client.Object) []types.NamespacedName {
	p, ok := o.(*v1alpha1.ShadowPool)
	if !ok {
		return nil
	}
	out := []types.NamespacedName{p.Key()}
	for _, key := range w.pools(ctx, p.Namespace, client.MatchingFields{byWorkload: workloadOf(p)}) {
		if key != p.Key() {
			out = append(out, key)
		}
	}
	return out
}

func (w *watcher) ofWorkload(kind string) concerns {
	return func(ctx context.Context, o client.Object) []types.NamespacedName {
		return w.pools(ctx, o.GetNamespace(), client.MatchingFields{byWorkload: workload(kind, o.GetName())})
	}
}

// ofReplicaSet returns the pools of who controls a ReplicaSet, and of itself.
func (w *watcher) ofReplicaSet(ctx context.Context, o client.Object) []types.NamespacedName {
	out := w.pools(ctx, o.GetNamespace(), client.MatchingFields{byWorkload: workload("ReplicaSet", o.GetName())})
	if ref := controllerOf(o); ref.Name != "" {
		out = append(out, w.pools(ctx, o.GetNamespace(), client.MatchingFields{byWorkload: workload(ref.Kind, ref.Name)})...)
	}
	return out
}

// ofPod returns the pool that a pod bears or that controls it, or those of its
// ReplicaSet.
func (w *watcher) ofPod(ctx context.Context, o client.Object) []types.NamespacedName {
	if pool := o.GetLabels()[v1alpha1.PoolLabel]; pool != "" {
		return []types.NamespacedName{{Namespace: o.GetNamespace(), Name: pool}}
	}
	switch ref := controllerOf(o); ref.Kind {
	case v1alpha1.Kind:
		return []types.NamespacedName{{Namespace: o.GetNamespace(), Name: ref.Name}}
	case "ReplicaSet":
		rs := &appsv1.ReplicaSet{}
		if w.cache.Get(ctx, types.NamespacedName{Namespace: o.GetNamespace(), Name: ref.Name}, rs, client.UnsafeDisableDeepCopy) != nil {
			rs.Namespace, rs.Name = o.GetNamespace(), ref.Name
		}
		return w.ofReplicaSet(ctx, rs)
	}
	return nil
}

// ofNamespace returns all pools of a namespace.
func (w *watcher) ofNamespace(ctx context.Context, o client.Object) []types.NamespacedName {
	return w.pools(ctx, o.GetNamespace())
}

// ofNode returns the pools that have pods on a node.
func (w *watcher) ofNode(ctx context.Context, o client.Object) []types.NamespacedName {
	var list corev1.PodList
	if w.cache.List(ctx, &list, client.MatchingFields{byNode: o.GetName()}, client.UnsafeDisableDeepCopy) != nil {
		return nil
	}
	seen := map[types.NamespacedName]bool{}
	var out []types.NamespacedName
	for i := range list.Items {
		for _, key := range w.ofPod(ctx, &list.Items[i]) {
			if !seen[key] {
				seen[key] = true
				out = append(out, key)
			}
		}
	}
	return out
}

// all returns every pool: what changed concerns the installation.
func (w *watcher) all(ctx context.Context, _ client.Object) []types.NamespacedName {
	return w.pools(ctx, "")
}

// pools lists pools of the cache.
func (w *watcher) pools(ctx context.Context, namespace string, opts ...client.ListOption) []types.NamespacedName {
	var list v1alpha1.ShadowPoolList
	opts = append(opts, client.UnsafeDisableDeepCopy)
	if namespace != "" {
		opts = append(opts, client.InNamespace(namespace))
	}
	if w.cache.List(ctx, &list, opts...) != nil {
		return nil // the cache is not there any more
	}
	out := make([]types.NamespacedName, len(list.Items))
	for i := range list.Items {
		out[i] = list.Items[i].Key()
	}
	return out
}
