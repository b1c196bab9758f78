//go:build e2e && linux

package node

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	shopImage, sidecarImage = "foreshadow.test/shopapp:1", "foreshadow.test/foreshadow-sidecar:1"
	// stockIP is where kube-proxy answers for the stock.
	stockIP = "10.96.0.50"
	webPort = 8080
	// awaitPods bounds what a node does with pods, on a machine that is busy.
	awaitPods = 4 * time.Minute
	// awaitShadows bounds the warm-up of many of them on two cores.
	awaitShadows = 12 * time.Minute
)

const stockManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: stock}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: stock, namespace: stock}
spec:
  selector: {matchLabels: {app: stock}}
  template:
    metadata: {labels: {app: stock}}
    spec:
      automountServiceAccountToken: false
      dnsPolicy: Default
      terminationGracePeriodSeconds: 1
      containers:
      - name: stock
        image: ` + shopImage + `
        imagePullPolicy: Never
        args: [stock]
        readinessProbe: {httpGet: {path: /healthz, port: 8443, scheme: HTTPS}, periodSeconds: 1}
        resources: {requests: {cpu: 20m, memory: 32Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: stock, namespace: stock}
spec: {clusterIP: ` + stockIP + `, selector: {app: stock}, ports: [{port: 443, targetPort: 8443}]}
`

// workloadManifest is a Deployment with a Service. Its pods drain for two
// seconds, as long as a node may take to hear that they are going.
const workloadManifest = `
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
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      dnsPolicy: Default
      terminationGracePeriodSeconds: 4
      containers:
      - name: web
        imagePullPolicy: Never
        lifecycle: {preStop: {sleep: {seconds: 2}}}
        resources: {requests: {cpu: %[3]s, memory: %[4]s}, limits: {cpu: 500m, memory: %[5]s}}
%[6]s
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: %[1]s}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`

// poolManifest keeps minShadows whatever a forecast says: nobody plays the
// metrics role here.
const poolManifest = `
apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {name: web}
  mode: Active
  backgroundWork: None
  load: {query: "sum(load)", capacityPerReplica: "1"}
  shadowPercentage: 100
  minShadows: %[2]d
  maxShadows: %[2]d
