package derive

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// scaledObject is what counts of KEDA's object.
type scaledObject struct {
	Spec struct {
		ScaleTargetRef struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Name       string `json:"name"`
		} `json:"scaleTargetRef"`
		Triggers []trigger `json:"triggers"`
		Advanced struct {
			HorizontalPodAutoscalerConfig struct {
				Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
	} `json:"spec"`
}

type trigger struct {
	Type       string            `json:"type"`
	MetricType string            `json:"metricType"`
	Metadata   map[string]string `json:"metadata"`
}

// queueTriggers are the triggers of KEDA that count what waits in a queue, each
// with the key of its target.
var queueTriggers = map[string]string{
	"activemq": "targetQueueSize", "apache-kafka": "lagThreshold", "artemis-queue": "queueLength",
	"aws-dynamodb-streams": "shardCount", "aws-kinesis-stream": "shardCount", "aws-sqs-queue": "queueLength",
	"azure-eventhub": "unprocessedEventThreshold", "azure-pipelines": "targetPipelinesQueueLength", "azure-queue": "queueLength",
	"azure-servicebus": "messageCount", "beanstalkd": "value", "gcp-cloudtasks": "value", "gcp-pubsub": "value",
	"github-runner": "targetWorkflowQueueLength", "ibmmq": "queueDepth", "kafka": "lagThreshold",
	"liiklus": "lagThreshold", "nats-jetstream": "lagThreshold", "nsq": "depthThreshold", "pulsar": "msgBacklogThreshold",
	"rabbitmq": "value", "redis": "listLength", "redis-cluster": "listLength", "redis-sentinel": "listLength",
	"redis-streams": "pendingEntriesCount", "redis-cluster-streams": "pendingEntriesCount", "redis-sentinel-streams": "pendingEntriesCount",
	"solace-event-queue": "messageCountTarget", "stan": "lagThreshold",
	"temporal": "targetQueueSize",
}

func fromScaledObject(u *unstructured.Unstructured) (*Autoscaler, error) {
	var so scaledObject
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &so); err != nil {
		return nil, fmt.Errorf("read ScaledObject %s/%s: %w", u.GetNamespace(), u.GetName(), err)
	}
	ref := so.Spec.ScaleTargetRef
	return &Autoscaler{
		kind: "ScaledObject", namespace: u.GetNamespace(), name: u.GetName(), edit: "scaledobject",
		workload: v1alpha1.ScaleTargetRef{APIVersion: cmp.Or(ref.APIVersion, "apps/v1"), Kind: cmp.Or(ref.Kind, "Deployment"), Name: ref.Name},
		signals: func(t *template) []signal {
			out := make([]signal, 0, len(so.Spec.Triggers))
			for i := range so.Spec.Triggers {
				s := &so.Spec.Triggers[i]
				out = append(out, s.signal(fmt.Sprintf("spec.triggers[%d] (%s)", i, s.Type), exported(u.GetName(), i), t))
			}
			return out
		},
		additions: so.additions,
	}, nil
}

// exported is the value of a trigger as KEDA's operator exports it.
func exported(scaledObject string, index int) string {
	return fmt.Sprintf("sum(keda_scaler_metrics_value{scaledObject=%q,triggerIndex=\"%d\"})", scaledObject, index)
}

// signal is what a trigger says of the load; asExported is its query where it
// has no other.
func (g *trigger) signal(at, asExported string, t *template) signal {
	target, queue := queueTriggers[g.Type]
	switch {
	case queue:
		return g.queueSignal(at, asExported, target)
	case g.ours():
		return signal{at: at, ours: true, rank: rankOther}
	case g.Type == "prometheus":
		return g.promQL(at)
	case g.Type == "cpu":
		return g.cpu(at, t)
	case g.Type == "memory":
		return signal{at: at, unknown: "it does not follow the load", unrelated: true, rank: rankOther}
	case g.Type == "cron":
		return signal{at: at, unknown: "it follows the clock, not the load", unrelated: true, rank: rankOther}
	}
	return signal{at: at, unknown: "its query is not PromQL", rank: rankOther}
}

// ours says that the trigger reads our value, from us or from Prometheus.
func (g *trigger) ours() bool {
	return strings.Contains(g.Metadata["query"], predictedCapacity) || strings.HasPrefix(g.Type, "external") && g.Metadata["pool"] != ""
}

func (g *trigger) promQL(at string) signal {
	s := signal{at: at, query: strings.TrimSpace(g.Metadata["query"]), rank: rankPromQL}
	threshold, err := strconv.ParseFloat(g.Metadata["threshold"], 64)
	switch {
	case s.query == "":
		s.unknown = "it has no query"
	case g.MetricType == string(autoscalingv2.ValueMetricType):
		// Such a threshold is one for all replicas together.
	case err == nil && threshold > 0:
		s.capacity, s.how = v1alpha1.DecimalOf(threshold), "its threshold"
	}
	return s
}

func (g *trigger) cpu(at string, t *template) signal {
	kind, value := cmp.Or(g.MetricType, g.Metadata["type"]), g.Metadata["value"]
	if kind == string(autoscalingv2.AverageValueMetricType) {
		if q, err := resource.ParseQuantity(value); err == nil {
			return t.cpu(at, g.Metadata["containerName"], 0, &q)
		}
	}
	percent, err := strconv.ParseInt(value, 10, 32)
	if err != nil || percent <= 0 {
		return signal{at: at, unknown: fmt.Sprintf("its value %q is no percentage", value), rank: rankCPU}
	}
	return t.cpu(at, g.Metadata["containerName"], int32(percent), nil)
}

// queueSignal is the backlog of a queue.
func (g *trigger) queueSignal(at, query, target string) signal {
	s := signal{at: at, queue: true, rank: rankQueue, query: query}
	for _, key := range slices.Compact([]string{target, "queueLength", "value"}) {
		if v, err := strconv.ParseFloat(g.Metadata[key], 64); err == nil && v > 0 {
			s.capacity, s.how = v1alpha1.DecimalOf(v), "its "+key
			break
		}
	}
	return s
}

// additions is what the ScaledObject lacks. Without ignoreNullValues KEDA takes
// a series that is gone for 0 replicas.
func (so *scaledObject) additions(pool *v1alpha1.ShadowPool, reactive bool) map[string]any {
	spec := map[string]any{}
	var triggers []any
	if !slices.ContainsFunc(so.Spec.Triggers, func(g trigger) bool { return g.ours() }) {
		server := "http://prometheus.monitoring.svc:9090"
		for i := range so.Spec.Triggers {
			if s := so.Spec.Triggers[i].Metadata["serverAddress"]; s != "" {
				server = s
				break
			}
		}
		triggers = append(triggers, map[string]any{"type": "prometheus", "metricType": "AverageValue", "metadata": map[string]any{
			"serverAddress": server, "threshold": "1", "ignoreNullValues": "false",
			"query": fmt.Sprintf("max(%s{namespace=%q,pool=%q})", predictedCapacity, pool.Namespace, pool.Name),
		}})
	}
	if !reactive {
		triggers = append(triggers, map[string]any{"type": "cpu", "metricType": "Utilization", "metadata": map[string]any{"value": strconv.Itoa(reactiveUtilization)}})
	}
	if len(triggers) > 0 {
		spec["triggers"] = triggers
	}
	if b := toleranceAdditions(so.Spec.Advanced.HorizontalPodAutoscalerConfig.Behavior); len(b) > 0 {
		spec["advanced"] = map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"behavior": b}}
	}
	return spec
}
