package pools

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func TestNewsOfTheShadowsAreHandedOver(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.ShadowPoolStatus)
		want   bool
	}{
		{"the cover", func(s *v1alpha1.ShadowPoolStatus) { s.Cover.Replicas = 2 }, true},
		{"the first leads", func(s *v1alpha1.ShadowPoolStatus) { s.Leads = &v1alpha1.LeadStatus{ColdStart: "40s"} }, true},
		{"the counts", func(s *v1alpha1.ShadowPoolStatus) { s.Counts = &v1alpha1.ShadowCounts{Ready: 1} }, true},
		{"a shadow", func(s *v1alpha1.ShadowPoolStatus) { s.Shadows[0].State = v1alpha1.ShadowReady }, true},
		{"a shadow that is gone", func(s *v1alpha1.ShadowPoolStatus) { s.Shadows = nil }, true},
		{"what we write", func(s *v1alpha1.ShadowPoolStatus) {
			s.ObservedGeneration = 3
			s.Forecast = &v1alpha1.ForecastStatus{ComputedAt: metav1.NewTime(start.Add(time.Hour))}
			s.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: ptr.To[int32](7)}
			s.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionTrue}}
		}, false},
		{"what the metrics do not depend on", func(s *v1alpha1.ShadowPoolStatus) {
			s.Epoch, s.Replicas, s.LastDecision = 4, 9, &v1alpha1.LastDecision{Reason: "Steady"}
			s.Intent = &v1alpha1.Intent{ReplicaSetUID: "rs"}
		}, false},
		{"nothing", func(*v1alpha1.ShadowPoolStatus) {}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := clusterPool("web", func(p *v1alpha1.ShadowPool) {
				p.Status.Cover = &v1alpha1.CoverStatus{Replicas: 1}
				p.Status.Shadows = []v1alpha1.ShadowStatus{{Name: "web-1", State: v1alpha1.ShadowWarming}}
			})
			after := before.DeepCopy()
			tc.change(&after.Status)
			require.Equal(t, tc.want, shadowsChanged().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}))
		})
	}
	require.False(t, shadowsChanged().Create(event.CreateEvent{Object: clusterPool("web")}), "other predicates pass it")
}
