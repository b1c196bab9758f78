package observe

import (
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// room says how many more shadows quotas and caps leave room for.
func (v *View) room() shadow.Room {
	r := shadow.Room{Pods: -1}
	v.cap(&r)
	pod := v.typical()
	if pod == nil {
		return r
	}
	needs := demand(pod)
	v.addBoost(needs, &pod.Spec)
	for _, q := range v.w.Quotas {
		if !applies(q, pod) {
			continue
		}
		n, of := left(q, needs)
		if n < 0 {
			continue
		}
		by := fmt.Sprintf("ResourceQuota/%s (%s)", q.Name, of)
		if r.Pods < 0 || n < r.Pods || n == r.Pods && by < r.By {
			r.Pods, r.By = n, by
		}
	}
	return r
}

// cap says what the caps of the installation and of the namespace leave beside
// the shadows that the pool has.
func (v *View) cap(r *shadow.Room) {
	all, namespace := v.w.InstallationRoom, v.w.NamespaceRoom
	switch {
	case all < 0 && namespace < 0:
		return
	case namespace < 0 || all >= 0 && all <= namespace:
		r.Caps, r.CapsBy = all, "the installation's cap on shadows"
	default:
		r.Caps, r.CapsBy = namespace, "the cap on shadows of namespace "+v.w.Pool.Namespace
	}
	for _, p := range v.w.Pods {
		if owner, _ := v.owner(p); owner == shadow.OwnerPool && phase(p) != shadow.PhaseFinished && p.DeletionTimestamp == nil {
			r.Caps--
		}
	}
}

// typical is a pod as a shadow becomes in the end: a live one as admission made
// it, or one of the template; nil if there is none.
func (v *View) typical() *corev1.Pod {
	targets := v.targets()
	if len(targets) == 0 {
		return nil
	}
	if p := v.models[targets[0].UID]; p != nil {
		return p
	}
	return &corev1.Pod{Spec: targets[0].Spec.Template.Spec}
}

// demand is what a pod takes of each resource that a quota may bound. A shadow
// counts with the CPU that it gets when it goes live.
func demand(p *corev1.Pod) corev1.ResourceList {
	one := *resource.NewQuantity(1, resource.DecimalSI)
	out := corev1.ResourceList{corev1.ResourcePods: one, "count/pods": one}
	for name, q := range resourcehelper.PodRequests(p, resourcehelper.PodResourcesOptions{}) {
		out[corev1.DefaultResourceRequestsPrefix+name] = q
		if !strings.Contains(string(name), "/") {
			out[name] = q // cpu, memory, ephemeral-storage and hugepages-* go by this name, too
		}
	}
	for name, q := range resourcehelper.PodLimits(p, resourcehelper.PodResourcesOptions{}) {
		out["limits."+name] = q
	}
	return out
}

// addBoost adds what the limits of a shadow are higher by while it warms up.
func (v *View) addBoost(needs corev1.ResourceList, spec *corev1.PodSpec) {
	limit, limited := needs[corev1.ResourceLimitsCPU]
	if !limited || BoostRefusal(spec).Reason != "" {
		return
	}
	for i := range spec.Containers {
		if more, ok := BoostedLimit(&spec.Containers[i], Boost(v.w.Pool)); ok {
			limit.Add(more)
			limit.Sub(spec.Containers[i].Resources.Limits[corev1.ResourceCPU])
		}
	}
	needs[corev1.ResourceLimitsCPU] = limit
}

// left is how many pods of a demand a quota leaves, and which of its resources
// bounds them; negative if none does.
func left(q *corev1.ResourceQuota, needs corev1.ResourceList) (n int32, of corev1.ResourceName) {
	n = -1
	hard := q.Status.Hard
	if len(hard) == 0 {
		hard = q.Spec.Hard
	}
	for name, most := range hard {
		need, counts := needs[name]
		if !counts && !demanded(name) || counts && need.IsZero() {
			continue
		}
		var fits int64
		if counts {
			fits = times(most, q.Status.Used[name], need)
		}
		if fits := int32(min(fits, math.MaxInt32)); n < 0 || fits < n || fits == n && name < of {
			n, of = fits, name
		}
	}
	return n, of
}

// demanded says that a quota on a resource admits no pod that does not say how
// much it takes.
func demanded(name corev1.ResourceName) bool {
	switch name {
	case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory,
		corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory:
		return true
	}
	return false
}

// times is how often need fits between used and most.
func times(most, used, need resource.Quantity) int64 {
	free := most.DeepCopy()
	free.Sub(used)
	if free.Sign() <= 0 {
		return 0
	}
	if free.CmpInt64(math.MaxInt64/1000) < 0 {
		return free.MilliValue() / need.MilliValue()
	}
	return free.Value() / max(1, need.Value())
}

// applies says that the scopes of a quota take in a pod.
func applies(q *corev1.ResourceQuota, p *corev1.Pod) bool {
	for _, s := range q.Spec.Scopes {
		if !inScope(corev1.ScopedResourceSelectorRequirement{ScopeName: s, Operator: corev1.ScopeSelectorOpExists}, p) {
			return false
		}
	}
	if q.Spec.ScopeSelector == nil {
		return true
	}
	return !slices.ContainsFunc(q.Spec.ScopeSelector.MatchExpressions, func(r corev1.ScopedResourceSelectorRequirement) bool { return !inScope(r, p) })
}

func inScope(r corev1.ScopedResourceSelectorRequirement, p *corev1.Pod) bool {
	switch r.ScopeName {
	case corev1.ResourceQuotaScopeTerminating:
		return p.Spec.ActiveDeadlineSeconds != nil && *p.Spec.ActiveDeadlineSeconds >= 0
	case corev1.ResourceQuotaScopeNotTerminating:
		return p.Spec.ActiveDeadlineSeconds == nil || *p.Spec.ActiveDeadlineSeconds < 0
	case corev1.ResourceQuotaScopeBestEffort:
		return bestEffort(p)
	case corev1.ResourceQuotaScopeNotBestEffort:
		return !bestEffort(p)
	case corev1.ResourceQuotaScopePriorityClass:
		return inClass(r, p.Spec.PriorityClassName)
	case corev1.ResourceQuotaScopeCrossNamespacePodAffinity:
		return crossNamespace(p.Spec.Affinity)
	case corev1.ResourceQuotaScopeVolumeAttributesClass: // of claims, not of pods
	}
	return false
}

func inClass(r corev1.ScopedResourceSelectorRequirement, class string) bool {
	switch r.Operator {
	case corev1.ScopeSelectorOpExists:
		return class != ""
	case corev1.ScopeSelectorOpDoesNotExist:
		return class == ""
	case corev1.ScopeSelectorOpIn:
		return slices.Contains(r.Values, class)
	case corev1.ScopeSelectorOpNotIn:
		return !slices.Contains(r.Values, class)
	}
	return false
}

// bestEffort says that nothing in a pod asks for CPU or memory.
func bestEffort(p *corev1.Pod) bool {
	if p.Status.QOSClass != "" {
		return p.Status.QOSClass == corev1.PodQOSBestEffort
	}
	asks := func(l corev1.ResourceList) bool { return !l.Cpu().IsZero() || !l.Memory().IsZero() }
	if r := p.Spec.Resources; r != nil && (asks(r.Requests) || asks(r.Limits)) {
		return false
	}
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		if slices.ContainsFunc(list, func(c corev1.Container) bool { return asks(c.Resources.Requests) || asks(c.Resources.Limits) }) {
			return false
		}
	}
	return true
}

// crossNamespace says that an affinity looks at pods of other namespaces.
func crossNamespace(a *corev1.Affinity) bool {
	if a == nil {
		return false
	}
	var terms []corev1.PodAffinityTerm
	if with := a.PodAffinity; with != nil {
		terms = append(terms, with.RequiredDuringSchedulingIgnoredDuringExecution...)
		terms = append(terms, unweighted(with.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if from := a.PodAntiAffinity; from != nil {
		terms = append(terms, from.RequiredDuringSchedulingIgnoredDuringExecution...)
		terms = append(terms, unweighted(from.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	return slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return len(t.Namespaces) > 0 || t.NamespaceSelector != nil })
}

func unweighted(list []corev1.WeightedPodAffinityTerm) []corev1.PodAffinityTerm {
	out := make([]corev1.PodAffinityTerm, len(list))
	for i := range list {
		out[i] = list[i].PodAffinityTerm
	}
	return out
}
