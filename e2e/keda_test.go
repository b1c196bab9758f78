//go:build e2e && ecosystem

package e2e

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	custommetrics "k8s.io/metrics/pkg/apis/custom_metrics/v1beta1"
	"k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

const (
	kedaNamespace = "keda"
	kedaTimeout   = 2 * time.Minute
	// kedaRise is how long after its begin the load of KEDA's test rises.
	kedaRise = 120 * time.Second
	// kedaHolds is how long the replicas are watched in each outage.
	kedaHolds = 20 * time.Second
)

const scaledObject = `
apiVersion: v1
kind: Secret
metadata: {name: foreshadow-client, namespace: ` + kedaNamespace + `}
data: {ca.crt: %[3]s, tls.crt: %[4]s, tls.key: %[5]s}
---
apiVersion: keda.sh/v1alpha1
kind: ClusterTriggerAuthentication
metadata: {name: foreshadow}
spec:
  secretTargetRef:
  - {parameter: caCert, name: foreshadow-client, key: ca.crt}
  - {parameter: tlsClientCert, name: foreshadow-client, key: tls.crt}
  - {parameter: tlsClientKey, name: foreshadow-client, key: tls.key}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {name: web}
  pollingInterval: 5
  minReplicaCount: 1
  maxReplicaCount: 20
  fallback: {failureThreshold: 2, replicas: 2, behavior: currentReplicasIfHigher}
  advanced:
    horizontalPodAutoscalerConfig:
      name: web
      behavior:
        scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 1}]}
        scaleDown: {stabilizationWindowSeconds: 2, policies: [{type: Percent, value: 100, periodSeconds: 1}]}
  triggers:
  - type: external-push
    metadata: {scalerAddress: "localhost:%[2]d", pool: web}
    authenticationRef: {name: foreshadow, kind: ClusterTriggerAuthentication}
`

// TestEcosystemKEDA lets the real KEDA scale a Deployment by our scaler: ahead of the
// load, and held where it is while we know nothing or are away. The external metrics API is
// KEDA's, the custom metrics API beside it ours.
func TestEcosystemKEDA(t *testing.T) {
	const namespace = "keda-shop"
	shared.startKEDA(t)
	w := shared.deploy(t, namespace, 2, pull, cold)
	rise := history.Align(shared.clock.Now().Add(kedaRise), step)
	prometheus := shared.foresee(t, namespace, rise)
	a := shared.newAdapter(t, prometheus)
	port := a.serveKEDA(t)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(poolManifest, namespace, load.MetricName, perReplica, step, coldStartLead, maxAge)))
	a.run(t)
	ours := cluster.APIService{GroupVersion: custommetrics.SchemeGroupVersion, Namespace: adapterNamespace, Service: adapterService, Port: a.port}
	require.NoError(t, shared.RegisterAPIService(t.Context(), ours))
	t.Cleanup(func() { require.NoError(t, shared.UnregisterAPIService(context.Background(), ours.GroupVersion)) })
	user := readUser(t, shared.Cluster, "keda-operator")
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(scaledObject, namespace, port, user.base64("ca.crt"), user.base64("tls.crt"), user.base64("tls.key"))))

	w.await(t, kedaTimeout, "KEDA's HPA to follow our metric at the base", func(s scale) bool {
		return len(s.hpa.CurrentMetrics) == 1 && s.desired == need(base)
	})
	require.Greater(t, rise.Sub(shared.clock.Now()), coldStartLead, "the rig took too long to come up")
	require.Contains(t, a.metrics(t), "foreshadow_keda_streams 1\n")
	w.await(t, rise.Sub(shared.clock.Now()), "KEDA's HPA asks for the peak", func(s scale) bool { return s.desired >= need(peak) })
	require.InDelta(t, base, shared.load.At(shared.clock.Now()), 0, "the load has risen already")
	shared.report.Add("keda_lead", rise.Sub(shared.clock.Now()).Seconds(), "seconds")

	k := &kedaOutage{w, a, prometheus}
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"with Prometheus down the value expires and KEDA's fallback holds the replicas", k.expires},
		{"with the adapter killed KEDA has an error and the HPA holds", k.killed},
		{"with both back the replicas come down", k.back},
	} {
		if !t.Run(part.name, part.test) {
			t.Fatal("the next parts go on from here")
		}
	}
}

// kedaOutage takes away what KEDA's scaler lives on, at the peak. By the end of
// each part the load has long fallen.
type kedaOutage struct {
	*workload
	adapter    *adapter
	prometheus *prom.Server
}

