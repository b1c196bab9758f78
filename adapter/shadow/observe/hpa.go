package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

const (
	// metricCapacity is the metric by which an autoscaler asks for us, poolLabel
	// its label that names the pool.
	metricCapacity = "foreshadow_predicted_capacity_replicas"
	poolLabel      = "pool"
	// ReasonToleranceNotZero is the reason of the condition HPAToleranceNotZero.
	ReasonToleranceNotZero = "ToleranceNotZero"
)

// scales says that an autoscaler's target is the workload, or the pool where
// the pool owns the scale. The version of an API does not tell objects apart.
func (v *View) scales(apiVersion, kind, name string) bool {
	group := schema.FromAPIVersionAndKind(apiVersion, kind).Group
	if kind == v1alpha1.Kind && group == v1alpha1.Group {
		return name == v.w.Pool.Name && v.w.Pool.Spec.Replicas != nil && *v.w.Pool.Spec.Replicas > 0
	}
	ref := &v.w.Pool.Spec.ScaleTargetRef
	return kind == ref.Kind && name == ref.Name && group == schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).Group
}

// autoscalers returns the HPAs of the workload, by name.
func (v *View) autoscalers() (out []*autoscalingv2.HorizontalPodAutoscaler) {
	for _, h := range v.w.HPAs {
		if t := &h.Spec.ScaleTargetRef; v.scales(t.APIVersion, t.Kind, t.Name) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b *autoscalingv2.HorizontalPodAutoscaler) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// oursAsked says that an autoscaler of the workload reads our metric: by its
// name on an HPA, or through a trigger of a ScaledObject.
func (v *View) oursAsked() bool {
	for _, h := range v.autoscalers() {
		for i := range h.Spec.Metrics {
			if m := h.Spec.Metrics[i].External; m != nil && v.asksUs(&m.Metric) {
				return true
			}
		}
	}
	for _, o := range v.w.ScaledObjects {
		if v.scaledBy(o) && v.triggered(o) {
			return true
		}
	}
	return false
}

// asksUs says that a metric is ours, and that its selector lets the value of this
// pool through. KEDA puts the number of the trigger before the name, and selects
// by labels of its own.
func (v *View) asksUs(m *autoscalingv2.MetricIdentifier) bool {
	switch {
	case strings.HasSuffix(m.Name, "-"+metricCapacity):
		return true
	case m.Name != metricCapacity:
		return false
	case m.Selector == nil:
		return true
	}
	return compiled(m.Selector).Matches(labels.Set{poolLabel: v.w.Pool.Name})
}

// scaledBy says that a KEDA ScaledObject scales the workload.
func (v *View) scaledBy(o *unstructured.Unstructured) bool {
	text := func(field, otherwise string) string {
		if s, found, err := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", field); found && err == nil && s != "" {
			return s
		}
		return otherwise
	}
	return v.scales(text("apiVersion", "apps/v1"), text("kind", "Deployment"), text("name", ""))
}

// triggered says that a trigger of a ScaledObject asks for our metric: our own
// scaler by the name of the pool, or a query by that of the metric.
func (v *View) triggered(o *unstructured.Unstructured) bool {
	triggers, _, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "triggers")
	list, ok := triggers.([]any)
	if err != nil || !ok {
		return false
	}
	for _, t := range list {
		trigger, ok := t.(map[string]any)
		if !ok {
			continue
		}
		metadata, _ := trigger["metadata"].(map[string]any)
		switch trigger["type"] {
		case "external", "external-push":
			address, _ := metadata["scalerAddress"].(string)
			if strings.Contains(address, "foreshadow") && metadata[poolLabel] == v.w.Pool.Name {
				return true
			}
		case "prometheus":
			if query, _ := metadata["query"].(string); strings.Contains(query, metricCapacity) {
				return true
			}
		}
	}
	return false
}

// tolerances warns of autoscalers that may write a surplus of pods into their
// target.
func (v *View) tolerances() (out []shadow.Reason) {
	for _, h := range v.autoscalers() {
		if perPod(h) && !exact(h) {
			out = append(out, shadow.Reason{
				Condition: v1alpha1.ConditionHPAToleranceNotZero, Reason: ReasonToleranceNotZero, Message: toleranceMessage(h),
			})
		}
	}
	return out
}

// perPod says that an HPA has a metric per pod of the whole: within its
// tolerance it writes the number of pods that there are into its target, the
// surplus of an activation among them. Metrics of other types go by what the
// target asks for.
func perPod(h *autoscalingv2.HorizontalPodAutoscaler) bool {
	for i := range h.Spec.Metrics {
		m := &h.Spec.Metrics[i]
		if m.External != nil && m.External.Target.AverageValue != nil || m.Object != nil && m.Object.Target.AverageValue != nil {
			return true
		}
	}
	return false
}

// exact says that both tolerances of an HPA are written as 0.
func exact(h *autoscalingv2.HorizontalPodAutoscaler) bool {
	b := h.Spec.Behavior
	return b != nil && zeroTolerance(b.ScaleUp) && zeroTolerance(b.ScaleDown)
}

func zeroTolerance(r *autoscalingv2.HPAScalingRules) bool {
	return r != nil && r.Tolerance != nil && r.Tolerance.IsZero()
}

func toleranceMessage(h *autoscalingv2.HorizontalPodAutoscaler) string {
	name, where := "HorizontalPodAutoscaler "+h.Name, "spec.behavior"
	if ref := metav1.GetControllerOfNoCopy(h); ref != nil && ref.Kind == "ScaledObject" {
		name, where = "ScaledObject "+ref.Name, "spec.advanced.horizontalPodAutoscalerConfig.behavior"
	}
	return fmt.Sprintf("%s may take the surplus of an activation, up to 10 %%, for its target: write scaleUp.tolerance and scaleDown.tolerance \"0\" into its %s",
		name, where)
}
