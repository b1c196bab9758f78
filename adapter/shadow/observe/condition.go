package observe

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Why a pod has ended although nothing is wrong with it, as its status has it.
const (
	reasonEvicted    = "Evicted"
	reasonPreempting = "Preempting"
	reasonTerminated = "Terminated" // its node was shut down
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
