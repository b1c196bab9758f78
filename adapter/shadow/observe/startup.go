package observe

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// plausibleReady is how long after its last container was started a pod
	// may have turned Ready that was Ready already when it was first seen. Later
	// than that it was Ready before, and was not for a while.
	plausibleReady = 10 * time.Minute
	// timesExact is how exact the times in a pod's status are: a start-up within
	// one and the same second took up to that.
	timesExact = time.Second
)

// start is how long a pod took to be Ready, and the parts of that: each begins
// where the one before ended.
type start struct {
	total, scheduled, pulled, initialised, ready time.Duration
	// restored says that it stands for what a status said.
	restored bool
}

// neverReady says that a pod that is not Ready has not been so before: it is not
// since before its containers were started.
func neverReady(p *corev1.Pod, ready *corev1.PodCondition) bool {
	if ready == nil {
		return true
	}
	_, last := containersStarted(p)
	return last.IsZero() || !ready.LastTransitionTime.After(last)
}

// startOf reads the start-up of a pod that is Ready; false if its status does
// not tell it: a container was started anew, or, where nobody saw the pod before
// it was Ready, it may have been Ready before.
func startOf(p *corev1.Pod, ready time.Time, seenStarting bool) (start, bool) {
	if restarts(p) > 0 || ready.IsZero() || p.Annotations[v1alpha1.DrainingSinceAnnotation] != "" {
		return start{}, false
	}
	first, last := containersStarted(p)
	if !seenStarting && (last.IsZero() || last.After(ready) || ready.Sub(last) > plausibleReady) {
		return start{}, false
	}
	total := ready.Sub(p.CreationTimestamp.Time)
	if total < 0 {
		return start{}, false
	}
	s := start{total: max(total, timesExact)}
	at := p.CreationTimestamp.Time
	step := func(part *time.Duration, end time.Time) {
		if end.After(at) && !end.After(ready) {
			*part = end.Sub(at)
			at = end
		}
	}
	step(&s.scheduled, changed(p, corev1.PodScheduled))
	step(&s.pulled, first)
	step(&s.initialised, changed(p, corev1.PodInitialized))
	step(&s.ready, ready)
	return s, true
}

// changed is when a condition became True; zero if it is not.
func changed(p *corev1.Pod, t corev1.PodConditionType) time.Time {
	if c := condition(p, t); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// containersStarted returns when the first container of a pod was started, init
// containers included, and when the last one was that runs; zero if none says.
func containersStarted(p *corev1.Pod) (first, last time.Time) {
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			var at time.Time
			switch s := &list[i].State; {
			case s.Running != nil:
				at = s.Running.StartedAt.Time
			case s.Terminated != nil:
				at = s.Terminated.StartedAt.Time
			}
			if at.IsZero() {
				continue
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
	}
	return first, last
}
