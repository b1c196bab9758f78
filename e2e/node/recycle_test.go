//go:build e2e && linux

package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// recyclingPool owns the scale of its workload. It keeps a shadow only while
// none serves: the pod that comes back is the one that it wants.
const recyclingPool = `
apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {name: web}
  mode: Active
  backgroundWork: None
  load: {query: "sum(load)", capacityPerReplica: "1"}
  replicas: %[2]d
  shadowPercentage: 100
  minShadows: %[3]d
  maxShadows: 1
  scaleIn: {policy: Recycle, drain: 3s}
  idle: {cpuPercent: 10}
  warmUp: {appPort: 8080, requestsFrom: web-requests, timeout: 3m}
`

// A pod that a scale-in takes out of the traffic drains, warms up again and goes
// live once more, the same process each time. No request through the Service
// fails on the way.
func TestRecycle(t *testing.T) {
	shared.startStock(t)
	shared.startController(t, "recycle")
	w := shared.deploy(t, shopKind(), "recycle", 2, fmt.Sprintf("%dm", flowCPU))
	t.Cleanup(func() { w.remove(t) })
	w.awaitReady(t, 2)
	w.order(t, 2, 1)
	w.awaitWarm(t, 1)
	shadow := w.owned(t, v1alpha1.Kind)[0]

	load := w.load(t)
	before, err := w.endpoints(t.Context())
	require.NoError(t, err)
	w.order(t, 3, 0)
	require.Equal(t, shadow.Status.PodIP, w.awaitJoined(t, before), "a cold pod joined first")
	w.awaitReady(t, 3)
	live := w.awaitResized(t, shadow)
	w.awaitServed(t, live, 50)

	lowered := w.clock.Now()
	w.order(t, 2, 1)
	back := w.awaitShadow(t, shadow, v1alpha1.ShadowReady)
	shared.report.Add("recycle_ready_again", w.clock.Since(lowered).Seconds(), "seconds")
	require.Zero(t, restarts(back), "a container was restarted on the way")
	w.awaitReady(t, 2)
	now, err := w.endpoints(t.Context())
	require.NoError(t, err)
	require.NotContains(t, now, shadow.Status.PodIP, "a pod that was taken out is in the Service")
	w.awaitWarm(t, 1)

	w.order(t, 3, 0)
	require.Equal(t, shadow.Status.PodIP, w.awaitJoined(t, now), "another pod joined")
	w.awaitReady(t, 3)
	served, failed := load.stop()
	t.Logf("%d requests through the Service, %d failed: %v", served, failed, load.lastError())
	require.Zero(t, failed, "%v", load.lastError())
	shared.report.Add("requests_served_through_recycling", float64(served), "requests")
}

// order applies the pool with so many replicas and shadows.
func (w *workload) order(t *testing.T, replicas, shadows int) {
	t.Helper()
	require.NoError(t, w.Apply(t.Context(), fmt.Sprintf(recyclingPool, w.namespace, replicas, shadows)))
}

// awaitShadow waits until a pod is a shadow in a state.
func (w *workload) awaitShadow(t *testing.T, pod corev1.Pod, state v1alpha1.ShadowState) corev1.Pod {
	t.Helper()
	var got corev1.Pod
	require.NoError(t, process.Until(t.Context(), awaitPods, fmt.Sprintf("%s to be %s", pod.Name, state), func(ctx context.Context) (string, bool) {
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(&pod), &got); err != nil {
			return err.Error(), false
		}
		return describe([]corev1.Pod{got}), got.UID == pod.UID && isOwnedBy(got, v1alpha1.Kind) && got.Labels[v1alpha1.StateLabel] == string(state)
	}))
	return got
}

// A node that has no CPU left defers the resize of a shadow that went live: it
// serves all the same, the pool says so, and the resize is done once there is
// room.
func TestDeferredResize(t *testing.T) {
	shared.startStock(t)
	shared.startController(t, "full")
	w := shared.deploy(t, shopKind(), "full", 1, fmt.Sprintf("%dm", flowCPU))
	t.Cleanup(func() { w.remove(t) })
	w.awaitReady(t, 1)
	w.keepShadows(t, 1, flowPool)
	w.awaitWarm(t, 1)
	shadow := w.owned(t, v1alpha1.Kind)[0]
	filler := w.fill(t, flowCPU/4)

	load := w.load(t)
	before, err := w.endpoints(t.Context())
	require.NoError(t, err)
	w.scaleTo(t, 2)
	require.Equal(t, shadow.Status.PodIP, w.awaitJoined(t, before))
	w.awaitCondition(t, "ResizeDeferred")
	var live corev1.Pod
	require.NoError(t, w.Client.Get(t.Context(), client.ObjectKeyFromObject(&shadow), &live))
	require.EqualValues(t, flowCPU, requested(live), "the CPU request that the spec asks for")
	require.EqualValues(t, idleCPU, granted(live), "the CPU that the runtime gives it")
	w.awaitServed(t, live, 50)

	require.NoError(t, w.Client.Delete(t.Context(), filler, client.GracePeriodSeconds(0)))
	room := w.clock.Now()
	resized := w.awaitResized(t, shadow)
	shared.report.Add("deferred_resize_done_with_room", w.clock.Since(room).Seconds(), "seconds")
	require.Zero(t, restarts(resized))
	w.awaitCondition(t, "")
	served, failed := load.stop()
	t.Logf("%d requests through the Service, %d failed: %v", served, failed, load.lastError())
	require.Zero(t, failed, "%v", load.lastError())
}

// fill makes a pod that takes the CPU of the node but for so much.
func (w *workload) fill(t *testing.T, left int64) *corev1.Pod {
	t.Helper()
	var node corev1.Node
	require.NoError(t, w.Client.Get(t.Context(), client.ObjectKey{Name: nodeName}, &node))
	var all corev1.PodList
	require.NoError(t, w.Client.List(t.Context(), &all))
	free := node.Status.Allocatable.Cpu().MilliValue()
	for _, p := range all.Items {
		for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
			for _, c := range list {
				free -= c.Resources.Requests.Cpu().MilliValue()
			}
		}
	}
	require.Greater(t, free, left, "the node is full already")
	require.NoError(t, w.Apply(t.Context(), fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: filler, namespace: %s}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - {name: filler, image: %s, imagePullPolicy: Never, resources: {requests: {cpu: %dm}}}
`, w.namespace, pauseImage, free-left)))
	filler := &corev1.Pod{}
	w.await(t, "the filler to run", func(pods []corev1.Pod) bool {
		for _, p := range pods {
			if p.Name == "filler" && isReady(p) {
				*filler = p
				return true
			}
		}
		return false
	})
	return filler
}

// awaitCondition waits until the condition ResizePending of the pool is True for
// a reason, or, for none, no longer True.
func (w *workload) awaitCondition(t *testing.T, reason string) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "ResizePending of "+w.namespace+" to be "+reason, func(ctx context.Context) (string, bool) {
		var pool v1alpha1.ShadowPool
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "web"}, &pool); err != nil {
			return err.Error(), false
		}
		is := ""
		for _, c := range pool.Status.Conditions {
			if c.Type == v1alpha1.ConditionResizePending && c.Status == "True" {
				is = c.Reason
			}
		}
		return fmt.Sprintf("%v", pool.Status.Conditions), is == reason
	}))
}
