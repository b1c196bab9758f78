package observe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const capacityMetric = "foreshadow_predicted_capacity_replicas"

// hpa returns an autoscaler of the Deployment on our metric, one value per pod,
// without tolerance.
func hpa(alter ...func(*autoscalingv2.HorizontalPodAutoscaler)) *autoscalingv2.HorizontalPodAutoscaler {
	zero := &autoscalingv2.HPAScalingRules{Tolerance: new(resource.MustParse("0"))}
	h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named("web"), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
		Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: capacityMetric, Selector: matching("pool", "web")},
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: new(resource.MustParse("1"))},
		}}},
		Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: zero, ScaleDown: zero},
	}}
	for _, f := range alter {
		f(h)
	}
	return h
}

// scaled returns a ScaledObject with one trigger.
func scaled(target map[string]any, trigger map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": map[string]any{"name": "web", "namespace": "shop"},
		"spec": map[string]any{"scaleTargetRef": target, "triggers": []any{map[string]any{"type": "cpu"}, trigger}},
	}}
}

func TestObserveOursAsked(t *testing.T) {
	web := map[string]any{"name": "web"}
	external := func(metadata map[string]any) map[string]any {
		return map[string]any{"type": "external", "metadata": metadata}
	}
	own := func(s *scene) {
		s.Pool.Spec.Replicas = new(int32(3))
	}
	onPool := func(h *autoscalingv2.HorizontalPodAutoscaler) {
		h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "foreshadow.dev/v1alpha1", Kind: "ShadowPool", Name: "web"}
	}
	tests := []struct {
		name  string
		hpa   *autoscalingv2.HorizontalPodAutoscaler
		keda  *unstructured.Unstructured
		alter func(*scene)
		want  bool
	}{
		{"no autoscaler", nil, nil, nil, false},
		{"an HPA reads our metric", hpa(), nil, nil, true},
		{"an HPA of an older version of the API", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.ScaleTargetRef.APIVersion = "apps/v1beta2" }), nil, nil, true},
		{"an HPA without selector reads the only pool's", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Metrics[0].External.Metric.Selector = nil }), nil, nil, true},
		{"an HPA reads another pool's", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Metrics[0].External.Metric.Selector = matching("pool", "api")
		}), nil, nil, false},
		{"an HPA reads another metric", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Metrics[0].External.Metric.Name = "queue_length"
		}), nil, nil, false},
		{"an HPA that KEDA made of our scaler", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Metrics[0].External.Metric = autoscalingv2.MetricIdentifier{Name: "s1-" + capacityMetric, Selector: matching("scaledobject.keda.sh/name", "web")}
		}), nil, nil, true},
		{"an HPA of another workload", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.ScaleTargetRef.Name = "api" }), nil, nil, false},
		{"an HPA of another kind of the same name", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.ScaleTargetRef.Kind = "StatefulSet" }), nil, nil, false},
		{"an HPA of a Deployment of another API", hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.ScaleTargetRef.APIVersion = "example.org/v1" }), nil, nil, false},
		{"an HPA of the pool that owns the scale", hpa(onPool), nil, own, true},
		{"an HPA of a pool that does not own the scale", hpa(onPool), nil, nil, false},
		{"KEDA asks our scaler for the pool", nil, scaled(web, external(map[string]any{"scalerAddress": "foreshadow-adapter.monitoring:6000", "pool": "web"})), nil, true},
		{"KEDA is pushed by our scaler", nil, scaled(web, map[string]any{"type": "external-push", "metadata": map[string]any{
			"scalerAddress": "foreshadow-adapter.monitoring:6000", "pool": "web",
		}}), nil, true},
		{"KEDA asks our scaler for another pool", nil, scaled(web, external(map[string]any{"scalerAddress": "foreshadow-adapter:6000", "pool": "api"})), nil, false},
		{"KEDA asks another scaler", nil, scaled(web, external(map[string]any{"scalerAddress": "other:6000", "pool": "web"})), nil, false},
		{"KEDA reads our metric from Prometheus", nil, scaled(web, map[string]any{"type": "prometheus", "metadata": map[string]any{
			"query": `max(foreshadow_predicted_capacity_replicas{pool="web"})`,
		}}), nil, true},
		{"KEDA reads something else from Prometheus", nil, scaled(web, map[string]any{"type": "prometheus", "metadata": map[string]any{"query": "up"}}), nil, false},
		{"KEDA scales another workload", nil, scaled(map[string]any{"name": "web", "kind": "StatefulSet"}, external(map[string]any{
			"scalerAddress": "foreshadow-adapter:6000", "pool": "web",
		})), nil, false},
		{"a ScaledObject without triggers", nil, &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"scaleTargetRef": web}}}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(2)
			if tt.hpa != nil {
				s.HPAs = append(s.HPAs, tt.hpa)
			}
			if tt.keda != nil {
				s.ScaledObjects = append(s.ScaledObjects, tt.keda)
			}
			if tt.alter != nil {
				tt.alter(s)
			}
			require.Equal(t, tt.want, observe.Observe(s.World).Workload.OursAsked)
		})
	}
}

