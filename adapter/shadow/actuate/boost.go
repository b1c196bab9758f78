package actuate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// boost raises the CPU limits of a shadow that is to warm up to a percentage of
// the template's; its requests stay, so that it needs no more room, and so does
// its class of service. It returns the annotation that says what a resize takes
// it back to; empty if nothing was raised.
func boost(spec *corev1.PodSpec, percent int32) (string, error) {
	if percent <= 100 || observe.BoostRefusal(spec).Reason != "" {
		return "", nil
	}
	was := map[string]idleCPU{}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		more, ok := observe.BoostedLimit(c, percent)
		if !ok {
			continue
		}
		if request, ok := requestOf(c); ok {
			// The API server would take the request from the higher limit.
			setCPU(&c.Resources.Requests, request)
		}
		limit := c.Resources.Limits[corev1.ResourceCPU]
		was[c.Name] = idleCPU{Limit: &limit}
		setCPU(&c.Resources.Limits, more)
	}
	return kept(was, v1alpha1.BoostAnnotation)
}

// unboosting takes the higher limit back.
func (c *act) unboosting(t *task) (Write, error) {
	return restoring(t, v1alpha1.BoostAnnotation)
}

// isUnboosted says that the spec of a pod has no higher limit any more.
func isUnboosted(t *task) bool {
	was, err := keptIn(t.pod, v1alpha1.BoostAnnotation)
	if err != nil {
		return false
	}
	for i := range t.pod.Spec.Containers {
		c := &t.pod.Spec.Containers[i]
		if b, ok := was[c.Name]; ok && b.Limit != nil && c.Resources.Limits.Cpu().Cmp(*b.Limit) != 0 {
			return false
		}
	}
	return true
}
