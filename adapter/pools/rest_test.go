package pools

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// round is what a pool's round at an instant says under a load that hardly
// moves.
func round(at time.Time, load float64) v1alpha1.ShadowPoolStatus {
	return v1alpha1.ShadowPoolStatus{
		ObservedGeneration: 1,
		Forecast: &v1alpha1.ForecastStatus{
			ComputedAt: metav1.NewTime(at), ObservedLoad: v1alpha1.DecimalOf(load), PredictedLoad: v1alpha1.DecimalOf(1.1 * load),
			Model: "SeasonalNaiveDay", History: v1alpha1.DurationOf(at.Sub(start) + 24*time.Hour),
		},
		Capacity: &v1alpha1.CapacityStatus{
			PerReplica: "100", PerReplicaFrom: v1alpha1.CapacityGiven, Note: "10: needed by the observed load",
			ReactiveReplicas: ptr.To[int32](10), PredictedReplicas: ptr.To[int32](10), NowReplicas: ptr.To[int32](10), ShadowReplicas: ptr.To[int32](12),
		},
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonForecasting, Message: "the forecast is in use"}},
	}
}

func TestAThousandPoolsAtRestWriteNothing(t *testing.T) {
	var all []client.Object
	for i := range 1000 {
		all = append(all, clusterPool(fmt.Sprintf("pool-%03d", i)))
	}
	r := newStatusRig(t, all...)
	set := func(load float64) {
		for _, pool := range all {
			r.writer.Set(pool.(*v1alpha1.ShadowPool), round(r.clock.Now(), load))
		}
	}
	set(900)
	require.EqualValues(t, len(all), r.after(t, 0))
	writes := int64(0)
	for minute := range 60 {
		set(900 + float64(minute%5)) // about half a percent
		for range 12 {
			writes += r.after(t, 5*time.Second)
		}
	}
	require.Zero(t, writes)

	set(950)
	require.EqualValues(t, len(all), r.after(t, 0), "a load that has moved is news")
}

func TestATextThatChangesWaitsAndIsWritten(t *testing.T) {
	pool := clusterPool("web")
	for name, change := range map[string]func(*v1alpha1.ShadowPoolStatus){
		"a condition's message": func(s *v1alpha1.ShadowPoolStatus) { s.Conditions[0].Message = "other words" },
		"the capacity's note":   func(s *v1alpha1.ShadowPoolStatus) { s.Capacity.Note = "other words" },
		"the forecast's note":   func(s *v1alpha1.ShadowPoolStatus) { s.Forecast.Note = "other words" },
		"the model":             func(s *v1alpha1.ShadowPoolStatus) { s.Forecast.Model = "Mean" },
		"the forecast":          func(s *v1alpha1.ShadowPoolStatus) { s.Forecast = nil },
		"the load is nothing":   func(s *v1alpha1.ShadowPoolStatus) { s.Forecast.ObservedLoad = "0" },
		"the load is not said":  func(s *v1alpha1.ShadowPoolStatus) { s.Forecast.PredictedLoad = "" },
	} {
		t.Run(name, func(t *testing.T) {
			r := newStatusRig(t, pool.DeepCopy())
			r.writer.Set(pool, round(start, 900))
			r.after(t, 0)
			next := round(start, 900)
			change(&next)
			r.writer.Set(pool, next)
			require.Zero(t, r.after(t, 10*time.Minute-time.Millisecond))
			require.EqualValues(t, 1, r.after(t, time.Millisecond))
		})
	}
}
