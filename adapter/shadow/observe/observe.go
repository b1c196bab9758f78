package observe

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Observe says what the planner sees of a world.
func Observe(w World) shadow.Observed { return NewView(w).Observed() }

// View is a World made ready to be looked at. It may be used by many at once.
type View struct {
	w    World
	sets map[types.UID]*appsv1.ReplicaSet
	// current is the ReplicaSet of the newest template, nil if it is not there.
	current *appsv1.ReplicaSet
	// models are the live pods that shadows are compared with, by ReplicaSet.
	models    map[types.UID]*corev1.Pod
	selectors []SelectorRef
	// allowed is in what shadows may differ from live pods.
	allowed []string
}

// NewView makes a world ready.
func NewView(w World) *View {
	v := &View{w: w, sets: make(map[types.UID]*appsv1.ReplicaSet, len(w.ReplicaSets))}
	for _, rs := range w.ReplicaSets {
		v.sets[rs.UID] = rs
	}
	v.current = v.findCurrent()
	v.models = v.findModels()
	v.selectors = Selectors(&v.w)
	v.allowed = append([]string{SidecarName}, w.AllowDrift...)
	return v
}

// Observed says what the planner sees.
func (v *View) Observed() shadow.Observed {
	out := shadow.Observed{
		Pool: v.w.Pool, Epoch: v.w.Epoch, Paused: v.w.Paused,
		Workload:    v.workload(),
		ReplicaSets: make([]shadow.ReplicaSet, 0, len(v.w.ReplicaSets)),
		Pods:        make([]shadow.Pod, len(v.w.Pods)),
		Published:   published(&v.w),
		Leads:       v.w.Leads,
		Room:        v.room(),
		Refusals:    v.refusals(),
		Warnings:    v.warnings(),
		Resized:     v.w.Resized[shadow.KindResize],
		Unboosted:   v.w.Resized[shadow.KindUnboost],
	}
	for _, rs := range v.w.ReplicaSets {
		out.ReplicaSets = append(out.ReplicaSets, replicaSet(rs))
	}
	known := exposures{view: v}
	for i, p := range v.w.Pods {
		v.pod(p, &out.Pods[i], &known)
	}
	return out
}

// Pod says what the planner would see of a pod that is not, or no longer, as the
// world has it.
func (v *View) Pod(p *corev1.Pod) shadow.Pod {
	var out shadow.Pod
	v.pod(p, &out, &exposures{view: v})
	return out
}

// ReplicaSet says what the planner would see of a ReplicaSet.
func ReplicaSet(rs *appsv1.ReplicaSet) shadow.ReplicaSet { return replicaSet(rs) }

// targets are the ReplicaSets whose template shadows have or will have: the
// active ones, or without any the one of the newest template.
func (v *View) targets() []*appsv1.ReplicaSet {
	var out []*appsv1.ReplicaSet
	for _, rs := range v.w.ReplicaSets {
		if Replicas(rs.Spec.Replicas) > 0 && rs.DeletionTimestamp == nil {
			out = append(out, rs)
		}
	}
	if len(out) == 0 && v.current != nil {
		out = append(out, v.current)
	}
	slices.SortFunc(out, newestFirst)
	return out
}

// findModels returns, for each ReplicaSet, the youngest pod that it made itself:
// what admission makes of a pod today.
func (v *View) findModels() map[types.UID]*corev1.Pod {
	out := make(map[types.UID]*corev1.Pod, len(v.sets))
	for _, p := range v.w.Pods {
		ref := metav1.GetControllerOfNoCopy(p)
		if ref == nil || v.sets[ref.UID] == nil || p.Annotations[v1alpha1.ActivationAnnotation] != "" ||
			p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded {
			continue
		}
		if was := out[ref.UID]; was == nil || younger(p, was) {
			out[ref.UID] = p
		}
	}
	return out
}

func younger(a, b *corev1.Pod) bool {
	if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
		return c > 0
	}
	return a.Name < b.Name
}

// published says what the metrics role says, if it is alive to say it.
func published(w *World) shadow.Published {
	c := w.Pool.Status.Capacity
	if !w.MetricsAlive || c == nil || c.PredictedReplicas == nil || c.NowReplicas == nil || c.ShadowReplicas == nil {
		return shadow.Published{}
	}
	if !meta.IsStatusConditionTrue(w.Pool.Status.Conditions, v1alpha1.ConditionForecastReady) {
		return shadow.Published{}
	}
	return shadow.Published{Known: true, Value: *c.PredictedReplicas, NowTerm: *c.NowReplicas, ShadowNeed: *c.ShadowReplicas}
}

// with adds our labels.
func (v *View) with(labels map[string]string, state v1alpha1.ShadowState) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	out[v1alpha1.PoolLabel], out[v1alpha1.StateLabel] = v.w.Pool.Name, string(state)
	return out
}
