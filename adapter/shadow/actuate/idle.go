package actuate

import (
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
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
	guaranteed := observe.IsGuaranteed(spec)
	was := map[string]idleCPU{}
	for i := range spec.Containers {
		r := &spec.Containers[i]
		request, ok := requestOf(r)
		if !ok || observe.RestartedByResize(r) {
			continue
		}
		less := resource.NewMilliQuantity(max(1, (request.MilliValue()*int64(percent)+99)/100), request.Format)
		if less.Cmp(request) >= 0 {
			continue
		}
		idle := idleCPU{Request: &request}
		setCPU(&r.Resources.Requests, *less)
		if limit, ok := r.Resources.Limits[corev1.ResourceCPU]; ok && guaranteed {
			idle.Limit = &limit
			r.Resources.Limits[corev1.ResourceCPU] = *less
		}
		was[r.Name] = idle
	}
	return kept(was, v1alpha1.IdleAnnotation)
}

// kept writes what is to be given back for an annotation; empty if nothing is.
func kept(was map[string]idleCPU, annotation string) (string, error) {
	if len(was) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(was)
	if err != nil {
		return "", fmt.Errorf("write annotation %s: %w", annotation, err)
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

var errNotKept = errors.New("nothing says which CPU to give back")

// resizing gives a pod the CPU that was kept from it.
func (c *act) resizing(t *task) (Write, error) {
	return restoring(t, v1alpha1.IdleAnnotation)
}

// restoring gives a pod what an annotation says. A patch of containers replaces
// their whole list, so it bears them as they were judged.
func restoring(t *task, annotation string) (Write, error) {
	was, err := keptIn(t.pod, annotation)
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
		setCPU(&r.Requests, *i.Request)
	}
	if i.Limit != nil {
		setCPU(&r.Limits, *i.Limit)
	}
}

func setCPU(list *corev1.ResourceList, q resource.Quantity) {
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	(*list)[corev1.ResourceCPU] = q
}

// keptIn reads from an annotation what is to be given back.
func keptIn(p *corev1.Pod, annotation string) (map[string]idleCPU, error) {
	raw, ok := p.Annotations[annotation]
	if !ok {
		return nil, errNotKept
	}
	var was map[string]idleCPU
	if err := json.Unmarshal([]byte(raw), &was); err != nil {
		return nil, fmt.Errorf("read annotation %s: %w", annotation, err)
	}
	return was, nil
}

// isResized says that a pod has its requests back.
func isResized(t *task) bool {
	was, err := keptIn(t.pod, v1alpha1.IdleAnnotation)
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
