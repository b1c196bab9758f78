//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	adapterHost = adapterService + "." + adapterNamespace + ".svc"
	// rotations is how often each replica is to change its certificate, of which
	// each lives a minute.
	rotations = 2
)

// rotation is two replicas of the adapter behind one APIService, which make their
// certificates themselves.
type rotation struct {
	replicas []*adapter
	api      client.Client
	reader   kubernetes.Interface
	path     string

	requests, handshakes int
	failed               []string
	served               []map[string]bool // the certificates that each replica was seen with
}

// TestCertificateRotation reads an external metric through the API server while
// the replicas that serve it renew their certificates: none of the requests fails.
// Then somebody empties the bundle.
func TestCertificateRotation(t *testing.T) {
	const namespace = "rotation"
	prometheus := shared.foresee(t, namespace, history.Align(shared.clock.Now().Add(time.Hour), step))
	r := &rotation{path: "/apis/external.metrics.k8s.io/v1beta1/namespaces/" + namespace + "/" + predictedCapacity + "?labelSelector=pool%3Dweb"}
	r.connect(t)
	for range 2 {
		a := shared.installAdapter(t, prometheus, map[string]any{"tls": map[string]any{"lifetime": "1m"}})
		a.args = append(a.args, fmt.Sprintf("--certificate.instance=adapter-%d", len(r.replicas)))
		r.replicas, r.served = append(r.replicas, a), append(r.served, map[string]bool{})
	}
	shared.deploy(t, namespace, 1, pull, cold)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(poolManifest, namespace, load.MetricName, perReplica, step, coldStartLead, maxAge)))
	service := cluster.APIService{
		GroupVersion: v1beta1.SchemeGroupVersion, Namespace: adapterNamespace, Service: adapterService, Port: r.balance(t), KeepsBundle: true,
	}
	require.NoError(t, shared.DeclareAPIService(t.Context(), service))
	t.Cleanup(func() { require.NoError(t, shared.UnregisterAPIService(context.Background(), service.GroupVersion)) })
	for _, a := range r.replicas {
		a.run(t)
	}
	require.NoError(t, shared.RegisterAPIService(t.Context(), service), "applying it again leaves the bundle")

	t.Run("no request fails while certificates change", r.rotates)
	t.Run("an emptied bundle comes back", r.mends)
	for _, a := range r.replicas {
		require.NoError(t, a.child.Stop(adapterGrace))
	}
}

func (r *rotation) connect(t *testing.T) {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, apiregistration.AddToScheme(scheme))
	var err error
	r.api, err = client.New(shared.REST, client.Options{Scheme: scheme})
	require.NoError(t, err)
	r.reader, err = kubernetes.NewForConfig(shared.REST)
	require.NoError(t, err)
}

// balance leads connections to the replicas in turn, as a Service does.
func (r *rotation) balance(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", process.Loopback+":0")
	require.NoError(t, err)
	var running sync.WaitGroup
	var turn atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			a := r.replicas[int(turn.Add(1))%len(r.replicas)]
			running.Go(func() { pipe(ctx, conn, fmt.Sprintf("%s:%d", process.Loopback, a.port)) })
		}
	})
	t.Cleanup(func() {
		cancel()
		require.NoError(t, listener.Close())
		running.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// pipe carries a connection on to an address until one side ends it.
func pipe(ctx context.Context, from net.Conn, address string) {
	defer from.Close()
	to, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			defer cancel()
			_, _ = io.Copy(ends[0], ends[1])
		}()
	}
	<-ctx.Done()
}

// bundle reads what API servers trust.
func (r *rotation) bundle(ctx context.Context) (*apiregistration.APIService, error) {
	s := &apiregistration.APIService{}
	return s, r.api.Get(ctx, client.ObjectKey{Name: "v1beta1.external.metrics.k8s.io"}, s)
}

// look asks through the API server, and each replica itself as a client does that
// trusts the bundle as it is now.
func (r *rotation) look(ctx context.Context) {
	r.requests++
	if body, err := raw(ctx, r.reader, r.path); err != nil {
		r.failed = append(r.failed, fmt.Sprintf("request %d: %v: %s", r.requests, err, body))
	}
	s, err := r.bundle(ctx)
	if err != nil {
		r.failed = append(r.failed, err.Error())
		return
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Spec.CABundle)
	for i, a := range r.replicas {
		r.handshakes++
		conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: adapterHost}}).DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", process.Loopback, a.port))
		if err != nil {
			r.failed = append(r.failed, fmt.Sprintf("handshake %d with replica %d: %v", r.handshakes, i, err))
			continue
		}
		r.served[i][string(conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw)] = true
		_ = conn.Close() // only the handshake was wanted
	}
}

func (r *rotation) rotates(t *testing.T) {
	require.NoError(t, process.Until(t.Context(), time.Minute, "the metric to be answered", func(ctx context.Context) (string, bool) {
		body, err := raw(ctx, r.reader, r.path)
		return fmt.Sprintf("%s %v", body, err), err == nil
	}))
	require.NoError(t, process.Until(t.Context(), 5*time.Minute, "the certificates to change", func(ctx context.Context) (string, bool) {
		if r.look(ctx); ctx.Err() != nil {
			return "the time is over", false
		}
		return fmt.Sprintf("%d and %d certificates, %d requests, failed: %v", len(r.served[0]), len(r.served[1]), r.requests, r.failed),
			len(r.served[0]) > rotations && len(r.served[1]) > rotations
	}))
	require.Empty(t, r.failed)
	s, err := r.bundle(t.Context())
	require.NoError(t, err)
	require.False(t, s.Spec.InsecureSkipTLSVerify)
	shared.report.Add("certificate_requests", float64(r.requests), "requests")
	shared.report.Add("certificate_handshakes", float64(r.handshakes), "handshakes")
	shared.report.Add("certificate_failed", float64(len(r.failed)), "requests")
	t.Logf("%d requests through the API server and %d handshakes, %d and %d certificates, none failed",
		r.requests, r.handshakes, len(r.served[0]), len(r.served[1]))
}

func (r *rotation) mends(t *testing.T) {
	s, err := r.bundle(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.api.Patch(t.Context(), s, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"caBundle":null}}`))))
	emptied := shared.clock.Now()
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the bundle to come back", func(ctx context.Context) (string, bool) {
		s, err := r.bundle(ctx)
		return fmt.Sprint(err), err == nil && len(s.Spec.CABundle) > 0
	}))
	shared.report.Add("ca_bundle_mended", shared.clock.Since(emptied).Seconds(), "seconds")
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the metric to be answered again", func(ctx context.Context) (string, bool) {
		body, err := raw(ctx, r.reader, r.path)
		return fmt.Sprintf("%s %v", body, err), err == nil
	}))
	shared.report.Add("metric_after_emptied_ca_bundle", shared.clock.Since(emptied).Seconds(), "seconds")
	for _, a := range r.replicas {
		state, ready := a.ready(t.Context())
		require.True(t, ready, state)
	}
}
