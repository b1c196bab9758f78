package scrape

import (
	"math"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// The stages of a shadow whose sidecar does not say one that counts.
const (
	// StageUnread: nothing was read yet, or nothing for a while.
	StageUnread = "SidecarUnread"
	// StageUntrusted: what it says cannot be, or is of another version.
	StageUntrusted = "SidecarUntrusted"
	// StageEarlier: it speaks of a warm-up before this one.
	StageEarlier = "SidecarBehind"
)

const (
	// leastRequests are the fewest by which an app can be warm, whatever its
	// sidecar says.
	leastRequests = 10
	// skew is by how much the clocks of two nodes may differ.
	skew = 5 * time.Second
)

// judge says what a sidecar's answer is worth.
func judge(pool *v1alpha1.ShadowPool, pod *corev1.Pod, a answer, now time.Time) shadow.Progress {
	if a.progress == nil || now.Sub(a.at) > silence {
		return shadow.Progress{Stage: StageUnread}
	}
	p := a.progress
	stage := string(p.Stage)
	if !slices.Contains(warmup.Stages(), p.Stage) {
		stage = StageUntrusted
	}
	ratio := min(max(p.Ratio, 0), 0.999)
	switch {
	case p.Version != warmup.ProgressVersion, math.IsNaN(p.Ratio):
		return shadow.Progress{Stage: StageUntrusted}
	case !p.Done && p.Began.IsZero():
		return shadow.Progress{Ratio: 0, Stage: stage} // it has not begun
	case p.Began.Before(began(pool, pod).Add(-skew)):
		return shadow.Progress{Stage: StageEarlier}
	case p.TimedOut, !p.Done:
		return shadow.Progress{Ratio: ratio, Stage: stage}
	case p.Stage != warmup.StageReady, p.Ratio != 1, p.InFlight != 0, p.Requests < leastRequests, p.Round < 1:
		return shadow.Progress{Stage: StageUntrusted} // it contradicts itself
	}
	return shadow.Progress{Ratio: 1, Done: true}
}

// began is the earliest that this warm-up can have begun: with the pod, or, where
// it served before, with the end of its drain.
func began(pool *v1alpha1.ShadowPool, pod *corev1.Pod) time.Time {
	out := pod.CreationTimestamp.Time
	text, ok := pod.Annotations[v1alpha1.DrainingSinceAnnotation]
	if !ok {
		return out
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	drain, err2 := pool.Spec.ScaleIn.Drain.Parse()
	if err != nil || err2 != nil {
		return out
	}
	return since.Add(drain)
}

func hasSidecar(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == observe.SidecarName })
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
