package model

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// victims returns the pods that a ReplicaSet deletes first: as many as asked,
// by the rules of version 1.37. related are the pods of all ReplicaSets of the
// workload.
func victims(pods, related []*corev1.Pod, n int, now time.Time) []*corev1.Pod {
	if n >= len(pods) {
		return pods
	}
	onNode := map[string]int{}
	for _, p := range related {
		if podActive(p) {
			onNode[p.Spec.NodeName]++
		}
	}
	out := slices.Clone(pods)
	slices.SortFunc(out, func(a, b *corev1.Pod) int {
		return compareVictims(a, b, onNode[a.Spec.NodeName], onNode[b.Spec.NodeName], now)
	})
	return out[:n]
}

// compareVictims is below 0 where a goes before b: the first rule that tells
// them apart decides.
func compareVictims(a, b *corev1.Pod, rankA, rankB int, now time.Time) int {
	readyA, readyB := podReady(a), podReady(b)
	if d := cmp.Or(
		falseFirst(a.Spec.NodeName != "", b.Spec.NodeName != ""),
		cmp.Compare(phaseOrder(a), phaseOrder(b)),
		falseFirst(readyA, readyB),
		cmp.Compare(deletionCost(a), deletionCost(b)),
		cmp.Compare(rankB, rankA),
	); d != 0 {
		return d
	}
	if readyA && readyB {
		if d := compareAges(readySince(a), readySince(b), a, b, now); d != 0 {
			return d
		}
	}
	if d := cmp.Compare(restarts(b), restarts(a)); d != 0 {
		return d
	}
	return compareAges(a.CreationTimestamp.Time, b.CreationTimestamp.Time, a, b, now)
}

// compareAges puts the younger one first, by powers of two; within one power
// the UIDs decide.
func compareAges(a, b time.Time, podA, podB *corev1.Pod, now time.Time) int {
	if a.Equal(b) {
		return 0
	}
	if d := cmp.Compare(power(now.Sub(a)), power(now.Sub(b))); d != 0 {
		return d
	}
	return cmp.Compare(podA.UID, podB.UID)
}

func power(age time.Duration) int64 {
	if age <= 0 {
		return -1
	}
	return int64(math.Log2(float64(age)))
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func phaseOrder(p *corev1.Pod) int {
	switch p.Status.Phase {
	case corev1.PodPending:
		return 0
	case corev1.PodUnknown:
		return 1
	default:
		return 2
	}
}

// deletionCost is what the annotation says; what cannot be read counts as 0.
func deletionCost(p *corev1.Pod) int32 {
	n, err := strconv.ParseInt(p.Annotations[corev1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

func restarts(p *corev1.Pod) int32 {
	var most int32
	for i := range p.Status.ContainerStatuses {
		most = max(most, p.Status.ContainerStatuses[i].RestartCount)
	}
	return most
}

// readySince is when the pod became Ready, or zero.
func readySince(p *corev1.Pod) time.Time {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

func podReady(p *corev1.Pod) bool {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func podActive(p *corev1.Pod) bool {
	return p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed && p.DeletionTimestamp == nil
}

// controllerOf returns the controller of an object, or an empty reference.
func controllerOf(o metav1.Object) metav1.OwnerReference {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return *ref
	}
	return metav1.OwnerReference{}
}
