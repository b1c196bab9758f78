package model

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
)

// Flap makes a pod's probes fail for a while.
func (c *Cluster) Flap(p *corev1.Pod, d time.Duration) {
	if !podReady(p) || c.nodes.failing[p.UID] {
		return
	}
	c.nodes.failing[p.UID] = true
	c.nodes.setReady(p, false)
	c.loop.After(d, kubelet, func() { c.recover(p) })
}

// Touch changes the status of a pod in a way that matters to nobody.
func (c *Cluster) Touch(p *corev1.Pod) {
	c.nodes.status(kubelet, p, func(p *corev1.Pod) { p.Status.Message += "." })
}

// recover lets the probes of a pod succeed again.
func (c *Cluster) recover(p *corev1.Pod) {
	delete(c.nodes.failing, p.UID)
	live, _ := c.get(Pod, keyOf(p)).(*corev1.Pod)
	if live != nil && live.UID == p.UID && live.Status.Phase == corev1.PodRunning {
		c.nodes.setReady(live, true)
	}
}

// Crash restarts the containers of a pod; it takes as long as a start.
func (c *Cluster) Crash(p *corev1.Pod) {
	if p.Status.Phase != corev1.PodRunning || c.nodes.failing[p.UID] {
		return
	}
	c.nodes.failing[p.UID] = true
	c.nodes.status(kubelet, p, func(p *corev1.Pod) {
		for i := range p.Status.ContainerStatuses {
			s := &p.Status.ContainerStatuses[i]
			s.RestartCount++
			s.Ready = false
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: stamp(c.loop.Now())}
		}
		c.nodes.condition(p, corev1.ContainersReady, false)
		c.nodes.condition(p, corev1.PodReady, false)
	})
	t := c.nodes.timing.Start
	c.loop.After(c.loop.Between(t.Low, t.High), kubelet, func() { c.recover(p) })
}

// Evict asks for the end of a pod as a drain does; a disruption budget may
// refuse it.
func (c *Cluster) Evict(p *corev1.Pod) error {
	for _, b := range listOf[*policyv1.PodDisruptionBudget](c, Budget, p.Namespace) {
		if b.Spec.MaxUnavailable == nil || !selectorOf(b.Spec.Selector).Matches(labels.Set(p.Labels)) {
			continue
		}
		out := 0
		for _, o := range listOf[*corev1.Pod](c, Pod, p.Namespace) {
			if selectorOf(b.Spec.Selector).Matches(labels.Set(o.Labels)) && (!podActive(o) || !podReady(o)) {
				out++
			}
		}
		if podReady(p) && out >= b.Spec.MaxUnavailable.IntValue() {
			return apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
		}
	}
	c.disrupt("kubectl-drain", p, "EvictionByEvictionAPI")
	return nil
}

// disrupt marks a pod and deletes it.
func (c *Cluster) disrupt(by string, p *corev1.Pod, reason string) {
	c.nodes.status(by, p, func(p *corev1.Pod) {
		c.nodes.condition(p, corev1.DisruptionTarget, true)
		p.Status.Conditions[len(p.Status.Conditions)-1].Reason = reason
	})
	if err := c.Delete(by, Pod, keyOf(p), DeleteOptions{UID: p.UID}); err != nil && !apierrors.IsNotFound(err) {
		panic("model: disrupt pod " + p.Name + ": " + err.Error())
	}
}

// LoseNode takes a node away from the control plane: after a while its pods are
// not Ready, later they are ended.
func (c *Cluster) LoseNode(name string) {
	if c.nodes.lost[name] {
		return
	}
	c.nodes.lost[name] = true
	c.loop.After(c.nodes.timing.NodeGone, "node-controller", func() {
		if !c.nodes.lost[name] {
			return
		}
		c.setNode(name, corev1.ConditionUnknown)
		for _, p := range c.podsOn(name) {
			c.nodes.failing[p.UID] = true
			c.nodes.status("node-controller", p, func(p *corev1.Pod) { c.nodes.condition(p, corev1.PodReady, false) })
		}
		c.loop.After(c.nodes.timing.Tolerate, "node-controller", func() {
			if !c.nodes.lost[name] {
				return
			}
			for _, p := range c.podsOn(name) {
				c.disrupt("node-controller", p, "DeletionByTaintManager")
			}
		})
	})
}

// RestoreNode brings a node back.
func (c *Cluster) RestoreNode(name string) {
	delete(c.nodes.lost, name)
	c.setNode(name, corev1.ConditionTrue)
	for _, p := range c.podsOn(name) {
		c.recover(p)
	}
}

func (c *Cluster) setNode(name string, ready corev1.ConditionStatus) {
	node, _ := c.get(Node, keyOf(&corev1.Node{ObjectMeta: named("", name)})).(*corev1.Node)
	if node == nil {
		return
	}
	edit(c.Server, "node-controller", status, node, func(n *corev1.Node) {
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready, LastTransitionTime: stamp(c.loop.Now())}}
	})
}

func (c *Cluster) podsOn(node string) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range listOf[*corev1.Pod](c, Pod, allNamespaces) {
		if p.Spec.NodeName == node && p.DeletionTimestamp == nil {
			out = append(out, p)
		}
	}
	return out
}
