package rig

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// Need is what the metrics role says of a pool, in replicas.
type Need struct {
	// Floor is what the observed load needs, Now what is needed within the
	// activation lead, Value what an autoscaler gets, Shadow the need at
	// shadowQuantile.
	Floor, Now, Value, Shadow int32
}

// Publish writes the metrics role's part of the pool's status.
func (s *Shop) Publish(n Need) {
	now := metav1.NewTime(s.Now().Truncate(1e9))
	p := &v1alpha1.ShadowPool{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}
	p.Status = v1alpha1.ShadowPoolStatus{
		ObservedGeneration: 1,
		Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonForecasting, LastTransitionTime: now,
		}},
		Forecast: &v1alpha1.ForecastStatus{ComputedAt: now},
		Capacity: &v1alpha1.CapacityStatus{ReactiveReplicas: &n.Floor, NowReplicas: &n.Now, PredictedReplicas: &n.Value, ShadowReplicas: &n.Shadow},
	}
	_, err := s.Client("foreshadow-adapter").Do(context.Background(), actuate.Write{Verb: actuate.VerbApply, Object: p, Subresource: "status"})
	if err != nil {
		panic("rig: publish for " + s.Namespace + ": " + err.Error())
	}
}
