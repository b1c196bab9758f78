//go:build e2e && linux

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// flowCPU is what a pod requests, idleCPU what it requests as a shadow.
const flowCPU, idleCPU = 200, 20

const flowPool = `  idle: {cpuPercent: 10}
  warmUp: {appPort: 8080, requestsFrom: web-requests, timeout: 3m}`

// A shadow is made, warmed up by its sidecar, goes live while the Service is
// under load, gets its CPU back in place, and goes when the workload shrinks. No
// request fails meanwhile, and none of the warm-up comes after the activation.
func TestLifecycle(t *testing.T) {
	shared.startStock(t)
	shared.startController(t, "flow")
	w := shared.deploy(t, shopKind(), "flow", 2, fmt.Sprintf("%dm", flowCPU))
	t.Cleanup(func() { w.remove(t) })
	w.awaitReady(t, 2)
	w.keepShadows(t, 1, flowPool)
	began := w.clock.Now()
	w.awaitWarm(t, 1)
	shared.report.Add("shadow_warm", w.clock.Since(began).Seconds(), "seconds")
	shadow := w.owned(t, v1alpha1.Kind)[0]
	require.EqualValues(t, idleCPU, requested(shadow), "the CPU request of a shadow")
	require.EqualValues(t, idleCPU, granted(shadow), "the CPU that the runtime gives a shadow")

	progress := w.progress(t, shadow)
	t.Logf("progress of %s: %+v", shadow.Name, progress)
	require.True(t, progress.Done)
	require.InDelta(t, 1, progress.Ratio, 0)
	sent := w.counts(t, shadow)
	require.Positive(t, sent.WarmUps, "nothing was sent to the shadow")
	require.Zero(t, sent.Served, "a shadow had a request that was not of its warm-up")

	load := w.load(t)
	before, err := w.endpoints(t.Context())
	require.NoError(t, err)
	require.NotContains(t, before, shadow.Status.PodIP, "a shadow is in the Service")
	raised := w.clock.Now()
	w.scaleTo(t, 3)
	require.Equal(t, shadow.Status.PodIP, w.awaitJoined(t, before), "a cold pod joined first")
	shared.report.Add("activation", w.clock.Since(raised).Seconds(), "seconds")
	live := w.awaitResized(t, shadow)
	shared.report.Add("activation_resized", w.clock.Since(raised).Seconds(), "seconds")
	require.Zero(t, restarts(live), "the resize restarted a container")
	w.awaitReady(t, 3)
	w.awaitServed(t, live, 50)
	after := w.counts(t, live)
	require.Equal(t, sent.WarmUps, after.WarmUps, "the warm-up went on in a pod that serves")

	w.scaleTo(t, 2)
	w.awaitReady(t, 2)
	served, failed := load.stop()
	t.Logf("%d requests through the Service, %d failed: %v", served, failed, load.lastError())
	require.Zero(t, failed, "%v", load.lastError())
	shared.report.Add("requests_served_through_scaling", float64(served), "requests")
}

// requested is what the pod's spec asks for, granted what the runtime says that
// the app has, in thousandths of a CPU.
func requested(p corev1.Pod) int64 {
	return p.Spec.Containers[0].Resources.Requests.Cpu().MilliValue()
}

func granted(p corev1.Pod) int64 {
	if len(p.Status.ContainerStatuses) == 0 || p.Status.ContainerStatuses[0].Resources == nil {
		return -1
	}
	return p.Status.ContainerStatuses[0].Resources.Requests.Cpu().MilliValue()
}

func restarts(p corev1.Pod) (sum int32) {
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		sum += c.RestartCount
	}
	return sum
}

// awaitResized waits until the runtime gives a pod the template's CPU.
func (w *workload) awaitResized(t *testing.T, pod corev1.Pod) corev1.Pod {
	t.Helper()
	var got corev1.Pod
	require.NoError(t, process.Until(t.Context(), time.Minute, "the resize of "+pod.Name, func(ctx context.Context) (string, bool) {
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(&pod), &got); err != nil {
			return err.Error(), false
		}
		return fmt.Sprintf("requested %dm, granted %dm, %v", requested(got), granted(got), got.Status.Conditions),
			got.UID == pod.UID && requested(got) == flowCPU && granted(got) == flowCPU
	}))
	return got
}

// progress is what the sidecar of a pod says.
func (w *workload) progress(t *testing.T, p corev1.Pod) (got warmup.Progress) {
	t.Helper()
	w.read(t, fmt.Sprintf("http://%s:%d/progress", p.Status.PodIP, observe.SidecarPort), &got)
	return got
}

type counts struct{ Served, WarmUps int64 }

// counts is what the app in a pod has counted.
func (w *workload) counts(t *testing.T, p corev1.Pod) (got counts) {
	t.Helper()
	w.read(t, fmt.Sprintf("http://%s:%d/counts", p.Status.PodIP, webPort), &got)
	return got
}

func (w *workload) read(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode, url)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
}

// awaitServed waits until a pod has answered so many requests of the load.
func (w *workload) awaitServed(t *testing.T, p corev1.Pod, requests int64) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "requests to "+p.Name, func(context.Context) (string, bool) {
		got := w.counts(t, p)
		return fmt.Sprintf("%+v", got), got.Served >= requests
	}))
}

// traffic goes through the Service until it is stopped.
type traffic struct {
	cancel         context.CancelFunc
	done           chan struct{}
	served, failed atomic.Int64
	last           atomic.Value
}

// load sends a request every fiftieth of a second to the Service, each over a
// connection of its own: kube-proxy chooses a pod for each connection.
func (w *workload) load(t *testing.T) *traffic {
	t.Helper()
	var service corev1.Service
	require.NoError(t, w.Client.Get(t.Context(), client.ObjectKey{Namespace: w.namespace, Name: "web"}, &service))
	ctx, cancel := context.WithCancel(t.Context())
	tr := &traffic{cancel: cancel, done: make(chan struct{})}
	hc := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		defer close(tr.done)
		ticker := w.clock.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			<-ticker.C()
			url := fmt.Sprintf("http://%s%s", service.Spec.ClusterIP, w.paths[i%len(w.paths)])
			// One that is under way when the load stops still counts.
			if err := get(context.WithoutCancel(ctx), hc, url); err != nil {
				tr.failed.Add(1)
				tr.last.Store(err)
				continue
			}
			tr.served.Add(1)
		}
	}()
	t.Cleanup(func() { tr.stop() })
	return tr
}

func (tr *traffic) stop() (served, failed int64) {
	tr.cancel()
	<-tr.done
	return tr.served.Load(), tr.failed.Load()
}

func (tr *traffic) lastError() any { return tr.last.Load() }
