//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/metrics/pkg/apis/external_metrics/v1beta1"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

const (
	adapterNamespace = "foreshadow"
	adapterService   = "foreshadow-adapter"
	adapterTimeout   = 30 * time.Second
	adapterGrace     = 15 * time.Second
)

// adapter is the product's binary behind the API server.
type adapter struct {
	*rig
	args      []string
	port, web int
	child     *process.Process
}

// newAdapter prepares the adapter with an identity of its own; start runs it.
func (r *rig) newAdapter(t *testing.T, prometheus *prom.Server) *adapter {
	t.Helper()
	a := r.installAdapter(t, prometheus, map[string]any{"tls": map[string]any{"source": "Helm"}})
	certs, err := r.TempDir("adapter")
	require.NoError(t, err)
	require.NoError(t, r.ServingCertificate(certs, adapterNamespace, adapterService))
	a.args = append(a.args, "--tls-cert-file="+filepath.Join(certs, "apiserver.crt"), "--tls-private-key-file="+filepath.Join(certs, "apiserver.key"))
	return a
}

// installAdapter installs the chart with values, and prepares an adapter with the
// arguments that it gives.
func (r *rig) installAdapter(t *testing.T, prometheus *prom.Server, values map[string]any) *adapter {
	t.Helper()
	require.NotEmpty(t, os.Getenv("FORESHADOW_E2E_ADAPTER"),
		"run make e2e, or set FORESHADOW_E2E_ADAPTER to the path of a foreshadow-adapter binary")
	args := r.install(t, "foreshadow-adapter", values)
	kubeconfig, err := r.CreateUser(adapterUser)
	require.NoError(t, err)
	ports, err := process.FreePorts(2)
	require.NoError(t, err)
	a := &adapter{rig: r, port: ports[0], web: ports[1], args: append(args,
		"--prometheus.url="+prometheus.URL(), "--prometheus.timeout=3s",
		"--refresh.interval=2s",
		"--kubeconfig="+kubeconfig,
		"--bind-address="+process.Loopback, fmt.Sprintf("--secure-port=%d", ports[0]),
		fmt.Sprintf("--web.listen-address=%s:%d", process.Loopback, ports[1]),
		"--log.level=debug",
	)}
	t.Cleanup(func() {
		if a.child != nil {
			require.NoError(t, a.child.Kill())
		}
	})
	return a
}

// start runs the adapter and waits until the API server passes requests on to
// it.
func (a *adapter) start(t *testing.T) {
	t.Helper()
	a.run(t)
	service := cluster.APIService{
		GroupVersion: v1beta1.SchemeGroupVersion,
		Namespace:    adapterNamespace, Service: adapterService, Port: a.port,
	}
	require.NoError(t, a.RegisterAPIService(t.Context(), service))
}

// run starts the adapter where the API server is not to ask it for external
// metrics.
func (a *adapter) run(t *testing.T) {
	t.Helper()
	var err error
	a.child, err = process.Start(process.Config{
		Name: "foreshadow-adapter", Path: os.Getenv("FORESHADOW_E2E_ADAPTER"), Args: a.args, LogDir: a.logs,
	})
	require.NoError(t, err)
	require.NoError(t, a.child.Await(t.Context(), adapterTimeout, "the adapter's /-/ready", a.ready))
}

// ready looks at the adapter's own port, not at the aggregated API.
func (a *adapter) ready(ctx context.Context) (string, bool) {
	url := fmt.Sprintf("http://%s:%d/-/ready", process.Loopback, a.web)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error(), false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error(), false
	}
	defer resp.Body.Close()
	return resp.Status, resp.StatusCode == http.StatusOK
}