// expires: our scaler answers that it has no value any more.
func (k *kedaOutage) expires(t *testing.T) {
	require.NoError(t, k.prometheus.Stop())
	stopped := k.clock.Now()
	least := k.fewest(t, maxAge+kedaTimeout, "the ScaledObject falls back", func(scale) bool { return k.fallback(t) == "True" })
	k.report.Add("keda_fallback_after_prometheus_stopped", k.clock.Since(stopped).Seconds(), "seconds")
	from := k.clock.Now()
	least = min(least, k.fewest(t, time.Minute, "time to pass", func(scale) bool { return k.clock.Since(from) > kedaHolds }))
	require.Equal(t, need(peak), least, "KEDA asked for fewer replicas")
	require.Zero(t, k.load.At(k.clock.Now())-base, "the load has not fallen")
	require.Contains(t, k.adapter.metrics(t), `foreshadow_keda_requests_total{code="Unavailable",method="GetMetrics"}`)
	k.report.Add("keda_fewest_replicas_by_fallback", float64(least), "replicas")
}

// killed: nobody answers. KEDA then asks in vain for the metric's name already,
// does not come to its fallback (kedacore/keda#8056), and has an error for every
// other metric of the ScaledObject (kedacore/keda#5914).
func (k *kedaOutage) killed(t *testing.T) {
	require.NoError(t, k.adapter.child.Kill())
	from := k.clock.Now()
	least := k.fewest(t, time.Minute, "the HPA has no metric", func(s scale) bool {
		return slices.ContainsFunc(s.hpa.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse && c.Reason == failedGet
		})
	})
	least = min(least, k.fewest(t, time.Minute, "time to pass", func(scale) bool { return k.clock.Since(from) > kedaHolds }))
	require.Equal(t, need(peak), least, "KEDA asked for fewer replicas")
	k.report.Add("keda_fewest_replicas_without_adapter", float64(least), "replicas")
}

func (k *kedaOutage) back(t *testing.T) {
	from := k.clock.Now()
	require.NoError(t, k.prometheus.Start(t.Context()))
	k.adapter.run(t)
	k.await(t, kedaTimeout, "the replicas come down", func(s scale) bool { return s.desired == need(base) })
	k.await(t, kedaTimeout, "the fallback ends", func(scale) bool { return k.fallback(t) == "False" })
	k.report.Add("keda_recovery", k.clock.Since(from).Seconds(), "seconds")
}

// fewest waits as await does, and returns the fewest replicas that were asked for
// meanwhile.
func (k *kedaOutage) fewest(t *testing.T, timeout time.Duration, what string, wanted func(scale) bool) int32 {
	t.Helper()
	least := int32(math.MaxInt32)
	k.await(t, timeout, what, func(s scale) bool {
		least = min(least, s.desired)
		return wanted(s)
	})
	return least
}

// fallback returns the status of the ScaledObject's condition Fallback.
func (k *kedaOutage) fallback(t *testing.T) any {
	t.Helper()
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"})
	if err := k.Client.Get(t.Context(), client.ObjectKey{Namespace: k.namespace, Name: "web"}, o); err != nil {
		return err
	}
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Fallback" {
			return c["status"]
		}
	}
	return nil
}

// serveKEDA gives the adapter the flags of KEDA's scaler, and returns its port.
func (a *adapter) serveKEDA(t *testing.T) int {
	t.Helper()
	dir, err := a.TempDir("keda-scaler")
	require.NoError(t, err)
	require.NoError(t, a.ServingCertificate(dir, adapterNamespace, adapterService))
	readUser(t, a.Cluster, "keda-operator").write(t, dir, "ca.crt")
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	a.args = append(a.args,
		fmt.Sprintf("--keda.listen-address=%s:%d", process.Loopback, ports[0]),
		"--keda.tls-cert-file="+filepath.Join(dir, "apiserver.crt"), "--keda.tls-key-file="+filepath.Join(dir, "apiserver.key"),
		"--keda.client-ca-file="+filepath.Join(dir, "ca.crt"),
	)
	return ports[0]
}

// metrics reads the adapter's own metrics.
func (a *adapter) metrics(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s:%d/metrics", process.Loopback, a.web), http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// files are those of a client: ca.crt, tls.crt and tls.key.
type files map[string][]byte

// readUser returns the certificates of a user of the cluster.
func readUser(t *testing.T, c *cluster.Cluster, name string, groups ...string) files {
	t.Helper()
	path, err := c.CreateUser(name, groups...)
	require.NoError(t, err)
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	f := files{"ca.crt": cfg.CAData, "tls.crt": cfg.CertData, "tls.key": cfg.KeyData}
	for name, file := range map[string]string{"ca.crt": cfg.CAFile, "tls.crt": cfg.CertFile, "tls.key": cfg.KeyFile} {
		if len(f[name]) == 0 {
			f[name], err = os.ReadFile(file)
			require.NoError(t, err)
		}
	}
	return f
}

func (f files) base64(name string) string { return base64.StdEncoding.EncodeToString(f[name]) }

func (f files) write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), f[name], 0o600))
	}
}

