package derive_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/cli/derive"
)

const twoContainers = `
initContainers:
- {name: once, resources: {requests: {cpu: "4"}}}
- {name: mesh, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
containers:
- {name: app, resources: {requests: {cpu: 300m}}}
- {name: logs, resources: {requests: {cpu: 100m}}}
`

// object reads YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &u.Object), text)
	return u
}

// derived derives from an autoscaler a of the given kind, whose spec lacks only
// its target, and from a workload web with the given pods.
func derived(t *testing.T, autoscaler, workload, pods, spec string, given derive.Given) (*derive.Derived, error) {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, appsv1.AddToScheme(scheme))
	require.NoError(t, autoscalingv2.AddToScheme(scheme))
	apiVersion := map[string]string{
		"HorizontalPodAutoscaler": "autoscaling/v2", "ScaledObject": "keda.sh/v1alpha1",
		"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "Rollout": "argoproj.io/v1alpha1", "StatefulSet": "apps/v1", v1alpha1.Kind: "foreshadow.dev/v1alpha1",
	}
	a := object(t, spec)
	a.SetNamespace("shop")
	a.SetName("a")
	a.SetKind(autoscaler)
	a.SetAPIVersion(apiVersion[autoscaler])
	if workload != "" {
		require.NoError(t, unstructured.SetNestedStringMap(a.Object, map[string]string{"apiVersion": apiVersion[workload], "kind": workload, "name": "web"}, "spec", "scaleTargetRef"))
	} else {
		require.NoError(t, unstructured.SetNestedStringMap(a.Object, map[string]string{"name": "web"}, "spec", "scaleTargetRef"))
		workload = "Deployment"
	}
	w := object(t, "{kind: "+workload+", apiVersion: "+apiVersion[workload]+", metadata: {namespace: shop, name: web}}")
	require.NoError(t, unstructured.SetNestedMap(w.Object, object(t, pods).Object, "spec", "template", "spec"))
	kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(a, w).Build()
	found, err := derive.Find(t.Context(), kube, "shop", "a")
	require.NoError(t, err)
	require.Equal(t, autoscaler+" shop/a", found.String())
	return found.Derive(t.Context(), kube, given)
}

