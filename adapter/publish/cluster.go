package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/metrics/legacyregistry"
	apimetrics "sigs.k8s.io/custom-metrics-apiserver/pkg/apiserver/metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/cmd"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/cmd/options"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// defaultSecurePort needs no privilege; a Service maps 443 to it.
const defaultSecurePort = 6443

// Cluster serves the external and the custom metrics API behind the aggregation layer of a cluster, which authenticates and authorizes every request.
type Cluster struct {
	base        cmd.AdapterBase
	ready       func() error
	reg         prometheus.Registerer
	certificate Certificate
}

// NewCluster returns a server with default options. Add Flags to the program's flags, parse them, then Run.
// ready is asked by /readyz and must not wait for anything.
func NewCluster(p provider.MetricsProvider, ready func() error, reg prometheus.Registerer) *Cluster {
	o := options.NewCustomMetricsAdapterServerOptions()
	o.SecureServing.BindPort = defaultSecurePort
	// A container's root is read-only: without a directory the self-signed certificate stays in memory.
	o.SecureServing.ServerCert.CertDirectory = ""
	describe(o)
	c := &Cluster{ready: ready, reg: reg}
	c.base.CustomMetricsAdapterServerOptions = o
	c.base.Name = serverName
	c.base.OpenAPIConfig, c.base.OpenAPIV3Config = o.OpenAPIConfig, o.OpenAPIV3Config
	c.base.FlagSet = pflag.NewFlagSet(serverName, pflag.ContinueOnError)
	c.base.WithExternalMetrics(p)
	c.base.WithCustomMetrics(p)
	return c
}

// Flags returns the server's flags: --secure-port, --cert-dir, --authentication-kubeconfig, --authorization-kubeconfig,
// --lister-kubeconfig and those that come with them.
func (c *Cluster) Flags() *pflag.FlagSet { return c.base.Flags() }

// ServeWith sets the certificate in place of --tls-cert-file, before Run.
func (c *Cluster) ServeWith(certificate Certificate) { c.certificate = certificate }

// Listen opens the secure port ahead of Run, and returns its address. Run does it by itself where nobody needs the address.
func (c *Cluster) Listen() (net.Addr, error) {
	serving := c.base.SecureServing
	if serving.Listener == nil {
		address := net.JoinHostPort(serving.BindAddress.String(), strconv.Itoa(serving.BindPort))
		listener, err := Listen("--secure-port", address)
		if err != nil {
			return nil, err
		}
		serving.Listener = listener
	}
	return serving.Listener.Addr(), nil
}

// Run serves until ctx is done and the requests in flight are answered.
func (c *Cluster) Run(ctx context.Context) error {
	address, err := c.Listen()
	if err != nil {
		return err
	}
	// The server closes it on its way out; this is for the ways out before.
	defer c.base.SecureServing.Listener.Close() //nolint:errcheck // closed already on the usual way
	if err := c.checkCluster(); err != nil {
		return err
	}
	config, err := c.base.Config()
	if err != nil {
		return fmt.Errorf("configure metrics API on %s: %w", address, err)
	}
	limitRequests(config.GenericConfig, requestTimeout)
	if err := c.setCertificate(config.GenericConfig.SecureServing); err != nil {
		return err
	}
	adapter, err := c.base.Server()
	if err != nil {
		return fmt.Errorf("prepare metrics API on %s: %w", address, err)
	}
	server := adapter.GenericAPIServer
	server.ShutdownTimeout = shutdownTimeout
	check := healthz.NamedCheck("published", func(*http.Request) error { return c.ready() })
	if err := server.AddReadyzChecks(check); err != nil {
		return fmt.Errorf("add readiness check: %w", err)
	}
	if err := registerFreshness(); err != nil {
		return err
	}
	if err := server.PrepareRun().RunWithContext(ctx); err != nil {
		return fmt.Errorf("serve metrics API on %s: %w", address, err)
	}
	return nil
}

// checkCluster refuses to start where there is no cluster, in words that say what can be written.
func (c *Cluster) checkCluster() error {
	if c.base.RemoteKubeConfigFile != "" {
		return nil
	}
	if _, err := rest.InClusterConfig(); err != nil {
		return fmt.Errorf("--lister-kubeconfig %q: this is not a pod with a service account: write the path of a kubeconfig, or serve without "+
			"a cluster by %s 127.0.0.1:%d: %w", "", FlagAPIAddress, defaultSecurePort, err)
	}
	return nil
}

// registerFreshness adds the age of the answered values to the API server's own metrics, once for the process.
func registerFreshness() error {
	err := apimetrics.RegisterMetrics(legacyregistry.Register)
	var already prometheus.AlreadyRegisteredError
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("register metric of freshness: %w", err)
	}
	return nil
}
