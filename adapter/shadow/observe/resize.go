package observe

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// resizeError is that the kubelet failed to resize a pod.
const resizeError = "Error"

// size fills in whether the pod has less CPU than its template asks for, or a
// higher limit, and why it stays so. Only pods that were made so count: others may
// have been resized by somebody for reasons of their own.
func (v *View) size(p *corev1.Pod, out *shadow.Pod) {
	idle, boosted := p.Annotations[v1alpha1.IdleAnnotation] != "", p.Annotations[v1alpha1.BoostAnnotation] != ""
	rs := v.sets[out.ReplicaSetUID]
	if rs == nil || !idle && !boosted {
		return
	}
	out.Shrunk = idle && smaller(&p.Spec, &rs.Spec.Template.Spec)
	if boosted {
		out.Boost = boostOf(p, &rs.Spec.Template.Spec)
	}
	kind := resizeOf(out)
	if r, ok := v.w.ResizesRefused[Resize{p.UID, kind}]; ok && (out.Shrunk || kind == shadow.KindUnboost) {
		out.Resize, out.ResizeWhy, out.ResizeAt = shadow.ResizePostponed, r.Message, r.Again
		if r.Final {
			out.Resize = shadow.ResizeRefused
		}
		return
	}
	out.Resize = resizing(p)
}

// resizeOf is the resize that a pod may be waiting for: one that serves wants its
// request, any other has to lose its higher limit first.
func resizeOf(p *shadow.Pod) shadow.Kind {
	if s := p.State(); p.Boost == shadow.BoostOn && s != v1alpha1.ShadowActive && s != v1alpha1.ShadowBridged {
		return shadow.KindUnboost
	}
	return shadow.KindResize
}

// resizing says why the kubelet has not done a resize that was asked for.
func resizing(p *corev1.Pod) string {
	if c := condition(p, corev1.PodResizePending); c != nil && c.Status == corev1.ConditionTrue {
		return c.Reason // Deferred or Infeasible
	}
	if c := condition(p, corev1.PodResizeInProgress); c != nil && c.Status == corev1.ConditionTrue && c.Reason == corev1.PodReasonError {
		return resizeError
	}
	return ""
}

// smaller says that a container asks for less CPU than in the template.
func smaller(spec, template *corev1.PodSpec) bool {
	for i := range template.Containers {
		want, ok := cpuOf(&template.Containers[i])
		if !ok {
			continue
		}
		for j := range spec.Containers {
			c := &spec.Containers[j]
			if got, ok := cpuOf(c); c.Name == template.Containers[i].Name && ok && got.Cmp(want) < 0 {
				return true
			}
		}
	}
	return false
}

// cpuOf is the CPU request of a container; a limit alone is one, too.
func cpuOf(c *corev1.Container) (resource.Quantity, bool) {
	if q, ok := c.Resources.Requests[corev1.ResourceCPU]; ok {
		return q, true
	}
	q, ok := c.Resources.Limits[corev1.ResourceCPU]
	return q, ok
}
