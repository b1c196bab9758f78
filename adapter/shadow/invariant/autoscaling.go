package invariant

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

type hpa struct {
	desired int32
	active  bool
}

// stepHPA takes an autoscaler as it is now (H10).
func (c *Checker) stepHPA(now *autoscalingv2.HorizontalPodAutoscaler, gone bool) {
	if gone {
		delete(c.w.hpas, now.UID)
		return
	}
	h, known := c.w.hpas[now.UID]
	if !known {
		h = &hpa{desired: now.Status.DesiredReplicas}
		c.w.hpas[now.UID] = h
	}
	for _, cond := range now.Status.Conditions {
		if cond.Type != autoscalingv2.ScalingActive || cond.Reason == "ScalingDisabled" {
			continue
		}
		if h.active && cond.Status != corev1.ConditionTrue {
			c.broken("H10", name("HorizontalPodAutoscaler", now), "it cannot compute its replicas: "+cond.Message)
		}
		h.active = cond.Status == corev1.ConditionTrue
	}
	if rise := now.Status.DesiredReplicas > h.desired; rise && known && c.cfg.ConstantLoad {
		c.checkRise(now, h.desired)
	}
	h.desired = now.Status.DesiredReplicas
}

// checkRise judges a raise under constant load: did it take our surplus for
// load?
func (c *Checker) checkRise(now *autoscalingv2.HorizontalPodAutoscaler, was int32) {
	for _, rs := range sorted(c.w.replicaSets) {
		owner := controller(rs.ReplicaSet)
		if rs.Namespace != now.Namespace || owner.Name != now.Spec.ScaleTargetRef.Name {
			continue
		}
		for _, a := range rs.activations {
			if c.within(a.at, c.cfg.Settle) {
				c.broken("H10", name("HorizontalPodAutoscaler", now), fmt.Sprintf(
					"it raised %d to %d under constant load, while %s settled", was, now.Status.DesiredReplicas, name("Pod", a.pod)))
				return
			}
		}
	}
}

// checkFloor holds that what is published covers what the load needs now
// (Rel4).
func (c *Checker) checkFloor(o *v1alpha1.ShadowPool) {
	now := o.Status.Capacity
	if now == nil || now.PredictedReplicas == nil || now.ReactiveReplicas == nil {
		return
	}
	if *now.PredictedReplicas < *now.ReactiveReplicas {
		c.broken("Rel4", name(v1alpha1.Kind, o), fmt.Sprintf(
			"it publishes %d replicas where the load needs %d now", *now.PredictedReplicas, *now.ReactiveReplicas))
	}
}
