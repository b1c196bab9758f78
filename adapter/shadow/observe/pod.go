package observe

import (
	"encoding/json"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// ActivationCost is the deletion cost that a pod bears from its activation until
// the ReplicaSet has settled: of the pods that are Ready it is the first to go.
const ActivationCost = "-2147483647"

// pod fills in what the planner sees of a pod.
func (v *View) pod(p *corev1.Pod, out *shadow.Pod, known *exposures) {
	out.Name, out.UID, out.CreatedAt = p.Name, p.UID, p.CreationTimestamp.Time
	out.Deleting = p.DeletionTimestamp != nil
	out.Owner, out.ReplicaSetUID = v.owner(p)
	out.Phase = phase(p)
	out.Restarts = restarts(p)
	v.place(p, out)
	v.conditions(p, out)
	if out.Owner == shadow.OwnerReplicaSet && p.Annotations[v1alpha1.ActivationAnnotation] == "" && p.Annotations[v1alpha1.ActivatedAtAnnotation] == "" {
		out.Live = v.live(p, out.ReplicaSetUID)
		return
	}
	v.shadow(p, out, known)
}

// shadow fills in what only a pod has that is or was a shadow.
func (v *View) shadow(p *corev1.Pod, out *shadow.Pod, known *exposures) {
	a := p.Annotations
	out.Label = v1alpha1.ShadowState(p.Labels[v1alpha1.StateLabel])
	out.Template = a[v1alpha1.TemplateAnnotation]
	out.Live = v.live(p, out.ReplicaSetUID)
	out.Costed = a[corev1.PodDeletionCost] == ActivationCost
	out.Epoch = epoch(a)
	out.ActivatedAt = instant(p, v1alpha1.ActivatedAtAnnotation)
	if out.ActivatedAt.IsZero() && a[v1alpha1.ActivationAnnotation] != "" {
		out.ActivatedAt = out.CreatedAt
	}
	out.DrainingSince = instant(p, v1alpha1.DrainingSinceAnnotation)
	v.size(p, out)
	if out.Owner != shadow.OwnerPool || !out.Active() {
		return
	}
	if progress, ok := v.w.Progress[p.UID]; ok {
		out.WarmUp = progress
	} else {
		out.WarmUp, _ = ReadyProgress{}.Progress(v.w.Pool, p, v.w.Now)
	}
	if out.Label == v1alpha1.ShadowBridged && out.Live {
		return // it serves
	}
	out.Exposed, out.HideKeys = known.of(p.Labels)
	if model := v.models[out.ReplicaSetUID]; model != nil {
		out.Drift = Drift(p, model, v.allowed...)
	}
}

// owner says who controls a pod, and which ReplicaSet it is of or for.
func (v *View) owner(p *corev1.Pod) (shadow.Owner, types.UID) {
	made := types.UID(p.Annotations[v1alpha1.ReplicaSetAnnotation])
	ref := metav1.GetControllerOfNoCopy(p)
	switch {
	case ref == nil:
		return shadow.OwnerNone, made
	case ref.UID == v.w.Pool.UID:
		return shadow.OwnerPool, made
	case v.sets[ref.UID] != nil:
		return shadow.OwnerReplicaSet, ref.UID
	}
	return shadow.OwnerOther, made
}

func phase(p *corev1.Pod) shadow.Phase {
	switch p.Status.Phase {
	case corev1.PodRunning, corev1.PodUnknown:
		return shadow.PhaseRunning
	case corev1.PodSucceeded, corev1.PodFailed:
		return shadow.PhaseFinished
	case corev1.PodPending:
	}
	return shadow.PhasePending
}

// restarts counts those of the containers that run as long as the pod does.
func restarts(p *corev1.Pod) (n int32) {
	for i := range p.Status.ContainerStatuses {
		n += p.Status.ContainerStatuses[i].RestartCount
	}
	for i := range p.Spec.InitContainers {
		c := &p.Spec.InitContainers[i]
		if c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways {
			continue
		}
		for j := range p.Status.InitContainerStatuses {
			if s := &p.Status.InitContainerStatuses[j]; s.Name == c.Name {
				n += s.RestartCount
			}
		}
	}
	return n
}

// live says that a pod bears all labels of its ReplicaSet's template. Where the
// ReplicaSet is gone, what was hidden of them says so.
func (v *View) live(p *corev1.Pod, uid types.UID) bool {
	if rs := v.sets[uid]; rs != nil {
		return bears(p.Labels, rs.Spec.Template.Labels)
	}
	var gone map[string]string
	if json.Unmarshal([]byte(p.Annotations[v1alpha1.HiddenLabelsAnnotation]), &gone) != nil {
		return false
	}
	return len(gone) > 0 && bears(p.Labels, gone)
}

// bears says that a pod has all of some labels.
func bears(has, wanted map[string]string) bool {
	for k, want := range wanted {
		if got, ok := has[k]; !ok || got != want {
			return false
		}
	}
	return true
}

// instant reads an annotation; zero if there is none. One that cannot be read is
// as old as the pod: that it is there counts.
func instant(p *corev1.Pod, key string) time.Time {
	text, ok := p.Annotations[key]
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return p.CreationTimestamp.Time
	}
	return t
}

// epoch reads that of the leader who wrote the pod last, 0 if none did.
func epoch(annotations map[string]string) int64 {
	n, err := strconv.ParseInt(annotations[v1alpha1.EpochAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// nodeLag is how long a node may be missing while a pod has just been given to
// it: the caches of pods and nodes do not keep step. Where the pod runs, the node
// counts as gone at once, for a shadow on it must not go live; it ends later.
const nodeLag = time.Minute

// place fills in where the pod runs.
func (v *View) place(p *corev1.Pod, out *shadow.Pod) {
	out.Node = p.Spec.NodeName
	if out.Node == "" {
		return
	}
	if node := v.w.Nodes[out.Node]; node != nil {
		out.Zone = node.Labels[corev1.LabelTopologyZone]
		out.NodeGone = v.w.NodesNotReady[out.Node]
		return
	}
	if v.w.Nodes == nil {
		return // nobody looks at nodes
	}
	given := p.CreationTimestamp.Time
	if c := condition(p, corev1.PodScheduled); c != nil && !c.LastTransitionTime.IsZero() {
		given = c.LastTransitionTime.Time
	}
	notReady := v.w.NodesNotReady[out.Node]
	out.NodeGone = notReady || p.Status.Phase == corev1.PodRunning || v.w.Now.Sub(given) >= nodeLag
	if out.NodeGone && !notReady {
		out.NodeGrace = given.Add(nodeLag)
	}
}

func condition(p *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == t {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}
