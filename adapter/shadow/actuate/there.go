package actuate

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// The functions below say that a pod is already what an action would make of it,
// after a write of which nobody knows whether it happened.

func isActive(t *task) bool {
	ref := metav1.GetControllerOfNoCopy(t.pod)
	return ref != nil && ref.UID == t.ReplicaSetUID && label(t.pod) == v1alpha1.ShadowActive
}

func isDetached(t *task) bool {
	ref := metav1.GetControllerOfNoCopy(t.pod)
	return ref != nil && ref.UID != t.ReplicaSetUID && label(t.pod) == v1alpha1.ShadowDraining
}

func inState(s v1alpha1.ShadowState) func(*task) bool {
	return func(t *task) bool { return label(t.pod) == s }
}

func isHidden(t *task) bool {
	for _, k := range t.Keys {
		if _, ok := t.pod.Labels[k]; ok {
			return false
		}
	}
	return true
}

func isSettled(t *task) bool {
	return t.pod.Annotations[corev1.PodDeletionCost] != observe.ActivationCost
}

// A condition of before a restart is there and counts for nothing.
func isWarmed(t *task) bool { return !t.seen.WarmedAt.IsZero() }

func isCooled(t *task) bool { return t.seen.WarmedAt.IsZero() }

func isEnding(t *task) bool { return t.pod.DeletionTimestamp != nil }

func label(p *corev1.Pod) v1alpha1.ShadowState {
	return v1alpha1.ShadowState(p.Labels[v1alpha1.StateLabel])
}
