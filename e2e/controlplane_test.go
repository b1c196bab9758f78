//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const reactiveHPA = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: %s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 20
  metrics:
  - type: Pods
    pods: {metric: {name: load_per_pod}, target: {type: AverageValue, averageValue: "100"}}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 1}]}
    scaleDown: {stabilizationWindowSeconds: 2, policies: [{type: Percent, value: 100, periodSeconds: 1}]}
`

// The rig is only worth something if its controllers are real and its pods as
// slow as they are told to be.
func TestControlPlane(t *testing.T) {
	const pull, cold = time.Second, 2 * time.Second
	shared.load.Hold(200)
	w := shared.deploy(t, "controlplane", 2, pull, cold)

	t.Run("a pod is ready once it was pulled and is warm", func(t *testing.T) {
		took := w.await(t, 30*time.Second, "2 ready pods", func(s scale) bool { return s.ready == 2 })
		shared.report.Add("deployment_ready", took.Seconds(), "seconds")
		var pods corev1.PodList
		require.NoError(t, w.Client.List(t.Context(), &pods, client.InNamespace(w.namespace)))
		require.Len(t, pods.Items, 2)
		for _, pod := range pods.Items {
			// Times in a status are whole seconds, so each end may be off by one.
			got, atLeast := readyAt(pod).Sub(pod.Status.StartTime.Time), pull+cold-time.Second
			require.GreaterOrEqual(t, got, atLeast, "pod %s became ready too early", pod.Name)
		}
	})

	t.Run("an HPA on a Pods metric follows the load", func(t *testing.T) {
		require.NoError(t, w.Apply(t.Context(), fmt.Sprintf(reactiveHPA, w.namespace)))
		shared.load.Hold(600)
		out := w.await(t, 60*time.Second, "6 ready pods", func(s scale) bool { return s.desired == 6 && s.ready == 6 })
		require.GreaterOrEqual(t, out, pull+cold, "pods became ready without a cold start")
		shared.load.Hold(250)
		in := w.await(t, 60*time.Second, "3 pods again", func(s scale) bool { return s.desired == 3 && s.ready == 3 })
		shared.report.Add("reactive_scale_out", out.Seconds(), "seconds")
		shared.report.Add("reactive_scale_in", in.Seconds(), "seconds")
	})
}

// readyAt returns when a pod became ready; the zero time if it is not.
func readyAt(pod corev1.Pod) time.Time {
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodReady && cond.Status == corev1.ConditionTrue {
			return cond.LastTransitionTime.Time
		}
	}
	return time.Time{}
}
