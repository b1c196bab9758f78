package invariant

import (
	"cmp"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// world is what exists at one place in the history, and what of the past still
// matters.
type world struct {
	now  time.Time
	pods map[types.UID]*pod
	// alive are the pods that exist, by UID: they are asked for at every event.
	alive       []*pod
	replicaSets map[types.UID]*replicaSet
	pools       map[types.UID]*pool
	deployments kept[*appsv1.Deployment]
	services    kept[*corev1.Service]
	hpas        map[types.UID]*hpa
	selectors   map[types.UID]*selector
	exposures   map[exposure]*exposed
	// slices holds the UIDs of the pods that each EndpointSlice lists ready.
	slices map[types.UID]*slice
}

func newWorld() *world {
	return &world{
		pods: map[types.UID]*pod{}, replicaSets: map[types.UID]*replicaSet{}, pools: map[types.UID]*pool{},
		deployments: kept[*appsv1.Deployment]{}, services: kept[*corev1.Service]{}, hpas: map[types.UID]*hpa{},
		selectors: map[types.UID]*selector{}, exposures: map[exposure]*exposed{}, slices: map[types.UID]*slice{},
	}
}

// pod is a pod with its past.
type pod struct {
	*corev1.Pod
	// since is when it was seen first, gone when it was deleted.
	since, gone time.Time
	// servingIn counts the EndpointSlices that list it ready; it was listed
	// first and last at these times.
	servingIn           int
	firstServed, served time.Time
	// unready is when it was last seen not Ready, wasReady until when it was Ready
	// at least.
	unready, wasReady time.Time
	// shadowSince is since when it is a shadow, alone since when nobody owns it.
	shadowSince, alone time.Time
	// activation is the last one, drained whether it left the traffic since.
	activation *activation
	drained    bool
	// intended is the ReplicaSet for which an intent has listed it.
	intended types.UID
}

// activation is the hand-over of one pod.
type activation struct {
	at  time.Time
	pod *pod
}

type replicaSet struct {
	*appsv1.ReplicaSet
	gone, endingSince time.Time
	// since is when it was seen first.
	since time.Time
	// wanted is spec.replicas over time, busy how many of its active pods are
	// past Pending.
	wanted, busy steps
	activations  []*activation
	// over says that more was handed over than there was room for, and when.
	over time.Time
}

type pool struct {
	*v1alpha1.ShadowPool
	// changed is when its spec or its pause changed last.
	gone, changed time.Time
	// cap is maxShadows over time, asked the replicas of its workload.
	cap steps
}

// kept are objects of one kind by UID; one that is gone stays, with the time.
type kept[T metav1.Object] map[types.UID]*keptObject[T]

type keptObject[T metav1.Object] struct {
	object T
	gone   time.Time
}

func (k kept[T]) put(o T, gone bool, now time.Time) {
	e := &keptObject[T]{object: o}
	if gone {
		e.gone = now
	}
	k[o.GetUID()] = e
}

// sorted returns the values of a map of UIDs in a stable order.
func sorted[V any](m map[types.UID]V) []V {
	out := make([]V, 0, len(m))
	for _, uid := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[uid])
	}
	return out
}

// live returns the pods that exist; nobody changes the slice.
func (w *world) live() []*pod { return w.alive }

// add takes a pod that was not seen before.
func (w *world) add(p *pod) {
	w.pods[p.UID] = p
	i, _ := w.place(p.UID)
	w.alive = slices.Insert(w.alive, i, p)
}

// end takes a pod that is gone from those that exist.
func (w *world) end(p *pod) {
	if i, ok := w.place(p.UID); ok {
		w.alive = slices.Delete(w.alive, i, i+1)
	}
}

func (w *world) place(uid types.UID) (int, bool) {
	return slices.BinarySearchFunc(w.alive, uid, func(p *pod, uid types.UID) int { return cmp.Compare(p.UID, uid) })
}

// of returns the active pods that a ReplicaSet controls.
func (w *world) of(uid types.UID) []*pod {
	var out []*pod
	for _, p := range w.alive {
		if controller(p.Pod).UID == uid && active(p.Pod) {
			out = append(out, p)
		}
	}
	return out
}

// siblings returns the ReplicaSets of the same workload that exist, the given
// one among them.
func (w *world) siblings(rs *replicaSet) []*replicaSet {
	owner := metav1.GetControllerOfNoCopy(rs.ReplicaSet)
	out := sorted(w.replicaSets)
	return slices.DeleteFunc(out, func(o *replicaSet) bool {
		if !o.gone.IsZero() {
			return true
		}
		other := metav1.GetControllerOfNoCopy(o.ReplicaSet)
		return o.UID != rs.UID && (owner == nil || other == nil || owner.UID != other.UID)
	})
}

// poolOf returns the pool whose label a pod bears, or nil.
func (w *world) poolOf(p *corev1.Pod) *pool {
	if o, ok := w.pools[controller(p).UID]; ok {
		return o
	}
	var found *pool
	for _, o := range sorted(w.pools) {
		if o.Namespace == p.Namespace && o.Name == p.Labels[v1alpha1.PoolLabel] && (found == nil || !found.gone.IsZero()) {
			found = o
		}
	}
	return found
}
