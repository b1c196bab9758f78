package model

import (
	"math"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	autoscaler = "horizontal-pod-autoscaler"
	// hpaPeriod is how often an autoscaler looks, hpaStabilisation how long it
	// remembers a higher recommendation.
	hpaPeriod        = 15 * time.Second
	hpaStabilisation = 5 * time.Minute
)

// autoscalers follows the predicted capacity of a Deployment's pool, and a
// second metric that the test gives, as external metrics with AverageValue 1.
type autoscalers struct {
	*Server
	// reactive returns the second metric; nil: there is none.
	reactive func(types.NamespacedName) (int32, bool)
	past     map[types.NamespacedName][]recommendation
}

type recommendation struct {
	at time.Time
	n  int32
}

// Autoscale starts the autoscaler. The second metric may be nil.
func (c *Cluster) Autoscale(reactive func(types.NamespacedName) (int32, bool)) {
	a := &autoscalers{Server: c.Server, reactive: reactive, past: map[types.NamespacedName][]recommendation{}}
	var tick func()
	tick = func() {
		for _, h := range listOf[*autoscalingv2.HorizontalPodAutoscaler](c, Autoscaler, allNamespaces) {
			a.sync(h)
		}
		c.loop.After(hpaPeriod, autoscaler, tick)
	}
	c.loop.After(hpaPeriod, autoscaler, tick)
}

func (a *autoscalers) sync(h *autoscalingv2.HorizontalPodAutoscaler) {
	key := types.NamespacedName{Namespace: h.Namespace, Name: h.Spec.ScaleTargetRef.Name}
	d, _ := a.get(Deployment, key).(*appsv1.Deployment)
	if d == nil {
		return
	}
	desired, ok := a.desired(h, d)
	edit(a.Server, autoscaler, status, h, func(h *autoscalingv2.HorizontalPodAutoscaler) {
		s := corev1.ConditionTrue
		if !ok {
			s = corev1.ConditionFalse
		} else {
			h.Status.DesiredReplicas = desired
		}
		h.Status.CurrentReplicas = d.Status.Replicas
		h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: s, Reason: "ValidMetricFound"}}
	})
	if ok && desired != *d.Spec.Replicas {
		edit(a.Server, autoscaler, "", d, func(d *appsv1.Deployment) { d.Spec.Replicas = &desired })
	}
}

// desired is the highest of what the metrics ask for, within the bounds of the
// autoscaler and of its speed.
func (a *autoscalers) desired(h *autoscalingv2.HorizontalPodAutoscaler, d *appsv1.Deployment) (int32, bool) {
	key := keyOf(d)
	var proposals []int32
	for _, o := range a.List(Pool, d.Namespace) {
		p, ok := o.(*v1alpha1.ShadowPool)
		if ok && p.Spec.ScaleTargetRef.Name == d.Name && p.Status.Capacity != nil && p.Status.Capacity.PredictedReplicas != nil {
			proposals = append(proposals, perPod(h, *p.Status.Capacity.PredictedReplicas, d.Status.Replicas))
		}
	}
	if a.reactive != nil {
		if n, ok := a.reactive(key); ok {
			proposals = append(proposals, perPod(h, n, d.Status.Replicas))
		}
	}
	if len(proposals) == 0 {
		return 0, false
	}
	n := slices.Max(proposals)
	n = min(n, max(2**d.Spec.Replicas, *d.Spec.Replicas+4))
	least := int32(1)
	if h.Spec.MinReplicas != nil {
		least = *h.Spec.MinReplicas
	}
	return min(max(a.stabilised(keyOf(h), n), least), h.Spec.MaxReplicas), true
}

// stabilised returns the highest recommendation of late.
func (a *autoscalers) stabilised(key types.NamespacedName, n int32) int32 {
	now := a.loop.Now()
	a.past[key] = slices.DeleteFunc(append(a.past[key], recommendation{now, n}), func(r recommendation) bool {
		return now.Sub(r.at) > hpaStabilisation
	})
	for _, r := range a.past[key] {
		n = max(n, r.n)
	}
	return n
}

// perPod is what one metric asks for: inside the tolerance the pods that the
// status counts, a surplus among them.
func perPod(h *autoscalingv2.HorizontalPodAutoscaler, usage, counted int32) int32 {
	tolerance := 0.1
	if b := h.Spec.Behavior; b != nil && b.ScaleUp != nil && b.ScaleUp.Tolerance != nil {
		tolerance = b.ScaleUp.Tolerance.AsApproximateFloat64()
	}
	if counted > 0 && math.Abs(1-float64(usage)/float64(counted)) <= tolerance {
		return counted
	}
	return usage
}
