package shadowtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// Node is where pods run unless a test says otherwise.
const Node = "node-a"

// startTime is how long a pod takes to be Ready, warmTime from there to be warm.
const (
	startTime = 10 * time.Second
	warmTime  = 10 * time.Second
)

// Pod returns a live pod that a ReplicaSet made, named <replicaset>-<suffix>. It
// became Ready ten seconds after Start.
func Pod(rs *appsv1.ReplicaSet, suffix string, alter ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: meta(rs.Name+"-"+suffix, types.UID("pod-"+suffix)),
		Spec:       *rs.Spec.Template.Spec.DeepCopy(),
	}
	p.Labels = maps.Clone(rs.Spec.Template.Labels)
	p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
	Ready(Start().Add(startTime))(p)
	apply(p, alter)
	return p
}

// Shadow returns a pod that a pool made for a ReplicaSet, with the label of a
// state: its label AppLabel is hidden. As ready it became warm twenty seconds
// after Start.
func Shadow(pool *v1alpha1.ShadowPool, rs *appsv1.ReplicaSet, suffix string, state v1alpha1.ShadowState, alter ...func(*corev1.Pod)) *corev1.Pod {
	p := Pod(rs, suffix)
	p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(pool, v1alpha1.GroupVersionKind())}
	delete(p.Labels, AppLabel)
	p.Labels[v1alpha1.PoolLabel], p.Labels[v1alpha1.StateLabel] = pool.Name, string(state)
	maps.Copy(p.Annotations, map[string]string{
		v1alpha1.HiddenLabelsAnnotation: `{"` + AppLabel + `":"` + rs.Spec.Template.Labels[AppLabel] + `"}`,
		v1alpha1.ReplicaSetAnnotation:   string(rs.UID),
		v1alpha1.TemplateAnnotation:     observe.TemplateHash(rs),
		v1alpha1.EpochAnnotation:        "1",
	})
	switch state {
	case v1alpha1.ShadowCreating:
		Pending()(p)
	case v1alpha1.ShadowReady, v1alpha1.ShadowBridged:
		Warmed(Start().Add(startTime + warmTime))(p)
	case v1alpha1.ShadowWarming, v1alpha1.ShadowActive, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	apply(p, alter)
	return p
}

// Activated returns the pod that a warm shadow becomes when it is handed over.
func Activated(pool *v1alpha1.ShadowPool, rs *appsv1.ReplicaSet, suffix string, at time.Time, alter ...func(*corev1.Pod)) *corev1.Pod {
	p := Shadow(pool, rs, suffix, v1alpha1.ShadowReady)
	maps.Copy(p.Labels, rs.Spec.Template.Labels)
	p.Labels[v1alpha1.StateLabel] = string(v1alpha1.ShadowActive)
	p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
	delete(p.Annotations, v1alpha1.HiddenLabelsAnnotation)
	maps.Copy(p.Annotations, map[string]string{
		v1alpha1.ActivationAnnotation:  fmt.Sprintf("%s/%d/1", rs.UID, rs.Generation),
		v1alpha1.ActivatedAtAnnotation: at.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		corev1.PodDeletionCost:         "-2147483647",
	})
	apply(p, alter)
	return p
}

// Ready makes a pod run on Node and be Ready since a time.
func Ready(at time.Time) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = Node
		p.Status.Phase = corev1.PodRunning
		created := p.CreationTimestamp.Time
		for _, c := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized} {
			setCondition(p, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(created)})
		}
		for _, c := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
			setCondition(p, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(at)})
		}
		p.Status.ContainerStatuses = nil
		for i := range p.Spec.Containers {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: p.Spec.Containers[i].Name, Ready: true, Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(created)}},
			})
		}
	}
}

// Unready makes a pod run on Node and be not Ready since a time.
func Unready(at time.Time) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		Ready(at)(p)
		for _, c := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
			setCondition(p, corev1.PodCondition{Type: c, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(at)})
		}
		for i := range p.Status.ContainerStatuses {
			p.Status.ContainerStatuses[i].Ready = false
		}
	}
}

// Pending makes a pod wait for a node.
func Pending() func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = ""
		p.Status = corev1.PodStatus{Phase: corev1.PodPending}
	}
}

// Warmed makes a pod warm since a time.
func Warmed(at time.Time) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		setCondition(p, corev1.PodCondition{
			Type: v1alpha1.WarmedCondition, Status: corev1.ConditionTrue, Reason: "Warm", LastTransitionTime: metav1.NewTime(at),
		})
	}
}

// On makes a pod run on a node of another name.
func On(node string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeName = node }
}

// Deleting makes a pod end.
func Deleting(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.NewTime(Start().Add(time.Minute))) }

func setCondition(p *corev1.Pod, c corev1.PodCondition) {
	i := slices.IndexFunc(p.Status.Conditions, func(o corev1.PodCondition) bool { return o.Type == c.Type })
	if i < 0 {
		p.Status.Conditions = append(p.Status.Conditions, c)
		return
	}
	p.Status.Conditions[i] = c
}

// hashOf stands in for the hash that a Deployment's controller gives a template.
func hashOf(t corev1.PodTemplateSpec) string {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("shadowtest: %v", err))
	}
	h := fnv.New32a()
	_, _ = h.Write(raw)
	return fmt.Sprintf("%08x", h.Sum32())
}
