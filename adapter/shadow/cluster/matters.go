package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// when lets an update through if it matters to somebody; whatever comes or goes
// does.
func when(matters func(before, now client.Object) bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return matters(e.ObjectOld, e.ObjectNew) || (e.ObjectOld.GetDeletionTimestamp() == nil) != (e.ObjectNew.GetDeletionTimestamp() == nil)
	}}
}

// both returns two versions of an object as their own type.
func both[T client.Object](before, now client.Object) (a, b T, ok bool) {
	a, ok = before.(T)
	if !ok {
		return a, b, false
	}
	b, ok = now.(T)
	return a, b, ok
}

func generationMatters(before, now client.Object) bool {
	return before.GetGeneration() != now.GetGeneration() || now.GetGeneration() == 0
}

func deploymentMatters(before, now client.Object) bool {
	a, b, ok := both[*appsv1.Deployment](before, now)
	return !ok || a.Generation != b.Generation || a.Status.ObservedGeneration != b.Status.ObservedGeneration ||
		!equality.Semantic.DeepEqual(a.Annotations, b.Annotations)
}

func replicaSetMatters(before, now client.Object) bool {
	a, b, ok := both[*appsv1.ReplicaSet](before, now)
	return setMatters(before, now) || ok && a.Status.Replicas != b.Status.Replicas
}

// setMatters leaves out how many pods a ReplicaSet counts: that comes as its
// pods do, and is gathered with them.
func setMatters(before, now client.Object) bool {
	a, b, ok := both[*appsv1.ReplicaSet](before, now)
	return !ok || a.Generation != b.Generation || a.Status.ObservedGeneration != b.Status.ObservedGeneration ||
		controllerOf(a).UID != controllerOf(b).UID || !equality.Semantic.DeepEqual(a.Status.Conditions, b.Status.Conditions)
}

func serviceMatters(before, now client.Object) bool {
	a, b, ok := both[*corev1.Service](before, now)
	return !ok || !equality.Semantic.DeepEqual(a.Spec, b.Spec) || controllerOf(a).UID != controllerOf(b).UID
}

func autoscalerMatters(before, now client.Object) bool {
	a, b, ok := both[*autoscalingv2.HorizontalPodAutoscaler](before, now)
	return !ok || !equality.Semantic.DeepEqual(a.Spec, b.Spec)
}

func quotaMatters(before, now client.Object) bool {
	a, b, ok := both[*corev1.ResourceQuota](before, now)
	return !ok || !equality.Semantic.DeepEqual(a.Spec, b.Spec) || !equality.Semantic.DeepEqual(a.Status, b.Status)
}

func claimMatters(before, now client.Object) bool {
	a, b, ok := both[*corev1.PersistentVolumeClaim](before, now)
	return !ok || !equality.Semantic.DeepEqual(a.Spec.AccessModes, b.Spec.AccessModes)
}

func nodeMatters(before, now client.Object) bool {
	a, b, ok := both[*corev1.Node](before, now)
	return !ok || nodeReady(a) != nodeReady(b) || a.Labels[corev1.LabelTopologyZone] != b.Labels[corev1.LabelTopologyZone]
}