%[3]s
`

// kind is what runs in a workload's pods.
type kind struct {
	name string
	// container is the rest of the container's spec.
	container string
	// memory is the request.
	memory, memoryLimit string
	paths               []string
	requestEvery        time.Duration
}

// shopKind is the app of this folder, asked for twenty of its products.
func shopKind() kind {
	k := kind{
		name: "shop", memory: "48Mi", memoryLimit: "512Mi", requestEvery: 20 * time.Millisecond,
		container: `        image: ` + shopImage + `
        args: [shop, "https://` + stockIP + `"]
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}`,
	}
	for i := range 20 {
		k.paths = append(k.paths, fmt.Sprintf("/products/%d", 100+i*37))
	}
	return k
}

// requests is a ConfigMap with the list that the sidecar sends.
func (k kind) requests(namespace string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-requests, namespace: %s}\ndata:\n  requests.yaml: |\n    requests:\n", namespace)
	for _, p := range k.paths {
		fmt.Fprintf(&b, "    - {path: %q}\n", p)
	}
	return b.String()
}

// workload is a Deployment called web in a namespace of its own.
type workload struct {
	*rig
	kind
	namespace string
}

func (r *rig) deploy(t *testing.T, k kind, namespace string, replicas int, cpu string) *workload {
	t.Helper()
	require.NoError(t, r.Apply(t.Context(), fmt.Sprintf(workloadManifest, namespace, replicas, cpu, k.memory, k.memoryLimit, k.container)+k.requests(namespace)))
	return &workload{rig: r, kind: k, namespace: namespace}
}

// keepShadows applies a pool with so many shadows; spec is the rest of its spec.
func (w *workload) keepShadows(t *testing.T, shadows int, spec string) {
	t.Helper()
	require.NoError(t, w.Apply(t.Context(), fmt.Sprintf(poolManifest, w.namespace, shadows, spec)))
}

// startStock runs what the shop is connected to.
func (r *rig) startStock(t *testing.T) {
	t.Helper()
	require.NoError(t, r.loadCommand(t.Context(), shopImage, "shopapp"))
	require.NoError(t, r.loadLayout(t.Context(), sidecarImage, os.Getenv(sidecarEnv)))
	require.NoError(t, r.Apply(t.Context(), stockManifest))
	stock := &workload{rig: r, namespace: "stock"}
	stock.awaitReady(t, 1)
}

// pods lists those of the namespace that are not going, the oldest first.
func (w *workload) pods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := w.Client.List(ctx, &list, client.InNamespace(w.namespace)); err != nil {
		return nil, err
	}
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return pods, nil
}

// owned are those whose controller is of a kind.
func (w *workload) owned(t *testing.T, kind string) []corev1.Pod {
	t.Helper()
	pods, err := w.pods(t.Context())
	require.NoError(t, err)
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !isOwnedBy(p, kind) })
}

func isOwnedBy(p corev1.Pod, kind string) bool {
	return slices.ContainsFunc(p.OwnerReferences, func(r metav1.OwnerReference) bool {
		return r.Controller != nil && *r.Controller && r.Kind == kind
	})
}

// await waits for something that the pods of the namespace show.
func (w *workload) await(t *testing.T, what string, wanted func([]corev1.Pod) bool) {
	t.Helper()
	require.NoError(t, w.kubelet.Await(t.Context(), awaitPods, what+" in "+w.namespace, func(ctx context.Context) (string, bool) {
		pods, err := w.pods(ctx)
		if err != nil {
			return err.Error(), false
		}
		return describe(pods), wanted(pods)
	}))
}

// awaitReady waits until so many pods of the ReplicaSet are Ready, and no more
// are there.
func (w *workload) awaitReady(t *testing.T, replicas int) {
	t.Helper()
	w.await(t, fmt.Sprintf("%d ready pods", replicas), func(pods []corev1.Pod) bool {
		live, ready := 0, 0
		for _, p := range pods {
			if isOwnedBy(p, "ReplicaSet") {
				live++
				if isReady(p) {
					ready++
				}
			}
		}
		return live == replicas && ready == replicas
	})
}

// awaitWarm waits until so many shadows may go live.
func (w *workload) awaitWarm(t *testing.T, shadows int) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), awaitShadows, fmt.Sprintf("%d warm shadows in %s", shadows, w.namespace), func(ctx context.Context) (string, bool) {
		var pool v1alpha1.ShadowPool
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "web"}, &pool); err != nil {
			return err.Error(), false
		}
		pods, err := w.pods(ctx)
		if err != nil {
			return err.Error(), false
		}
		listed := 0
		for _, p := range pods {
			if i := pool.Status.Intent; i != nil && slices.Contains(i.PodUIDs, p.UID) && w.hasRested(p) {
				listed++
			}
		}
		return fmt.Sprintf("%d listed; counts %+v; %v; %s", listed, pool.Status.Counts, pool.Status.Conditions, describe(pods)), listed >= shadows
	}))
}

// hasRested says that a shadow was marked warm long enough ago to go live: that
// takes two seconds, and the stamp says whole ones.
func (w *workload) hasRested(p corev1.Pod) bool {
	if p.Labels[v1alpha1.StateLabel] != string(v1alpha1.ShadowReady) {
		return false
	}
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == v1alpha1.WarmedCondition })
	return i >= 0 && w.clock.Since(p.Status.Conditions[i].LastTransitionTime.Time) >= 3500*time.Millisecond
}

// scaleTo writes the Deployment's scale, as an autoscaler does.
func (w *workload) scaleTo(t *testing.T, replicas int) {
	t.Helper()
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = w.namespace, "web"
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	require.NoError(t, w.Client.SubResource("scale").Patch(t.Context(), d, patch))
}

// remove ends all that the namespace has, after the test.
func (w *workload) remove(t *testing.T) {
	t.Helper()
	ctx := context.Background() // the test's own is over
	namespace := &corev1.Namespace{}
	namespace.Name = w.namespace
	require.NoError(t, w.Client.Delete(ctx, namespace))
	require.NoError(t, process.Until(ctx, awaitPods, "the pods of "+w.namespace+" to go", func(ctx context.Context) (string, bool) {
		var list corev1.PodList
		err := w.Client.List(ctx, &list, client.InNamespace(w.namespace))
		return fmt.Sprintf("%d pods, %v", len(list.Items), err), err == nil && len(list.Items) == 0
	}))
}

// endpoints are the addresses to which the Service leads now.
func (w *workload) endpoints(ctx context.Context) (map[string]bool, error) {
	var list discoveryv1.EndpointSliceList
	if err := w.Client.List(ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: "web"}); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready {
				found[e.Addresses[0]] = true
			}
		}
	}
	return found, nil
}

// awaitJoined waits until the Service leads to an address that it did not lead
// to before, and returns it.
func (w *workload) awaitJoined(t *testing.T, before map[string]bool) string {
	t.Helper()
	joined := ""
	require.NoError(t, process.Until(t.Context(), awaitPods, "a new endpoint in "+w.namespace, func(ctx context.Context) (string, bool) {
		now, err := w.endpoints(ctx)
		if err != nil {
			return err.Error(), false
		}
		for address := range now {
			if !before[address] {
				joined = address
			}
		}
		return fmt.Sprint(now), joined != ""
	}))
	return joined
}

func isReady(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// describe is what a wait says of pods that are not as wanted.
func describe(pods []corev1.Pod) string {
	var parts []string
	for _, p := range pods {
		parts = append(parts, fmt.Sprintf("%s %s %s ready=%t", p.Name, p.Status.Phase, p.Labels[v1alpha1.StateLabel], isReady(p)))
		for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
			for _, c := range list {
				if c.State.Waiting != nil {
					parts = append(parts, c.Name+" waits: "+c.State.Waiting.Reason+" "+c.State.Waiting.Message)
				}
			}
		}
	}
	return strings.Join(parts, "; ")
}
