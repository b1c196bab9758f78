package invariant

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// reachRests judges what there is at the beginning of each rest that begins
// before an instant.
func (c *Checker) reachRests(before time.Time) {
	for i := range c.rests {
		r := &c.rests[i]
		if r.judged || !r.from.Before(before) {
			continue
		}
		r.judged = true
		c.now = r.from
		for _, p := range c.w.live() {
			c.checkSettled(p)
		}
	}
}

// checkSettled holds that nothing of a hand-over is left on a pod that serves
// once everything has come to rest (Rel9).
func (c *Checker) checkSettled(p *pod) {
	rs, ok := c.w.replicaSets[controller(p.Pod).UID]
	if !ok || !ours(p.Pod) || !active(p.Pod) {
		return
	}
	if costed(p.Pod, rs.ReplicaSet) {
		c.broken("Rel9", name("Pod", p), fmt.Sprintf("it has the deletion cost %d at rest, and not that of its template", cost(p.Pod)))
	}
	if container := shrunk(p.Pod, rs.ReplicaSet); container != "" {
		c.broken("Rel9", name("Pod", p), "it has less CPU at rest than its template asks for container "+container)
	}
}

// costed says that a pod has another deletion cost than its template: the one of
// its hand-over.
func costed(p *corev1.Pod, rs *appsv1.ReplicaSet) bool {
	return p.Annotations[corev1.PodDeletionCost] != rs.Spec.Template.Annotations[corev1.PodDeletionCost]
}

// shrunk names a container of a pod that requests less CPU than its template.
func shrunk(p *corev1.Pod, rs *appsv1.ReplicaSet) string {
	is := map[string]corev1.Container{}
	for _, c := range p.Spec.Containers {
		is[c.Name] = c
	}
	for _, want := range rs.Spec.Template.Spec.Containers {
		c, ok := is[want.Name]
		if ok && c.Resources.Requests.Cpu().Cmp(*want.Resources.Requests.Cpu()) < 0 {
			return want.Name
		}
	}
	return ""
}
