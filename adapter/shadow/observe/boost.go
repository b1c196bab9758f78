package observe

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Reasons of the condition CPUBoostIgnored.
const (
	ReasonNoCPULimit        = "NoCPULimit"
	ReasonGuaranteed        = "Guaranteed"
	ReasonPodResources      = "PodResources"
	ReasonRestartedByResize = "RestartedByResize"
)

// Boost is by how much a pool raises the CPU limits of shadows that warm up, in
// percent of the template's; at most 100 if it does not.
func Boost(pool *v1alpha1.ShadowPool) int32 {
	if percent := pool.Spec.WarmUp.CPUBoost.LimitPercent; percent != nil {
		return *percent
	}
	return 100
}

// BoostRefusal says why no container of a pod may have a higher CPU limit for a
// while, and what to do about it; the zero Reason if one may.
func BoostRefusal(spec *corev1.PodSpec) shadow.Reason {
	no := func(reason, message string) shadow.Reason {
		return shadow.Reason{Condition: v1alpha1.ConditionCPUBoostIgnored, Reason: reason, Message: message}
	}
	switch {
	case spec.Resources != nil:
		return no(ReasonPodResources, "the pod template has resources of the whole pod: write a CPU limit for its container in their place")
	case IsGuaranteed(spec):
		return no(ReasonGuaranteed, "the pods are of the class Guaranteed, and a limit above the request would make them Burstable, which no resize may change: write a CPU request below the limit")
	}
	restarted := ""
	for i := range spec.Containers {
		c := &spec.Containers[i]
		switch {
		case boostable(c):
			return shadow.Reason{}
		case !c.Resources.Limits.Cpu().IsZero():
			restarted = c.Name
		}
	}
	if restarted != "" {
		return no(ReasonRestartedByResize, fmt.Sprintf(
			"container %s is restarted by a resize of its CPU, and would be cold again: write NotRequired as its resizePolicy for cpu", restarted))
	}
	return no(ReasonNoCPULimit, "no container of the pod template has a CPU limit that could be raised")
}

// BoostedLimit is the CPU limit of a container while its pod warms up, in a pod
// for which BoostRefusal has no reason; false if it keeps its own.
func BoostedLimit(c *corev1.Container, percent int32) (resource.Quantity, bool) {
	if percent <= 100 || !boostable(c) {
		return resource.Quantity{}, false
	}
	limit := c.Resources.Limits[corev1.ResourceCPU]
	return *resource.NewMilliQuantity(limit.MilliValue()*int64(percent)/100, limit.Format), true
}

func boostable(c *corev1.Container) bool {
	return !c.Resources.Limits.Cpu().IsZero() && !RestartedByResize(c)
}

// RestartedByResize says that a container does not survive a change of its CPU.
func RestartedByResize(c *corev1.Container) bool {
	for _, p := range c.ResizePolicy {
		if p.ResourceName == corev1.ResourceCPU && p.RestartPolicy == corev1.RestartContainer {
			return true
		}
	}
	return false
}

// IsGuaranteed says that every container has limits of CPU and memory, and the
// same requests.
func IsGuaranteed(spec *corev1.PodSpec) bool {
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			r := &list[i].Resources
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				limit, limited := r.Limits[name]
				request, requested := r.Requests[name]
				if !limited || requested && request.Cmp(limit) != 0 {
					return false
				}
			}
		}
	}
	return true
}

// boostIgnored warns of a pool whose template allows no higher limit.
func (v *View) boostIgnored() []shadow.Reason {
	if Boost(v.w.Pool) <= 100 {
		return nil
	}
	for _, rs := range v.targets() {
		if r := BoostRefusal(&rs.Spec.Template.Spec); r.Reason != "" {
			r.Message = "shadows have no higher CPU limit while they warm up: " + r.Message + ", or remove spec.warmUp.cpuBoost"
			return []shadow.Reason{r}
		}
	}
	return nil
}

// boostOf says how far the higher CPU limit of a pod is from being gone: it is,
// once the kubelet says that each container has the template's.
func boostOf(p *corev1.Pod, template *corev1.PodSpec) shadow.Boost {
	out := shadow.BoostNone
	for i := range template.Containers {
		c := &template.Containers[i]
		limit, ok := c.Resources.Limits[corev1.ResourceCPU]
		if !ok {
			continue
		}
		if above(limitIn(p.Spec.Containers, c.Name), limit) {
			return shadow.BoostOn
		}
		if is := limitNow(p, c.Name); is == nil || above(is, limit) {
			out = shadow.BoostEnding
		}
	}
	return out
}

func above(is *resource.Quantity, limit resource.Quantity) bool {
	return is != nil && is.Cmp(limit) > 0
}

// limitIn is the CPU limit of a container, nil if it has none.
func limitIn(list []corev1.Container, name string) *resource.Quantity {
	for i := range list {
		if q, ok := list[i].Resources.Limits[corev1.ResourceCPU]; ok && list[i].Name == name {
			return &q
		}
	}
	return nil
}

// limitNow is the CPU limit that the kubelet says a container has, nil if it
// says none.
func limitNow(p *corev1.Pod, name string) *resource.Quantity {
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		if s.Name != name || s.Resources == nil {
			continue
		}
		if q, ok := s.Resources.Limits[corev1.ResourceCPU]; ok {
			return &q
		}
	}
	return nil
}
