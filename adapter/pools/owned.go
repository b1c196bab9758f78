package pools

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// owned returns a copy of the part of a status that the metrics role writes.
// Whatever it leaves out of an apply it does not own there, so the other role's
// fields stay, whoever writes last.
func owned(s *v1alpha1.ShadowPoolStatus) *v1alpha1.ShadowPoolStatus {
	out := &v1alpha1.ShadowPoolStatus{
		ObservedGeneration: s.ObservedGeneration,
		Forecast:           s.Forecast.DeepCopy(),
		Capacity:           s.Capacity.DeepCopy(),
		Profile:            s.Profile.DeepCopy(),
	}
	for _, c := range s.Conditions {
		if ownedCondition(c) {
			out.Conditions = append(out.Conditions, c)
		}
	}
	return out
}

func ownedCondition(c metav1.Condition) bool {
	switch c.Type {
	case v1alpha1.ConditionForecastReady, v1alpha1.ConditionCapacityUnknown, v1alpha1.ConditionHistoryDegraded, v1alpha1.ConditionRefused:
		return true
	}
	return false
}
