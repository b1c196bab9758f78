package observe

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Reasons why a workload gets no shadows.
const (
	ReasonKindUnsupported       = "KindUnsupported"
	ReasonPartOfAnother         = "PartOfAnotherWorkload"
	ReasonBackgroundWorkUnknown = "BackgroundWorkUnknown"
	ReasonRecreate              = "StrategyRecreate"
	ReasonReservedKey           = "ReservedKey"
	ReasonExclusiveVolume       = "ExclusiveVolume"
	ReasonHostPort              = "HostPort"
	ReasonSelectorUnhideable    = "SelectorUnhideable"
	ReasonPolicyGap             = "PolicyGap"
)

// refusals lists what stands against shadows of the workload, the gravest first:
// who may serve it at all, what the workload is, what its pods need, who selects
// them.
func (v *View) refusals() []shadow.Reason {
	var out []shadow.Reason
	for _, check := range []func(*View) []shadow.Reason{
		refusedAlready, refusedTaken, refusedKind, refusedOwner, refusedWork, refusedStrategy,
	} {
		out = append(out, check(v)...)
	}
	seen := map[shadow.Reason]bool{}
	for _, check := range []func(*View, *appsv1.ReplicaSet) []shadow.Reason{
		refusedKeys, refusedVolumes, refusedPorts, refusedSelectors, refusedPolicies,
	} {
		for _, rs := range v.targets() {
			for _, r := range check(v, rs) {
				if !seen[r] {
					seen[r] = true
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// refusedAlready repeats what the metrics role found.
func refusedAlready(v *View) []shadow.Reason {
	c := meta.FindStatusCondition(v.w.Pool.Status.Conditions, v1alpha1.ConditionRefused)
	if c == nil || c.Status != metav1.ConditionTrue {
		return nil
	}
	return []shadow.Reason{{Reason: c.Reason, Message: c.Message}}
}

func refusedTaken(v *View) []shadow.Reason {
	if v.w.TakenBy == "" || meta.IsStatusConditionTrue(v.w.Pool.Status.Conditions, v1alpha1.ConditionRefused) {
		return nil
	}
	return []shadow.Reason{{Reason: v1alpha1.ReasonWorkloadTaken, Message: fmt.Sprintf(
		"pool %s is older and has %s %s: delete one of the two pools", v.w.TakenBy, v.w.Pool.Spec.ScaleTargetRef.Kind, v.w.Pool.Spec.ScaleTargetRef.Name)}}
}

func refusedKind(v *View) []shadow.Reason {
	ref := &v.w.Pool.Spec.ScaleTargetRef
	switch ref.Kind {
	case "Deployment", "ReplicaSet", "Rollout":
		return nil
	}
	return []shadow.Reason{{Reason: ReasonKindUnsupported, Message: fmt.Sprintf(
		"%s %s gives its pods identities that no other pod can take: name a Deployment, ReplicaSet or Rollout in scaleTargetRef", ref.Kind, ref.Name)}}
}

// refusedOwner refuses a ReplicaSet that somebody else raises, lowers and
// replaces.
func refusedOwner(v *View) []shadow.Reason {
	if v.w.ReplicaSet == nil {
		return nil
	}
	ref := metav1.GetControllerOfNoCopy(v.w.ReplicaSet)
	if ref == nil {
		return nil
	}
	return []shadow.Reason{{Reason: ReasonPartOfAnother, Message: fmt.Sprintf(
		"ReplicaSet %s belongs to %s %s: name that one in scaleTargetRef", v.w.ReplicaSet.Name, ref.Kind, ref.Name)}}
}

func refusedWork(v *View) []shadow.Reason {
	if v.w.Pool.Spec.Mode != v1alpha1.ModeActive || v.w.Pool.Spec.BackgroundWork != "" {
		return nil
	}
	return []shadow.Reason{{Reason: ReasonBackgroundWorkUnknown, Message: fmt.Sprintf(
		"spec.backgroundWork of pool %s is empty: write None if the app does nothing without requests, Gated if it keeps its queues, "+
			"cron jobs and leader election back while it is a shadow", v.w.Pool.Name)}}
}

func refusedStrategy(v *View) []shadow.Reason {
	d := v.w.Deployment
	if d == nil || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		return nil
	}
	return []shadow.Reason{{Reason: ReasonRecreate, Message: fmt.Sprintf(
		"Deployment %s has strategy Recreate: shadows of the old version would run beside the new one: write strategy RollingUpdate", d.Name)}}
}

// reservedKeys are those of ours that a template must not use.
func reservedKeys() []string {
	return []string{
		v1alpha1.PoolLabel, v1alpha1.StateLabel, v1alpha1.HiddenLabelsAnnotation, v1alpha1.LiftedAnnotation, v1alpha1.ReplicaSetAnnotation,
		v1alpha1.TemplateAnnotation, v1alpha1.IdleAnnotation, v1alpha1.BoostAnnotation, v1alpha1.ActivationAnnotation, v1alpha1.ActivatedAtAnnotation,
		v1alpha1.DrainingSinceAnnotation, v1alpha1.EpochAnnotation,
	}
}

func refusedKeys(_ *View, rs *appsv1.ReplicaSet) (out []shadow.Reason) {
	t := &rs.Spec.Template
	for _, key := range reservedKeys() {
		_, label := t.Labels[key]
		_, annotation := t.Annotations[key]
		if label || annotation {
			out = append(out, shadow.Reason{Reason: ReasonReservedKey, Message: fmt.Sprintf(
				"the pod template of ReplicaSet %s bears %s, by which shadows are told from other pods: remove it from the template", rs.Name, key)})
		}
	}
	return out
}

// refusedVolumes refuses claims that one pod, or the pods of one node, may mount.
func refusedVolumes(v *View, rs *appsv1.ReplicaSet) (out []shadow.Reason) {
	spec := &rs.Spec.Template.Spec
	for i := range spec.Volumes {
		claim := spec.Volumes[i].PersistentVolumeClaim
		if claim == nil {
			continue
		}
		at := slices.IndexFunc(v.w.PVCs, func(c *corev1.PersistentVolumeClaim) bool { return c.Name == claim.ClaimName })
		if at < 0 || shareable(v.w.PVCs[at]) {
			continue
		}
		out = append(out, shadow.Reason{Reason: ReasonExclusiveVolume, Message: fmt.Sprintf(
			"PersistentVolumeClaim %s is %s: a shadow would take it from the live pods, or wait for it: use a claim that many pods may mount, or none",
			claim.ClaimName, modes(v.w.PVCs[at]))})
	}
	return out
}

func shareable(c *corev1.PersistentVolumeClaim) bool {
	return slices.ContainsFunc(c.Spec.AccessModes, func(m corev1.PersistentVolumeAccessMode) bool {
		return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
	})
}

func modes(c *corev1.PersistentVolumeClaim) string {
	names := make([]string, len(c.Spec.AccessModes))
	for i, m := range c.Spec.AccessModes {
		names[i] = string(m)
	}
	return strings.Join(names, ", ")
}

func refusedPorts(_ *View, rs *appsv1.ReplicaSet) (out []shadow.Reason) {
	spec := &rs.Spec.Template.Spec
	if spec.HostNetwork {
		return []shadow.Reason{{Reason: ReasonHostPort, Message: fmt.Sprintf(
			"the pods of ReplicaSet %s use the network of their node, where only one of them can have a port: remove hostNetwork", rs.Name)}}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			for _, port := range list[i].Ports {
				if port.HostPort != 0 {
					out = append(out, shadow.Reason{Reason: ReasonHostPort, Message: fmt.Sprintf(
						"container %s of ReplicaSet %s takes port %d of its node, which only one pod can have: remove hostPort", list[i].Name, rs.Name, port.HostPort)})
				}
			}
		}
	}
	return out
}

func refusedSelectors(v *View, rs *appsv1.ReplicaSet) (out []shadow.Reason) {
	_, left := v.Hide(rs)
	for _, s := range left {
		out = append(out, shadow.Reason{Reason: ReasonSelectorUnhideable, Message: fmt.Sprintf(
			"%s %s matches pods whatever labels are hidden (%s): let it ask for a label of the workload, such as %s",
			s.Kind, s.Name, describe(s), example(rs))})
	}
	return out
}

// Hide returns the keys that are hidden from a new shadow of a ReplicaSet, and
// the objects that would match it all the same.
func (v *View) Hide(rs *appsv1.ReplicaSet) (keys []string, unhideable []SelectorRef) {
	return HideKeys(v.with(rs.Spec.Template.Labels, v1alpha1.ShadowCreating), v.selectors, v.w.KeepLabels)
}

func describe(s SelectorRef) string {
	if text := s.Selector.String(); text != "" {
		return "selector " + text
	}
	return "selector {}"
}

// example is a label of the template that a selector may ask for.
func example(rs *appsv1.ReplicaSet) string {
	best := ""
	for k, v := range rs.Spec.Template.Labels {
		if k == appsv1.DefaultDeploymentUniqueLabelKey || k == rolloutHashLabel {
			continue
		}
		if text := k + "=" + v; best == "" || text < best {
			best = text
		}
	}
	if best == "" {
		return "app=" + rs.Name
	}
	return best
}
