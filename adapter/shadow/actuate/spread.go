package actuate

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// spread makes shadows keep away from each other as live pods do. The template's
// own terms select labels that are hidden, so each gets a second one on the
// pool's label; without any, shadows spread over zones and nodes where they can.
func spread(spec *corev1.PodSpec, pool string) {
	ours := &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.PoolLabel: pool}}
	have := map[string]bool{}
	for _, t := range spec.TopologySpreadConstraints {
		have[t.TopologyKey] = true
		second := *t.DeepCopy()
		second.LabelSelector, second.MatchLabelKeys = ours.DeepCopy(), nil
		if second.MinDomains != nil && second.WhenUnsatisfiable != corev1.DoNotSchedule {
			second.MinDomains = nil
		}
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, second)
	}
	apart := keepApart(spec.Affinity, ours)
	for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
		if have[key] || apart[key] {
			continue
		}
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: ours.DeepCopy(),
		})
	}
}

// keepApart adds the second terms of anti-affinity, and returns the keys that
// have one which must hold.
func keepApart(affinity *corev1.Affinity, ours *metav1.LabelSelector) map[string]bool {
	hard := map[string]bool{}
	if affinity == nil || affinity.PodAntiAffinity == nil {
		return hard
	}
	a := affinity.PodAntiAffinity
	second := func(t corev1.PodAffinityTerm) corev1.PodAffinityTerm {
		return corev1.PodAffinityTerm{TopologyKey: t.TopologyKey, LabelSelector: ours.DeepCopy()}
	}
	for _, t := range a.RequiredDuringSchedulingIgnoredDuringExecution {
		hard[t.TopologyKey] = true
		a.RequiredDuringSchedulingIgnoredDuringExecution = append(a.RequiredDuringSchedulingIgnoredDuringExecution, second(t))
	}
	for _, t := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
			corev1.WeightedPodAffinityTerm{Weight: t.Weight, PodAffinityTerm: second(t.PodAffinityTerm)})
	}
	return hard
}
