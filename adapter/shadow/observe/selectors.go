package observe

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// SelectorRef is an object that selects pods.
type SelectorRef struct {
	Kind, Name string
	labels.Selector
}

// String names the object, such as "Service/web".
func (s SelectorRef) String() string { return s.Kind + "/" + s.Name }

// Selectors returns what no shadow may be matched by, in a fixed order: the
// Services and disruption budgets of the namespace, the ReplicaSets of the
// workload, and the workload's own selector, by which an autoscaler finds its
// pods. The Service of the warm-up is none of them.
func Selectors(w *World) []SelectorRef {
	out := make([]SelectorRef, 0, len(w.Services)+len(w.PodDisruptionBudgets)+len(w.ReplicaSets)+1)
	for _, s := range w.Services {
		if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName || ours(w.Pool, s) {
			continue
		}
		out = append(out, SelectorRef{"Service", s.Name, labels.SelectorFromValidatedSet(s.Spec.Selector)})
	}
	for _, b := range w.PodDisruptionBudgets {
		out = add(out, "PodDisruptionBudget", b.Name, b.Spec.Selector)
	}
	for _, rs := range w.ReplicaSets {
		out = add(out, "ReplicaSet", rs.Name, rs.Spec.Selector)
	}
	if s := workloadSelector(w); s != nil {
		out = append(out, SelectorRef{w.Pool.Spec.ScaleTargetRef.Kind, w.Pool.Spec.ScaleTargetRef.Name, s})
	}
	slices.SortFunc(out, func(a, b SelectorRef) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return out
}

// add adds an object with a label selector. One that the API server would refuse
// selects nothing.
func add(to []SelectorRef, kind, name string, selector *metav1.LabelSelector) []SelectorRef {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || selector == nil {
		return to
	}
	return append(to, SelectorRef{kind, name, s})
}

// ours says that a Service is that of the warm-up: it has the name and selects
// the pool's pods alone.
func ours(pool *v1alpha1.ShadowPool, s *corev1.Service) bool {
	return s.Name == v1alpha1.ShadowServiceName(pool.Name) && s.Spec.Selector[v1alpha1.PoolLabel] == pool.Name
}

// ScaleSelector is the selector of the workload, as the pool's status gives it
// to those who read its scale; empty if there is none.
func ScaleSelector(w *World) string {
	s := workloadSelector(w)
	if s == nil {
		return ""
	}
	return s.String()
}

// workloadSelector returns the selector by which the scale of the workload finds
// its pods; nil if it is gone.
func workloadSelector(w *World) labels.Selector {
	var selector *metav1.LabelSelector
	switch {
	case w.Deployment != nil:
		selector = w.Deployment.Spec.Selector
	case w.ReplicaSet != nil:
		selector = w.ReplicaSet.Spec.Selector
	case w.Rollout != nil:
		selector = rollout{w.Rollout}.selector()
	}
	if selector == nil {
		return nil
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil
	}
	return s
}
