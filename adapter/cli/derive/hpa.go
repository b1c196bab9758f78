package derive

import (
	"fmt"
	"regexp"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// predictedCapacity is the metric that an autoscaler reads of us.
const predictedCapacity = "foreshadow_predicted_capacity_replicas"

func fromHPA(hpa *autoscalingv2.HorizontalPodAutoscaler) *Autoscaler {
	ref := hpa.Spec.ScaleTargetRef
	return &Autoscaler{
		kind: "HorizontalPodAutoscaler", namespace: hpa.Namespace, name: hpa.Name, edit: "hpa",
		workload: v1alpha1.ScaleTargetRef{APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name},
		signals: func(t *template) []signal {
			out := make([]signal, 0, len(hpa.Spec.Metrics))
			for i := range hpa.Spec.Metrics {
				out = append(out, hpaSignal(fmt.Sprintf("spec.metrics[%d]", i), &hpa.Spec.Metrics[i], t))
			}
			return out
		},
		additions: func(pool *v1alpha1.ShadowPool, reactive bool) map[string]any {
			return hpaAdditions(hpa, pool, reactive)
		},
	}
}

func hpaSignal(at string, m *autoscalingv2.MetricSpec, t *template) signal {
	switch {
	case m.Resource != nil:
		return resourceSignal(at+" (Resource "+string(m.Resource.Name)+")", m.Resource.Name, "", m.Resource.Target, t)
	case m.ContainerResource != nil:
		r := m.ContainerResource
		return resourceSignal(at+" (ContainerResource "+string(r.Name)+" of "+r.Container+")", r.Name, r.Container, r.Target, t)
	case m.Pods != nil:
		return unknownQuery(at+" (Pods "+m.Pods.Metric.Name+")", m.Pods.Target)
	case m.Object != nil:
		return unknownQuery(at+" (Object "+m.Object.Metric.Name+" of "+m.Object.DescribedObject.Kind+" "+m.Object.DescribedObject.Name+")", m.Object.Target)
	case m.External != nil && m.External.Metric.Name == predictedCapacity:
		return signal{at: at + " (External " + predictedCapacity + ")", ours: true, rank: rankOther}
	case m.External != nil:
		s := unknownQuery(at+" (External "+m.External.Metric.Name+")", m.External.Target)
		if s.queue = queueName(m.External.Metric.Name); s.queue {
			s.rank = rankQueue
		}
		return s
	}
	return signal{at: at + " (" + string(m.Type) + ")", unknown: "Foreshadow does not know this type of metric", rank: rankOther}
}

func resourceSignal(at string, name corev1.ResourceName, container string, target autoscalingv2.MetricTarget, t *template) signal {
	if name != corev1.ResourceCPU {
		return signal{at: at, unknown: "it does not follow the load", unrelated: true, rank: rankOther}
	}
	utilization := int32(0)
	if target.AverageUtilization != nil {
		utilization = *target.AverageUtilization
	}
	return t.cpu(at, container, utilization, target.AverageValue)
}

// unknownQuery is of a metric that an adapter of the cluster answers: what it
// asks Prometheus for is in that adapter's configuration, not in the HPA.
func unknownQuery(at string, target autoscalingv2.MetricTarget) signal {
	s := signal{at: at, unknown: "its query is in the configuration of the metrics adapter, not here", rank: rankOther}
	if q := target.AverageValue; q != nil {
		s.capacity, s.how = v1alpha1.DecimalOf(q.AsApproximateFloat64()), "the target of "+at+", in its unit"
	}
	return s
}

var wordPattern = regexp.MustCompile(`[a-z]+`)

// queueWords are those in the name of a metric that is the length of a queue.
var queueWords = map[string]bool{
	"queue": true, "queues": true, "lag": true, "backlog": true, "undelivered": true, "unacked": true,
	"sqs": true, "kafka": true, "rabbitmq": true, "pubsub": true, "servicebus": true, "kinesis": true,
}

// queueName says that the name of a metric speaks of a queue.
func queueName(name string) bool {
	for _, word := range wordPattern.FindAllString(strings.ToLower(name), -1) {
		if queueWords[word] {
			return true
		}
	}
	return false
}

// hpaAdditions is what the HPA lacks: our value, a tolerance of 0, and a metric
// that scales it while we are down.
func hpaAdditions(hpa *autoscalingv2.HorizontalPodAutoscaler, pool *v1alpha1.ShadowPool, reactive bool) map[string]any {
	spec := map[string]any{}
	var metrics []any
	ours := false
	for i := range hpa.Spec.Metrics {
		m := &hpa.Spec.Metrics[i]
		ours = ours || m.External != nil && m.External.Metric.Name == predictedCapacity
	}
	if !ours {
		metrics = append(metrics, map[string]any{"type": "External", "external": map[string]any{
			"metric": map[string]any{"name": predictedCapacity, "selector": map[string]any{"matchLabels": map[string]any{"pool": pool.Name}}},
			"target": map[string]any{"type": "AverageValue", "averageValue": "1"},
		}})
	}
	if !reactive {
		metrics = append(metrics, map[string]any{"type": "Resource", "resource": map[string]any{
			"name": "cpu", "target": map[string]any{"type": "Utilization", "averageUtilization": reactiveUtilization},
		}})
	}
	if len(metrics) > 0 {
		spec["metrics"] = metrics
	}
	if b := toleranceAdditions(hpa.Spec.Behavior); len(b) > 0 {
		spec["behavior"] = b
	}
	return spec
}

// reactiveUtilization is the target of the CPU metric that is proposed: high
// enough to stay out of the forecast's way.
const reactiveUtilization = 90

// toleranceAdditions are the tolerances that are not 0: inside one, an HPA may
// take the surplus of an activation for its own wish.
func toleranceAdditions(b *autoscalingv2.HorizontalPodAutoscalerBehavior) map[string]any {
	out := map[string]any{}
	var up, down *autoscalingv2.HPAScalingRules
	if b != nil {
		up, down = b.ScaleUp, b.ScaleDown
	}
	for name, rules := range map[string]*autoscalingv2.HPAScalingRules{"scaleUp": up, "scaleDown": down} {
		if rules == nil || rules.Tolerance == nil || !rules.Tolerance.IsZero() {
			out[name] = map[string]any{"tolerance": "0"}
		}
	}
	return out
}
