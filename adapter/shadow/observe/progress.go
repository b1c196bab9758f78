package observe

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// ProgressSource says how warm shadows are.
type ProgressSource interface {
	// Progress returns how warm a shadow of a pool is at a time; false if the
	// source knows nothing of this pod.
	Progress(pool *v1alpha1.ShadowPool, pod *corev1.Pod, now time.Time) (shadow.Progress, bool)
}

// stageMinReady is what a shadow lacks that has not been Ready for long enough.
const stageMinReady = "MinReady"

// ReadyProgress takes a shadow for warm that has been Ready for warmUp.minReady:
// the source where nothing measures. A shadow that served before warms up from
// the end of its drain.
type ReadyProgress struct{}

// Progress returns the share of warmUp.minReady that is over.
func (ReadyProgress) Progress(pool *v1alpha1.ShadowPool, pod *corev1.Pod, now time.Time) (shadow.Progress, bool) {
	c := condition(pod, corev1.PodReady)
	if c == nil || c.Status != corev1.ConditionTrue {
		return shadow.Progress{Stage: shadow.ReasonNotReady}, true
	}
	least, err := pool.Spec.WarmUp.MinReady.Parse()
	if err != nil {
		return shadow.Progress{}, false
	}
	began := since(pod, c)
	if drained := instant(pod, v1alpha1.DrainingSinceAnnotation); !drained.IsZero() {
		drain, err := pool.Spec.ScaleIn.Drain.Parse()
		if err != nil {
			return shadow.Progress{}, false
		}
		if over := drained.Add(drain); over.After(began) {
			began = over
		}
	}
	gone := now.Sub(began)
	if gone >= least {
		return shadow.Progress{Ratio: 1, Done: true}, true
	}
	return shadow.Progress{Ratio: max(0, float64(gone)/float64(least)), Stage: stageMinReady}, true
}
