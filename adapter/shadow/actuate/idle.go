package actuate

import (
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// idleCPU is what a resize gives back to a container.
type idleCPU struct {
	Request *resource.Quantity `json:"request,omitempty"`
	Limit   *resource.Quantity `json:"limit,omitempty"`
}

// shrink lowers the CPU requests of a shadow to a percentage of the template's,
// so that its class of service stays: the limits go with the requests where the
// pod is Guaranteed, and nothing is done to one without requests. A container
// that would be restarted by the resize keeps its own. It returns the annotation
// that says what to give back; empty if nothing was lowered.
func shrink(spec *corev1.PodSpec, percent int32) (string, error) {
	if percent >= 100 || spec.Resources != nil {
		return "", nil
	}
	guaranteed := isGuaranteed(spec)
	was := map[string]idleCPU{}
	for i := range spec.Containers {
		r := &spec.Containers[i]
		request, ok := requestOf(r)
		if !ok || restarts(r) {
			continue
		}
		less := resource.NewMilliQuantity(max(1, (request.MilliValue()*int64(percent)+99)/100), request.Format)
		if less.Cmp(request) >= 0 {
			continue
		}
		idle := idleCPU{Request: &request}
		if r.Resources.Requests == nil {
			r.Resources.Requests = corev1.ResourceList{}
		}
		r.Resources.Requests[corev1.ResourceCPU] = *less
		if limit, ok := r.Resources.Limits[corev1.ResourceCPU]; ok && guaranteed {
			idle.Limit = &limit
			r.Resources.Limits[corev1.ResourceCPU] = *less
		}
		was[r.Name] = idle
	}
	if len(was) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(was)
	if err != nil {
		return "", fmt.Errorf("write annotation %s: %w", v1alpha1.IdleAnnotation, err)
	}
	return string(raw), nil
}

// requestOf is the CPU request of a container; a limit alone is one, too.
func requestOf(c *corev1.Container) (resource.Quantity, bool) {
	if q, ok := c.Resources.Requests[corev1.ResourceCPU]; ok {
		return q.DeepCopy(), true
	}
	q, ok := c.Resources.Limits[corev1.ResourceCPU]
	return q.DeepCopy(), ok
}

// restarts says that a container does not survive a change of its CPU.
func restarts(c *corev1.Container) bool {
	for _, p := range c.ResizePolicy {
		if p.ResourceName == corev1.ResourceCPU && p.RestartPolicy == corev1.RestartContainer {
			return true
		}
	}
	return false
}

// isGuaranteed says that every container has limits of CPU and memory, and the
// same requests.
func isGuaranteed(spec *corev1.PodSpec) bool {
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

var errNotShrunk = errors.New("nothing says which CPU request to give back")

// resizing gives a pod the CPU that was kept from it. A patch of containers
// replaces their whole list, so it bears them as they were judged.
func (c *act) resizing(t *task) (Write, error) {
	was, err := idleOf(t.pod)
	if err != nil {
		return Write{}, err
	}
	containers := make([]corev1.Container, len(t.pod.Spec.Containers))
	for i := range t.pod.Spec.Containers {
		containers[i] = *t.pod.Spec.Containers[i].DeepCopy()
		if idle, ok := was[containers[i].Name]; ok {
			idle.restore(&containers[i].Resources)
		}
	}
	b := &body{spec: map[string]any{"containers": containers}}
	return b.write(t.pod, "resize")
}

func (i idleCPU) restore(r *corev1.ResourceRequirements) {
	if i.Request != nil {
		if r.Requests == nil {
			r.Requests = corev1.ResourceList{}
		}
		r.Requests[corev1.ResourceCPU] = *i.Request
	}
	if i.Limit != nil {
		if r.Limits == nil {
			r.Limits = corev1.ResourceList{}
		}
		r.Limits[corev1.ResourceCPU] = *i.Limit
	}
}

// idleOf reads what is to be given back.
func idleOf(p *corev1.Pod) (map[string]idleCPU, error) {
	raw, ok := p.Annotations[v1alpha1.IdleAnnotation]
	if !ok {
		return nil, errNotShrunk
	}
	var was map[string]idleCPU
	if err := json.Unmarshal([]byte(raw), &was); err != nil {
		return nil, fmt.Errorf("read annotation %s: %w", v1alpha1.IdleAnnotation, err)
	}
	return was, nil
}

// isResized says that a pod has its requests back.
func isResized(t *task) bool {
	was, err := idleOf(t.pod)
	if err != nil {
		return false
	}
	for i := range t.pod.Spec.Containers {
		r := &t.pod.Spec.Containers[i]
		idle, ok := was[r.Name]
		if ok && idle.Request != nil && r.Resources.Requests.Cpu().Cmp(*idle.Request) != 0 {
			return false
		}
	}
	return true
}
