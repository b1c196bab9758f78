//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const deploymentManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: %[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {kwok/pull: %[3]s, kwok/cold: %[4]s, kwok/stop: 200ms}
    spec:
      nodeSelector: {kwok.x-k8s.io/node: fake}
      tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]
      containers:
      - name: web
        image: foreshadow.test/web:1
        resources: {requests: {cpu: 100m, memory: 64Mi}}
`

// workload is a Deployment called web in a namespace of its own, and perhaps an
// HPA of the same name.
type workload struct {
	*rig
	namespace string
	began     time.Time
}

// deploy applies a Deployment whose pods take so long to pull and to warm up.
func (r *rig) deploy(t *testing.T, namespace string, replicas int, pull, cold time.Duration) *workload {
	t.Helper()
	manifest := fmt.Sprintf(deploymentManifest, namespace, replicas, pull, cold)
	require.NoError(t, r.Apply(t.Context(), manifest))
	return &workload{rig: r, namespace: namespace, began: r.clock.Now()}
}

// scale is what a look at the workload shows.
type scale struct {
	// desired is what the HPA wrote to the Deployment, ready what serves.
	desired, ready int32
	hpa            autoscalingv2.HorizontalPodAutoscalerStatus
	err            error
}

func (s scale) String() string {
	if s.err != nil {
		return s.err.Error()
	}
	parts := []string{fmt.Sprintf("desired %d, ready %d", s.desired, s.ready)}
	for _, c := range s.hpa.Conditions {
		if c.Status == corev1.ConditionFalse && (c.Type == autoscalingv2.ScalingActive || c.Type == autoscalingv2.AbleToScale) {
			parts = append(parts, fmt.Sprintf("%s=%s (%s: %s)", c.Type, c.Status, c.Reason, c.Message))
		}
	}
	return strings.Join(parts, ", ")
}

func (w *workload) look(ctx context.Context) scale {
	key := client.ObjectKey{Namespace: w.namespace, Name: "web"}
	var d appsv1.Deployment
	if err := w.Client.Get(ctx, key, &d); err != nil {
		return scale{err: err}
	}
	s := scale{ready: d.Status.ReadyReplicas}
	if d.Spec.Replicas != nil {
		s.desired = *d.Spec.Replicas
	}
	var hpa autoscalingv2.HorizontalPodAutoscaler
	switch err := w.Client.Get(ctx, key, &hpa); {
	case err == nil:
		s.hpa = hpa.Status
	case client.IgnoreNotFound(err) != nil:
		s.err = err
	}
	return s
}

// await waits until a look at the workload is as wanted, prints when that was,
// and returns the time it took.
func (w *workload) await(t *testing.T, timeout time.Duration, what string, wanted func(scale) bool) time.Duration {
	t.Helper()
	from := w.clock.Now()
	var last scale
	err := process.Until(t.Context(), timeout, what, func(ctx context.Context) (string, bool) {
		last = w.look(ctx)
		return last.String(), last.err == nil && wanted(last)
	})
	require.NoError(t, err)
	took := w.clock.Since(from)
	t.Logf("%7s  %s after %.1fs (desired %d, ready %d)", w.since(w.began), what, took.Seconds(), last.desired, last.ready)
	return took
}
