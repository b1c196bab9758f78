package publish

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/apiserver"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/cmd/options"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// FlagAPIAddress is the flag that messages about the standalone server's address name.
const FlagAPIAddress = "--web.api-address"

// Standalone serves the external and the custom metrics API without a cluster and without authentication, on a loopback address only.
type Standalone struct {
	listener net.Listener
	server   *genericapiserver.GenericAPIServer
	run      func(context.Context) error
	certPEM  []byte
}

// NewStandalone opens address (port 0: any free one) and prepares the server; Run serves. Handlers are served under their paths behind
// the same chain of filters; there need not be any. A request may take so long (0: as long as in a cluster, less than a second).
func NewStandalone(address string, p provider.MetricsProvider, handlers map[string]http.Handler, limit time.Duration) (*Standalone, error) {
	listener, err := listenLoopback(FlagAPIAddress, address)
	if err != nil {
		return nil, err
	}
	s, err := newStandalone(listener, p, handlers, cmp.Or(limit, requestTimeout))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare standalone metrics API: %w", err), listener.Close())
	}
	return s, nil
}

func newStandalone(listener net.Listener, p provider.MetricsProvider, handlers map[string]http.Handler, limit time.Duration) (*Standalone, error) {
	o := standaloneOptions(listener)
	loopback := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, loopback); err != nil {
		return nil, err
	}
	config := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	// The library wants a cluster's address; nothing here ever dials it.
	config.ClientConfig = &rest.Config{Host: "https://127.0.0.1:1"}
	if err := o.ApplyTo(config); err != nil {
		return nil, err
	}
	limitRequests(&config.Config, limit)
	adapter, err := (&apiserver.Config{GenericConfig: &config.Config}).Complete(nil).New(serverName, p, p)
	if err != nil {
		return nil, err
	}
	server := adapter.GenericAPIServer
	server.ShutdownTimeout = shutdownTimeout
	for path, handler := range handlers {
		server.Handler.NonGoRestfulMux.Handle(path, handler)
	}
	certPEM, _ := o.SecureServing.ServerCert.GeneratedCert.CurrentCertKeyContent()
	return &Standalone{listener: listener, server: server, run: server.PrepareRun().RunWithContext, certPEM: certPEM}, nil
}

// standaloneOptions are the library's options without what needs a cluster.
func standaloneOptions(listener net.Listener) *options.CustomMetricsAdapterServerOptions {
	o := options.NewCustomMetricsAdapterServerOptions()
	o.SecureServing.Listener = listener
	o.SecureServing.ServerCert.CertDirectory = "" // the certificate stays in memory
	o.Authentication, o.Authorization = nil, nil
	o.Features.EnableProfiling = false // without authentication, nobody may steer the process
	describe(o)
	return o
}

// Addr returns the address that the server listens on, with the port that it got.
func (s *Standalone) Addr() net.Addr { return s.listener.Addr() }

// URL returns the server's address as a client writes it.
func (s *Standalone) URL() string { return "https://" + s.listener.Addr().String() }

// CertPEM returns the certificates that a client trusts to verify the server. They are made anew by each process.
func (s *Standalone) CertPEM() []byte { return s.certPEM }

// CertPool returns CertPEM as a pool of roots.
func (s *Standalone) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.certPEM)
	return pool
}

// Handler returns the server's whole chain of filters and handlers, for those who need no network.
func (s *Standalone) Handler() http.Handler { return s.server.Handler }

// Close releases the address of a server that is not run.
func (s *Standalone) Close() error {
	s.server.Destroy()
	return s.listener.Close()
}

// Run serves until ctx is done and the requests in flight are answered.
func (s *Standalone) Run(ctx context.Context) error {
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("serve metrics API on %s: %w", s.listener.Addr(), err)
	}
	return nil
}
