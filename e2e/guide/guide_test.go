//go:build e2e

package guide

import (
	"cmp"
	"context"
	_ "embed" // network.yaml
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

//go:embed network.yaml
var network string

// shop is what somebody has who installs Foreshadow: a Deployment that is too
// small for its load. Of cart the pages tell what is wrong with its pool.
const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {kwok/pull: 500ms, kwok/cold: 1s, kwok/stop: 200ms}}
    spec: {containers: [{name: web, image: "foreshadow.test/web:1", resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}, annotations: {kwok/pull: 500ms, kwok/cold: 1s, kwok/stop: 200ms}}
    spec: {containers: [{name: cart, image: "foreshadow.test/cart:1", resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
`

const cart = `
apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: cart, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
  mode: Predict
  load: {query: 'sum(rate(http_requests_total{service="carts"}[2m]))', capacityPerReplica: "120"}
`

// guide is a cluster that the pages are followed on, one after another.
type guide struct {
	*cluster.Cluster
	shell shell
	pods  *pods
}

func TestPages(t *testing.T) {
	g := begin(t)
	for _, page := range []struct {
		name string
		test func(*testing.T)
	}{
		{"install", g.install}, {"troubleshooting", g.troubleshooting}, {"uninstall", g.uninstall},
	} {
		if !t.Run(page.name, page.test) {
			t.Fatal("the next pages go on from here")
		}
	}
}

func begin(t *testing.T) *guide {
	t.Helper()
	for _, name := range []string{"ADAPTER", "CONTROLPLANE", "CLIENTS"} {
		require.NotEmpty(t, os.Getenv("FORESHADOW_E2E_"+name), "run make e2e, or set FORESHADOW_E2E_%s", name)
	}
	logs := filepath.Join(cmp.Or(os.Getenv("OUT"), filepath.Join(root, "out")), "guide-logs")
	require.NoError(t, os.MkdirAll(logs, 0o755))
	c, err := cluster.Start(t.Context(), cluster.Config{Binary: os.Getenv("FORESHADOW_E2E_CONTROLPLANE"), LogDir: logs})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	addNodes(t, c)
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	require.NoError(t, c.Apply(t.Context(), strings.ReplaceAll(network, "PORT", strconv.Itoa(ports[0]))+"---"+shop))
	g := &guide{Cluster: c, pods: &pods{Cluster: c, logs: logs, prometheus: startPrometheus(t, logs), port: ports[0]}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.pods.play(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
	g.shell = newShell(t, c)
	return g
}

// addNodes adds nodes that take every pod: all that runs here is played.
func addNodes(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	require.NoError(t, c.AddNodes(t.Context(), 3))
	var nodes corev1.NodeList
	require.NoError(t, c.Client.List(t.Context(), &nodes))
	for i := range nodes.Items {
		node := &nodes.Items[i]
		before := node.DeepCopy()
		node.Spec.Taints = nil
		require.NoError(t, c.Client.Patch(t.Context(), node, client.MergeFrom(before)))
	}
}

// newShell is an empty folder and the shell of an administrator. The address that
// the page clones from leads to this repository.
func newShell(t *testing.T, c *cluster.Cluster) shell {
	t.Helper()
	config, err := c.CreateUser("person", "system:masters")
	require.NoError(t, err)
	top, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	require.NoError(t, err)
	home := t.TempDir()
	return shell{dir: t.TempDir(), env: []string{
		"KUBECONFIG=" + config, "PATH=" + os.Getenv("FORESHADOW_E2E_CLIENTS") + ":" + os.Getenv("PATH"),
		"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home, "KUBECACHEDIR=" + home,
		"GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=url.file://" + strings.TrimSpace(string(top)) + ".insteadOf", "GIT_CONFIG_VALUE_0=https://github.com/foreshadow-dev/foreshadow",
		"GIT_CONFIG_KEY_1=safe.directory", "GIT_CONFIG_VALUE_1=*",
	}}
}

// startPrometheus runs a Prometheus that has counted two weeks of requests and
// goes on to count for an hour.
func startPrometheus(t *testing.T, logs string) string {
	t.Helper()
	const step = 30 * time.Second
	now := clock.RealClock{}.Now()
	data := filepath.Join(t.TempDir(), "prometheus")
	series := history.Samples{Labels: map[string]string{
		"__name__": "http_requests_total", "namespace": "shop", "service": "web", "pod": "web-0", "job": "web", "instance": "web-0",
	}}
	total := 0.0
	for at := history.Align(now.Add(-14*24*time.Hour), step); at.Before(now.Add(time.Hour)); at = at.Add(step) {
		series.Points = append(series.Points, history.Point{TimeMillis: at.UnixMilli(), Value: total})
		day := 2 * math.Pi * float64(at.Unix()%86400-now.Unix()%86400) / 86400
		total += math.Round((500 + 200*math.Sin(day)) * step.Seconds())
	}
	require.NoError(t, embedded.WriteBlocks(data, series))
	server, err := prom.New(prom.Config{DataDir: data, LogDir: logs, Target: process.Loopback + ":1"})
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server.URL()
}

func (g *guide) install(t *testing.T) {
	g.shell.follow(t, typed(t, "install.md"))
	g.shell.dir = filepath.Join(g.shell.dir, "foreshadow")
	g.shell.env = append(g.shell.env, "PATH="+filepath.Join(g.shell.dir, "bin")+":"+os.Getenv("FORESHADOW_E2E_CLIENTS")+":"+os.Getenv("PATH"))
	err := process.Until(t.Context(), 3*time.Minute, "the replicas that the load needs", func(ctx context.Context) (string, bool) {
		var d appsv1.Deployment
		if err := g.Client.Get(ctx, client.ObjectKey{Namespace: "shop", Name: "web"}, &d); err != nil {
			return err.Error(), false
		}
		// 500 requests a second and more, 120 of which a replica carries, 10 % kept free.
		return fmt.Sprintf("%d of %d ready", d.Status.ReadyReplicas, *d.Spec.Replicas), d.Status.ReadyReplicas >= 5
	})
	require.NoError(t, err)
}

func (g *guide) troubleshooting(t *testing.T) {
	require.NoError(t, g.Apply(t.Context(), cart))
	g.await(t, "cart", func(s *v1alpha1.ShadowPoolStatus) bool { // both roles have looked at it
		return meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionForecastReady) != nil &&
			meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionShadowsReady) != nil
	})
	g.await(t, "web", func(s *v1alpha1.ShadowPoolStatus) bool { return s.Counts != nil && s.Counts.Ready == 1 })
	g.shell.shows(t, "troubleshooting.md")
}

// await waits until the status of a pool is as wanted.
func (g *guide) await(t *testing.T, pool string, wanted func(*v1alpha1.ShadowPoolStatus) bool) {
	t.Helper()
	err := process.Until(t.Context(), time.Minute, "pool "+pool, func(ctx context.Context) (string, bool) {
		var p v1alpha1.ShadowPool
		if err := g.Client.Get(ctx, client.ObjectKey{Namespace: "shop", Name: pool}, &p); err != nil {
			return err.Error(), false
		}
		return fmt.Sprintf("%+v", p.Status), wanted(&p.Status)
	})
	require.NoError(t, err)
}

// uninstall loses the adapter first, so that its API is registered and dead, and
// has somebody delete a namespace: that waits for the command of the page.
func (g *guide) uninstall(t *testing.T) {
	require.NoError(t, g.pods.kill())
	const doomed = "doomed"
	key := client.ObjectKey{Name: doomed}
	err := process.Until(t.Context(), 3*time.Minute, "a namespace to be stuck", func(ctx context.Context) (string, bool) {
		var ns corev1.Namespace
		switch err := g.Client.Get(ctx, key, &ns); {
		case apierrors.IsNotFound(err): // also one that went before the API server knew that the adapter is dead
			g.shell.run(t, "kubectl create namespace "+doomed+" && kubectl delete namespace "+doomed+" --wait=false")
			return "not there", false
		case err != nil:
			return err.Error(), false
		}
		for _, c := range ns.Status.Conditions {
			if c.Type == corev1.NamespaceDeletionDiscoveryFailure && c.Status == corev1.ConditionTrue {
				t.Logf("%s: %s", c.Type, c.Message)
				return "", true
			}
		}
		return fmt.Sprint(ns.Status.Conditions), false
	})
	require.NoError(t, err)
	blocks := typed(t, "uninstall.md")
	first := strings.TrimSpace(blocks[0])
	runbook, err := os.ReadFile(filepath.Join(root, "docs/runbooks/ForeshadowAdapterDown.md"))
	require.NoError(t, err)
	require.Contains(t, string(runbook), first, "the runbook has another command")
	t.Logf("%s", g.shell.run(t, first))
	err = process.Until(t.Context(), 2*time.Minute, "the namespace to go", func(ctx context.Context) (string, bool) {
		var ns corev1.Namespace
		err := g.Client.Get(ctx, key, &ns)
		return fmt.Sprint(err, ns.Status.Conditions), apierrors.IsNotFound(err)
	})
	require.NoError(t, err)
	g.shell.follow(t, blocks[1:])
	err = process.Until(t.Context(), time.Minute, "the shadows to go", func(context.Context) (string, bool) {
		left := g.shell.run(t, "kubectl get pods -n shop -o jsonpath='{.items[*].metadata.ownerReferences[*].kind}'")
		return left, !strings.Contains(left, "ShadowPool") && strings.Contains(left, "ReplicaSet")
	})
	require.NoError(t, err)
	for _, kind := range []string{"crd", "clusterrole", "clusterrolebinding", "validatingadmissionpolicy", "apiservice", "namespace"} {
		require.NotContains(t, g.shell.run(t, "kubectl get "+kind+" -o name"), "foreshadow", "%s is left", kind)
	}
	require.Contains(t, g.shell.run(t, "kubectl get deployment web -n shop -o name"), "web")
}
