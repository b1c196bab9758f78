package derive

import (
	"fmt"
	"regexp"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// cpu is the signal of a CPU metric. container is empty for the whole pod;
// utilization is in percent of the request, or 0 where average, in cores, is
// given.
func (t *template) cpu(at, container string, utilization int32, average *resource.Quantity) signal {
	s := signal{at: at, rank: rankCPU, query: t.cpuQuery(container)}
	switch {
	case average != nil:
		s.capacity, s.how = v1alpha1.DecimalOf(average.AsApproximateFloat64()), "the target of "+average.String()+" CPU"
	case utilization > 0:
		request, lacks := t.cpuRequest(container)
		if lacks != "" {
			s.query, s.unknown = "", lacks+" has no CPU request, so that the target says nothing of one replica"
			return s
		}
		s.capacity = v1alpha1.DecimalOf(request.AsApproximateFloat64() * float64(utilization) / 100)
		s.how = fmt.Sprintf("%d%% of the CPU request of %s", utilization, request.String())
	}
	return s
}

// cpuQuery is the CPU that the pods of the workload use, in cores. The names of
// pods tell whose they are.
func (t *template) cpuQuery(container string) string {
	name := regexp.QuoteMeta(t.workload.Name)
	if t.workload.Kind != "ReplicaSet" {
		name += "-[a-z0-9]+"
	}
	which := `container!=""`
	if container != "" {
		which = "container=" + strconv.Quote(container)
	}
	return fmt.Sprintf("sum(rate(container_cpu_usage_seconds_total{namespace=%q,pod=~%q,%s}[2m]))", t.namespace, name+"-[a-z0-9]{5}", which)
}

// cpuRequest is the CPU request of a pod as an autoscaler reckons it, or the
// first container that has none.
func (t *template) cpuRequest(container string) (sum resource.Quantity, lacks string) {
	if r := t.pod.Resources; r != nil && container == "" {
		if q, ok := r.Requests[corev1.ResourceCPU]; ok {
			return q, ""
		}
	}
	found := false
	count := func(c *corev1.Container) {
		if container != "" && c.Name != container {
			return
		}
		found = true
		q, ok := c.Resources.Requests[corev1.ResourceCPU]
		if !ok && lacks == "" {
			lacks = "container " + c.Name
		}
		sum.Add(q)
	}
	for i := range t.pod.InitContainers {
		if c := &t.pod.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			count(c)
		}
	}
	for i := range t.pod.Containers {
		count(&t.pod.Containers[i])
	}
	if !found && lacks == "" {
		lacks = "the pod template"
	}
	return sum, lacks
}
