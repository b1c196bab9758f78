package observe

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Why a pod has ended although nothing is wrong with it, as its status has it.
const (
	reasonEvicted    = "Evicted"
	reasonPreempting = "Preempting"
	reasonTerminated = "Terminated" // its node was shut down
)

// Why the CPU request of a pod stays what it is.
const (
	resizeRefused = "Refused"
	resizeError   = "Error"
)

// conditions fills in what the conditions of the pod say.
func (v *View) conditions(p *corev1.Pod, out *shadow.Pod) {
	for i := range p.Status.Conditions {
		c := &p.Status.Conditions[i]
		is := c.Status == corev1.ConditionTrue
		switch c.Type {
		case corev1.PodReady:
			at := since(p, c)
			if is {
				out.ReadyAt = at
			} else {
				out.UnreadyAt = at
			}
		case v1alpha1.WarmedCondition:
			if is && !startedAnew(p, c.LastTransitionTime.Time) {
				out.WarmedAt = since(p, c)
				out.TimedOut = c.Reason == shadow.ReasonTimedOut
			}
		case corev1.DisruptionTarget:
			out.Evicted = out.Evicted || is
		}
	}
	if p.Status.Phase != corev1.PodFailed {
		return
	}
	switch p.Status.Reason {
	case reasonEvicted, reasonPreempting, reasonTerminated:
		out.Evicted = true
	}
}

// since is when a condition last changed; since ever if nobody says.
func since(p *corev1.Pod, c *corev1.PodCondition) time.Time {
	if c.LastTransitionTime.IsZero() {
		return p.CreationTimestamp.Time
	}
	return c.LastTransitionTime.Time
}

// startedAnew says that a container of the pod was started again after a time:
// what had warmed up is gone. The first start of a container does not count, it
// comes before Ready; the clocks of the nodes may say otherwise.
func startedAnew(p *corev1.Pod, after time.Time) bool {
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		if s.RestartCount > 0 && s.State.Running != nil && s.State.Running.StartedAt.After(after) {
			return true
		}
	}
	return false
}

// size fills in whether the pod has less CPU than its template asks for, and why
// it stays so. Only pods that were made smaller count: others may have been
// resized by somebody for reasons of their own.
func (v *View) size(p *corev1.Pod, out *shadow.Pod) {
	if p.Annotations[v1alpha1.IdleAnnotation] == "" {
		return
	}
	rs := v.sets[out.ReplicaSetUID]
	if rs == nil {
		return
	}
	out.Shrunk = smaller(&p.Spec, &rs.Spec.Template.Spec)
	out.Resize = v.resize(p, out.Shrunk)
}

// resize says why a resize that was asked for has not come about.
func (v *View) resize(p *corev1.Pod, shrunk bool) string {
	if c := condition(p, corev1.PodResizePending); c != nil && c.Status == corev1.ConditionTrue {
		return c.Reason // Deferred or Infeasible
	}
	if c := condition(p, corev1.PodResizeInProgress); c != nil && c.Status == corev1.ConditionTrue && c.Reason == corev1.PodReasonError {
		return resizeError
	}
	if shrunk && v.w.ResizesRefused[p.UID] {
		return resizeRefused
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
