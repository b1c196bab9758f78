package profile

import (
	"fmt"
	"strconv"
)

// clampFactor is how many times the upper quartile a pod counts for, at most.
const clampFactor = 3

// Total returns the query of what all pods use together, of one that returns a
// series for each. A pod far above the others counts as one at three times their
// upper quartile, at each time for itself: its use would ask for replicas that
// relieve nobody, and leaving it out would lose its share of the load. Among up
// to four pods that is never less than what it uses.
func Total(expr string) string {
	return fmt.Sprintf("sum(clamp_max(%s, %d * scalar(quantile(0.75, %s))))", expr, clampFactor, expr)
}

// Carried returns the query of what one pod may use of CPU or memory: its limit,
// or its request where a container has no limit, as kube-state-metrics reports
// them; empty for other dimensions. The pod in the middle counts.
func Carried(kind, name string, d Dimension) string {
	resource := map[Dimension]string{CPU: "cpu", Memory: "memory"}[d]
	if resource == "" {
		return ""
	}
	pods := "pod=~" + strconv.Quote(PodPattern(kind, name))
	of := func(metric string) string {
		all := fmt.Sprintf("%s{resource=%q,%s}", metric, resource, pods)
		return fmt.Sprintf("quantile(0.5, sum by (pod) (%s) and on (pod) (count by (pod) (%s) == count by (pod) (kube_pod_container_info{%s})))", all, all, pods)
	}
	return of("kube_pod_container_resource_limits") + " or " + of("kube_pod_container_resource_requests")
}