func TestDerive(t *testing.T) {
	const cpu = `sum(rate(container_cpu_usage_seconds_total{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]{5}",container!=""}[2m]))`
	const hpa, keda = "HorizontalPodAutoscaler", "ScaledObject"
	metric := func(m string) string { return "spec: {metrics: [" + m + "]}" }
	trigger := func(m string) string { return "spec: {triggers: [" + m + "]}" }
	utilization := `{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}`
	for _, tc := range []struct {
		name                       string
		autoscaler, workload, pods string
		spec                       string
		given                      derive.Given
		query                      string
		capacity                   v1alpha1.Decimal
		observe                    bool
	}{
		{name: "CPU utilization counts containers and sidecars", autoscaler: hpa, workload: "Deployment", spec: metric(utilization), query: cpu, capacity: "0.3"},
		{
			name: "a request of the pod counts for all", autoscaler: hpa, workload: "Deployment", spec: metric(utilization), query: cpu, capacity: "1.2",
			pods: `{resources: {requests: {cpu: "2"}}, containers: [{name: app}]}`,
		},
		{
			name: "CPU in cores", autoscaler: hpa, workload: "Deployment", query: cpu, capacity: "0.25",
			spec: metric(`{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 250m}}}`), pods: `{containers: [{name: app}]}`,
		},
		{
			name: "CPU of one container", autoscaler: hpa, workload: "Deployment", capacity: "0.15",
			spec:  metric(`{type: ContainerResource, containerResource: {name: cpu, container: app, target: {type: Utilization, averageUtilization: 50}}}`),
			query: `sum(rate(container_cpu_usage_seconds_total{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]{5}",container="app"}[2m]))`,
		},
		{
			name: "the pods of a ReplicaSet", autoscaler: hpa, workload: "ReplicaSet", spec: metric(utilization), capacity: "0.3",
			query: `sum(rate(container_cpu_usage_seconds_total{namespace="shop",pod=~"web-[a-z0-9]{5}",container!=""}[2m]))`,
		},
		{name: "the pods of a Rollout", autoscaler: hpa, workload: "Rollout", spec: metric(utilization), query: cpu, capacity: "0.3"},
		{
			name: "what is given wins", autoscaler: hpa, workload: "Deployment", spec: metric(utilization),
			given: derive.Given{Query: "sum(x)", Capacity: "7"}, query: "sum(x)", capacity: "7",
		},
		{name: "a given query has no capacity in cores", autoscaler: hpa, workload: "Deployment", spec: metric(utilization), given: derive.Given{Query: "sum(x)"}, query: "sum(x)"},
		{
			name: "a given query has the unit of a metric without one", autoscaler: hpa, workload: "Deployment", given: derive.Given{Query: "sum(x)"}, query: "sum(x)", capacity: "1.5",
			spec: metric(`{type: Object, object: {metric: {name: rps}, describedObject: {kind: Ingress, name: web}, target: {type: AverageValue, averageValue: 1500m}}}`),
		},
		{
			name: "a target for all replicas together is no capacity", autoscaler: hpa, workload: "Deployment", given: derive.Given{Query: "sum(x)"}, query: "sum(x)",
			spec: metric(`{type: External, external: {metric: {name: rps}, target: {type: Value, value: "100"}}}`),
		},
		{
			name: "the backlog of a queue", autoscaler: hpa, workload: "Deployment", given: derive.Given{Query: "sum(x)"}, query: "sum(x)", observe: true,
			spec: metric(`{type: External, external: {metric: {name: rabbitmq.queue_depth}, target: {type: AverageValue, averageValue: "10"}}}`),
		},
		{
			name: "a name that only looks like a queue", autoscaler: hpa, workload: "Deployment", given: derive.Given{Query: "sum(x)"}, query: "sum(x)", capacity: "10",
			spec: metric(`{type: External, external: {metric: {name: flagged_requests}, target: {type: AverageValue, averageValue: "10"}}}`),
		},
		{
			name: "a prometheus trigger comes before CPU", autoscaler: keda, query: `sum(rate(http_requests_total[2m]))`, capacity: "12.5",
			spec: trigger(`{type: cpu, metricType: Utilization, metadata: {value: "50"}}, {type: prometheus, metadata: {query: " sum(rate(http_requests_total[2m])) ", threshold: "12.5"}}`),
		},
		{
			name: "a threshold for all replicas together", autoscaler: keda, query: `sum(y)`,
			spec: trigger(`{type: prometheus, metricType: Value, metadata: {query: sum(y), threshold: "12.5"}}`),
		},
		{name: "a threshold that is no number", autoscaler: keda, query: `sum(y)`, spec: trigger(`{type: prometheus, metadata: {query: sum(y), threshold: many}}`)},
		{name: "KEDA's CPU in cores", autoscaler: keda, query: cpu, capacity: "0.4", spec: trigger(`{type: cpu, metricType: AverageValue, metadata: {value: 400m}}`)},
		{name: "KEDA's CPU as it was written once", autoscaler: keda, query: cpu, capacity: "0.25", spec: trigger(`{type: cpu, metadata: {type: Utilization, value: "50"}}`)},
		{
			name: "a queue's consumer as KEDA exports it", autoscaler: keda, observe: true, capacity: "5",
			query: `sum(keda_scaler_metrics_value{scaledObject="a",triggerIndex="1"})`, spec: trigger(`{type: cron, metadata: {start: x}}, {type: rabbitmq, metadata: {queueName: q, value: "5"}}`),
		},
		{name: "our own value is no load", autoscaler: keda, query: cpu, capacity: "0.25", spec: trigger(
			`{type: prometheus, metadata: {query: "max(foreshadow_predicted_capacity_replicas{pool=\"web\"})", threshold: "1"}}, {type: cpu, metricType: Utilization, metadata: {value: "50"}}`)},
		{name: "a kind without shadows is refused by who takes it", autoscaler: hpa, workload: "StatefulSet", spec: metric(utilization)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pods := tc.pods
			if pods == "" {
				pods = twoContainers
			}
			got, err := derived(t, tc.autoscaler, tc.workload, pods, tc.spec, tc.given)
			require.NoError(t, err)
			require.Equal(t, tc.query, got.Load.Query)
			if tc.capacity == "" {
				require.Nil(t, got.Load.CapacityPerReplica)
			} else {
				require.NotNil(t, got.Load.CapacityPerReplica)
				require.Equal(t, tc.capacity, *got.Load.CapacityPerReplica)
			}
			require.Equal(t, tc.observe, got.Observe != "", got.Observe)
		})
	}
}