func TestObserveTolerance(t *testing.T) {
	warning := func(name, where string) []shadow.Reason {
		return []shadow.Reason{{
			Condition: v1alpha1.ConditionHPAToleranceNotZero, Reason: "ToleranceNotZero",
			Message: name + ` may take the surplus of an activation, up to 10 %, for its target: write scaleUp.tolerance and scaleDown.tolerance "0" into its ` + where,
		}}
	}
	type altering = func(*autoscalingv2.HorizontalPodAutoscaler)
	object := func(h *autoscalingv2.HorizontalPodAutoscaler) {
		target := autoscalingv2.MetricTarget{AverageValue: new(resource.MustParse("1"))}
		h.Spec.Metrics = []autoscalingv2.MetricSpec{{Object: &autoscalingv2.ObjectMetricSource{Target: target}}}
	}
	tests := []struct {
		name  string
		alter []altering
		mode  v1alpha1.Mode
		want  []shadow.Reason
	}{
		{"both are 0", nil, v1alpha1.ModeActive, nil},
		{
			"there is no behaviour",
			[]altering{func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Behavior = nil }},
			v1alpha1.ModeActive,
			warning("HorizontalPodAutoscaler web", "spec.behavior"),
		},
		{
			"one is missing",
			[]altering{func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Behavior.ScaleDown = nil }},
			v1alpha1.ModeActive,
			warning("HorizontalPodAutoscaler web", "spec.behavior"),
		},
		{"one is the default", []altering{func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Behavior.ScaleUp = &autoscalingv2.HPAScalingRules{Tolerance: new(resource.MustParse("0.1"))}
		}}, v1alpha1.ModeActive, warning("HorizontalPodAutoscaler web", "spec.behavior")},
		{"KEDA writes the HPA", []altering{func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Name, h.Spec.Behavior = "keda-hpa-web", nil
			h.OwnerReferences = []metav1.OwnerReference{{Kind: "ScaledObject", Name: "web", Controller: new(true)}}
		}}, v1alpha1.ModeActive, warning("ScaledObject web", "spec.advanced.horizontalPodAutoscalerConfig.behavior")},
		{
			"a metric of an object, per pod",
			[]altering{object, func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Behavior = nil }},
			v1alpha1.ModeActive,
			warning("HorizontalPodAutoscaler web", "spec.behavior"),
		},
		{"metrics of other types go by the target", []altering{func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Behavior = nil
			h.Spec.Metrics = []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: "cpu"}}}
		}}, v1alpha1.ModeActive, nil},
		{
			"another workload's is not ours to judge",
			[]altering{func(h *autoscalingv2.HorizontalPodAutoscaler) {
				h.Spec.Behavior, h.Spec.ScaleTargetRef.Name = nil, "api"
			}},
			v1alpha1.ModeActive, nil,
		},
		{"without shadows there is no surplus", []altering{func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Behavior = nil }}, v1alpha1.ModePredict, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(2)
			s.Pool.Spec.Mode = tt.mode
			s.HPAs = []*autoscalingv2.HorizontalPodAutoscaler{hpa(tt.alter...)}
			if diff := cmp.Diff(tt.want, observe.Observe(s.World).Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