// startKEDA runs KEDA's operator and metrics adapter until the test ends. Both
// may do everything: what they may is not what is tested.
func (r *rig) startKEDA(t *testing.T) {
	t.Helper()
	t.Setenv("WATCH_NAMESPACE", "")
	t.Setenv("POD_NAMESPACE", kedaNamespace)
	t.Setenv("KEDA_CLUSTER_OBJECT_NAMESPACE", kedaNamespace)
	home := os.Getenv("FORESHADOW_E2E_KEDA")
	require.NoError(t, r.Apply(t.Context(), "{apiVersion: v1, kind: Namespace, metadata: {name: "+kedaNamespace+"}}"))
	crds, err := filepath.Glob(filepath.Join(home, "crds", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, crds)
	for _, crd := range crds {
		manifest, err := os.ReadFile(crd)
		require.NoError(t, err)
		require.NoError(t, r.Apply(t.Context(), string(manifest)))
	}
	kubeconfig, err := r.CreateUser("keda", "system:masters")
	require.NoError(t, err)
	ports, err := process.FreePorts(5)
	require.NoError(t, err)
	address := func(i int) string { return fmt.Sprintf("%s:%d", process.Loopback, ports[i]) }

	operator := r.kedaCertificates(t, "keda-operator")
	r.runKEDA(t, "operator", ports[1], "http", "/readyz",
		"--kubeconfig="+kubeconfig, "--cert-dir="+operator, "--metrics-bind-address="+address(0), "--health-probe-bind-address="+address(1),
		"--metrics-service-bind-address="+address(2), "--zap-log-level=info", "--zap-encoder=console",
	)
	serving := r.kedaCertificates(t, "keda-metrics-apiserver")
	calling := filepath.Join(serving, "client")
	require.NoError(t, os.MkdirAll(calling, 0o700))
	readUser(t, r.Cluster, "keda", "system:masters").write(t, calling, "ca.crt", "tls.crt", "tls.key")
	r.runKEDA(t, "adapter", ports[3], "https", "/readyz",
		"--kubeconfig="+kubeconfig, "--lister-kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--bind-address="+process.Loopback, fmt.Sprintf("--secure-port=%d", ports[3]), fmt.Sprintf("--port=%d", ports[4]),
		"--tls-cert-file="+filepath.Join(serving, "tls.crt"), "--tls-private-key-file="+filepath.Join(serving, "tls.key"),
		"--cert-dir="+calling, fmt.Sprintf("--metrics-service-address=localhost:%d", ports[2]),
	)
	theirs := cluster.APIService{GroupVersion: v1beta1.SchemeGroupVersion, Namespace: kedaNamespace, Service: "keda-metrics-apiserver", Port: ports[3]}
	require.NoError(t, r.RegisterAPIService(t.Context(), theirs))
	t.Cleanup(func() { require.NoError(t, r.UnregisterAPIService(context.Background(), theirs.GroupVersion)) })
}

// kedaCertificates writes what one of KEDA's servers reads.
func (r *rig) kedaCertificates(t *testing.T, service string) string {
	t.Helper()
	dir, err := r.TempDir(service)
	require.NoError(t, err)
	require.NoError(t, r.ServingCertificate(dir, kedaNamespace, service))
	for from, to := range map[string]string{"apiserver.crt": "tls.crt", "apiserver.key": "tls.key"} {
		require.NoError(t, os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)))
	}
	readUser(t, r.Cluster, "keda", "system:masters").write(t, dir, "ca.crt")
	return dir
}

// runKEDA runs one of KEDA's programs until the test ends, and waits until it
// says that it is ready.
func (r *rig) runKEDA(t *testing.T, program string, port int, scheme, path string, args ...string) {
	t.Helper()
	child, err := process.Start(process.Config{
		Name: "keda-" + program, Path: filepath.Join(os.Getenv("FORESHADOW_E2E_KEDA"), program), Args: args, LogDir: r.logs,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(adapterGrace)) })
	asker := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer asker.CloseIdleConnections()
	require.NoError(t, child.Await(t.Context(), kedaTimeout, "KEDA's "+program, func(ctx context.Context) (string, bool) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s://%s:%d%s", scheme, process.Loopback, port, path), http.NoBody)
		if err != nil {
			return err.Error(), false
		}
		resp, err := asker.Do(req)
		if err != nil {
			return err.Error(), false
		}
		defer resp.Body.Close()
		return strings.TrimSpace(resp.Status), resp.StatusCode == http.StatusOK
	}))
}
