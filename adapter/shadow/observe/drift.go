package observe

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// SidecarName is the container, and its volume, by which shadows differ from
// live pods; SidecarPort is where its progress is read.
const (
	SidecarName = "foreshadow-sidecar"
	SidecarPort = 9797
)

// tokenVolume begins the name of the volume that admission adds for the token of
// the service account; the rest of it is random.
const tokenVolume = "kube-api-access-"

// Drift names the first field in which admission made a shadow other than a live
// pod of the same template, such as spec.containers[app].image; empty if there
// is none.
//
// Left out is what differs by nature: the node, the name of the volume with the
// service account's token, what debugging added, labels that the API server
// copies into a spread or affinity term; and what we add: the containers and
// volumes named in allowed, a spread or affinity term on our label, the CPU of a
// shadow that idles, and the CPU limit of one that was boosted. A value that holds the name of its pod equals one that holds
// the name of the other. Lists whose items have names are compared by them.
//
// An item of allowed that begins with "spec." is a field, as Drift names it, in
// which the two may differ.
func Drift(shadow, live *corev1.Pod, allowed ...string) string {
	d := differ{
		shadow: shadow.Name, live: live.Name, allowed: allowed,
		idle: shadow.Annotations[v1alpha1.IdleAnnotation] != "", boosted: shadow.Annotations[v1alpha1.BoostAnnotation] != "",
	}
	return d.specs(&shadow.Spec, &live.Spec)
}

// ignores says that a field of a spec is written when the pod is there already.
func ignores(field string) bool {
	switch field {
	case "NodeName", "EphemeralContainers", "SchedulingGates":
		return true
	}
	return false
}

// skips says that an item of a list is one of ours, or copied from the pod's
// labels.
func (d *differ) skips(item any) bool {
	switch item := item.(type) {
	case *corev1.Container:
		return slices.Contains(d.allowed, item.Name)
	case *corev1.Volume:
		return slices.Contains(d.allowed, item.Name)
	case *corev1.TopologySpreadConstraint:
		return selectsOurs(item.LabelSelector)
	case *corev1.PodAffinityTerm:
		return selectsOurs(item.LabelSelector)
	case *corev1.WeightedPodAffinityTerm:
		return selectsOurs(item.PodAffinityTerm.LabelSelector)
	case *metav1.LabelSelectorRequirement:
		return slices.Contains(d.copied, item.Key)
	}
	return false
}

// selectsOurs says that a term goes by the label of the pool.
func selectsOurs(s *metav1.LabelSelector) bool {
	if s == nil {
		return false
	}
	_, there := s.MatchLabels[v1alpha1.PoolLabel]
	return there || slices.ContainsFunc(s.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool { return r.Key == v1alpha1.PoolLabel })
}

// copiedKeys are the keys of a term whose labels the API server copies into its
// selector. A shadow may lack such a label.
func copiedKeys(term any) []string {
	switch t := term.(type) {
	case *corev1.TopologySpreadConstraint:
		return t.MatchLabelKeys
	case *corev1.PodAffinityTerm:
		if len(t.MismatchLabelKeys) == 0 {
			return t.MatchLabelKeys
		}
		return append(slices.Clip(t.MatchLabelKeys), t.MismatchLabelKeys...)
	}
	return nil
}
