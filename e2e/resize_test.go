//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/metrics/pkg/apis/metrics/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// A pod asks for 100m; a shadow waits with a tenth of it.
const (
	idleSpec    = "  idle: {cpuPercent: 10}\n"
	cpuRequest  = 100
	cpuTarget   = 50
	cpuReplicas = 4
)

const cpuHPA = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 4
  maxReplicas: 20
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: %[2]d}}}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 1}]}
`

// serveCPU puts a resource metrics API behind the API server for one test, and
// returns the CPU that all pods of a workload use together, in thousandths.
func (r *rig) serveCPU(t *testing.T) *load.Source {
	t.Helper()
	const service = "cpu-metrics"
	dir, err := r.TempDir(service)
	require.NoError(t, err)
	require.NoError(t, r.ServingCertificate(dir, systemNamespace, service))
	usage := load.NewSource(nil)
	usage.Hold(0)
	server, err := load.NewCPUMetrics(load.PodMetricsConfig{
		Pods: r.Client, Source: usage, Clock: r.clock, CertDir: dir, CallerCA: r.FrontProxyCA(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	gv := v1beta1.SchemeGroupVersion
	require.NoError(t, r.RegisterAPIService(t.Context(), cluster.APIService{
		GroupVersion: gv, Namespace: systemNamespace, Service: service, Port: server.Port(),
	}))
	t.Cleanup(func() {
		// One that does not answer would hold up the garbage collector.
		gone := &unstructured.Unstructured{}
		gone.SetAPIVersion("apiregistration.k8s.io/v1")
		gone.SetKind("APIService")
		gone.SetName(gv.Version + "." + gv.Group)
		require.NoError(t, r.Client.Delete(context.Background(), gone))
	})
	return usage
}

// idleAndCPU has an autoscaler on CPU utilisation raise a workload whose shadows
// wait on a tenth of their request: it must not divide by that.
func idleAndCPU(t *testing.T) {
	usage := shared.serveCPU(t)
	s := opening{namespace: "cpu", replicas: cpuReplicas, shadows: 3, cold: 3 * time.Second, spec: idleSpec}.open(t)
	for _, p := range s.shadows(t) {
		require.EqualValues(t, cpuRequest/10, requestOf(p), "shadow %s", p.Name)
	}
	usage.Hold(cpuReplicas * cpuTarget)
	require.NoError(t, s.workload.Apply(t.Context(), fmt.Sprintf(cpuHPA, s.namespace, cpuTarget)))
	s.awaitUtilisation(t, cpuTarget)
	shadows := s.shadows(t)
	usage.Hold((cpuReplicas + 3) * cpuTarget)
	s.awaitSettled(t, cpuReplicas+3)
	require.Len(t, s.rec.servedAt(shadows), 3, "the raise did not take the shadows")
	s.awaitRequests(t, cpuReplicas+3)
	s.awaitUtilisation(t, cpuTarget)
	s.pass(t, 5*time.Second) // the autoscaler looks each second
	s.awaitUtilisation(t, cpuTarget)
	require.EqualValues(t, cpuReplicas+3, s.look(t.Context()).desired)
	require.EqualValues(t, cpuReplicas+3, s.rec.mostDesired(), "the autoscaler divided by the request of a shadow")
	s.rec.judge(t)
}

const noResize = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-resize}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [pods/resize]}
  validations: [{expression: "false", message: nothing is resized here}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-resize}
spec: {policyName: no-resize, validationActions: [Deny]}
`

// resizeRefused has somebody refuse what gives a pod its request back: it serves
// all the same, and the pool says so.
func resizeRefused(t *testing.T) {
	s := opening{namespace: "unsized", replicas: 4, shadows: 2, spec: idleSpec}.open(t)
	require.NoError(t, s.workload.Apply(t.Context(), fmt.Sprintf(noResize, s.namespace)))
	pod := s.live(t)[0]
	same := client.RawPatch(types.StrategicMergePatchType, []byte(`{"spec":{"containers":[{"name":"web","resources":{"requests":{"cpu":"101m"}}}]}}`))
	require.NoError(t, process.Until(t.Context(), time.Minute, "resizes to be refused", func(ctx context.Context) (string, bool) {
		err := s.workload.Client.SubResource("resize").Patch(ctx, pod.DeepCopy(), same, client.DryRunAll)
		return fmt.Sprint(err), err != nil
	}))
	shadows := s.shadows(t)
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	require.Len(t, s.rec.servedAt(shadows), 2, "the raise did not take the shadows")
	s.awaitPool(t, time.Minute, "a condition that says so", func(p *v1alpha1.ShadowPool) bool {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionResizePending)
		return c != nil && c.Status == "True" && c.Reason == "ResizeRefused"
	})
	require.NoError(t, process.Until(t.Context(), time.Minute, "shadows with the whole request", func(context.Context) (string, bool) {
		whole := 0
		for _, p := range s.shadows(t) {
			if requestOf(p) == cpuRequest {
				whole++
			}
		}
		return fmt.Sprintf("%d shadows have it", whole), whole == 2
	}))
	s.rec.judge(t)
}

func requestOf(p corev1.Pod) int64 { return p.Spec.Containers[0].Resources.Requests.Cpu().MilliValue() }

// awaitRequests waits until each live pod has the template's request.
func (s *shop) awaitRequests(t *testing.T, pods int) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "the template's CPU request", func(context.Context) (string, bool) {
		whole := 0
		for _, p := range s.live(t) {
			if requestOf(p) == cpuRequest {
				whole++
			}
		}
		return fmt.Sprintf("%d pods have it", whole), whole == pods
	}))
}

// awaitUtilisation waits until the autoscaler has read a utilisation.
func (s *shop) awaitUtilisation(t *testing.T, percent int32) {
	t.Helper()
	s.await(t, time.Minute, fmt.Sprintf("a utilisation of %d%%", percent), func(sc scale) bool {
		for _, m := range sc.hpa.CurrentMetrics {
			if m.Resource != nil && m.Resource.Current.AverageUtilization != nil {
				return *m.Resource.Current.AverageUtilization == percent
			}
		}
		return false
	})
}