func TestDeriveRefuses(t *testing.T) {
	for _, tc := range []struct{ name, autoscaler, workload, pods, spec, want string }{
		{
			"no metric at all", "HorizontalPodAutoscaler", "Deployment", twoContainers, "spec: {}",
			"derive load of HorizontalPodAutoscaler shop/a: no query is in it: write --query, the workload's load in PromQL",
		},
		{
			"each metric with its reason", "HorizontalPodAutoscaler", "Deployment", `{containers: [{name: app}, {name: logs, resources: {requests: {cpu: "1"}}}]}`,
			`spec: {metrics: [
  {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}},
  {type: ContainerResource, containerResource: {name: cpu, container: nobody, target: {type: Utilization, averageUtilization: 60}}},
  {type: External, external: {metric: {name: foreshadow_predicted_capacity_replicas}, target: {type: AverageValue, averageValue: "1"}}},
  {type: Novel}]}`,
			`derive load of HorizontalPodAutoscaler shop/a: no query is in it: write --query, the workload's load in PromQL
  spec.metrics[0] (Resource cpu): container app has no CPU request, so that the target says nothing of one replica
  spec.metrics[1] (ContainerResource cpu of nobody): the pod template has no CPU request, so that the target says nothing of one replica
  spec.metrics[2] (External foreshadow_predicted_capacity_replicas): it is Foreshadow's own value
  spec.metrics[3] (Novel): Foreshadow does not know this type of metric`,
		},
		{
			"each trigger with its reason", "ScaledObject", "Deployment", twoContainers,
			`spec: {triggers: [{type: memory, metadata: {value: "50"}}, {type: cpu, metadata: {value: half}}, {type: prometheus, metadata: {threshold: "1"}}, {type: external-push, metadata: {scalerAddress: foreshadow:9443, pool: web}}]}`,
			`derive load of ScaledObject shop/a: no query is in it: write --query, the workload's load in PromQL
  spec.triggers[2] (prometheus): it has no query
  spec.triggers[1] (cpu): its value "half" is no percentage
  spec.triggers[0] (memory): it does not follow the load
  spec.triggers[3] (external-push): it is Foreshadow's own value`,
		},
		{
			"a pool that owns the scale", "HorizontalPodAutoscaler", v1alpha1.Kind, twoContainers, "spec: {}",
			"HorizontalPodAutoscaler shop/a scales ShadowPool web: a pool owns the scale already: change that one",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := derived(t, tc.autoscaler, tc.workload, tc.pods, tc.spec, derive.Given{})
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestTextProposesWhatIsMissing(t *testing.T) {
	pool := &v1alpha1.ShadowPool{}
	pool.Namespace, pool.Name = "shop", "web"
	for _, tc := range []struct {
		name, autoscaler, spec string
		has, lacks             []string
	}{
		{
			"our value alone scales nothing while we are down", "HorizontalPodAutoscaler",
			`spec: {behavior: {scaleUp: {tolerance: "0"}}, metrics: [{type: External, external: {metric: {name: foreshadow_predicted_capacity_replicas}, target: {type: AverageValue, averageValue: "1"}}}]}`,
			[]string{"averageUtilization: 90", "scaleDown:\n        tolerance: \"0\"", "CPU is the second metric"},
			[]string{"scaleUp", "averageValue", "left out"},
		},
		{
			"a clock is no reactive metric", "ScaledObject", `spec: {triggers: [{type: cron, metadata: {start: x}}]}`,
			[]string{"type: cpu", `value: "90"`, "ignoreNullValues: \"false\"", "http://prometheus.monitoring.svc:9090", "exported_namespace"},
			nil,
		},
		{
			"a ScaledObject that has it all", "ScaledObject",
			`spec: {advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {tolerance: "0"}, scaleDown: {tolerance: "0"}}}}, triggers: [{type: cpu, metricType: Utilization, metadata: {value: "50"}}, {type: external-push, metadata: {pool: web}}]}`,
			[]string{"ScaledObject shop/a has all that it needs."},
			[]string{"spec:"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := derived(t, tc.autoscaler, "Deployment", twoContainers, tc.spec, derive.Given{Query: "sum(x)"})
			require.NoError(t, err)
			text, err := d.Text(pool)
			require.NoError(t, err)
			for _, s := range tc.has {
				require.Contains(t, text, s)
			}
			for _, s := range tc.lacks {
				require.NotContains(t, text, s)
			}
		})
	}
}
