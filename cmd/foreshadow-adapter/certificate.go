package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/oklog/run"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/certificate"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
)

// certificateFlags are the flags of the certificate that the adapter makes itself.
type certificateFlags struct {
	apiServices    []string
	host, instance string
	lifetime       time.Duration
}

func (f *certificateFlags) install(fs *pflag.FlagSet) {
	name := func(flag string) string { return strings.TrimPrefix(flag, "--") }
	fs.StringSliceVar(&f.apiServices, name(certificate.FlagAPIServices), nil, "APIServices, such as v1beta1.external.metrics.k8s.io, that lead to this adapter: it makes its serving certificate itself, renews it, and writes it to their caBundle. Empty: --tls-cert-file.")
	fs.StringVar(&f.host, name(certificate.FlagHost), "", "Name that this certificate is for: SERVICE.NAMESPACE.svc of the Service in those APIServices.")
	fs.StringVar(&f.instance, name(certificate.FlagInstance), "", "Name by which the certificates of replicas are told apart, that of the pod. Empty: the host's name.")
	duration.Var(fs, &f.lifetime, name(certificate.FlagLifetime), certificate.DefaultLifetime, "How long this certificate is valid; it is renewed when two thirds have passed.")
}

// check refuses what does not go together.
func (f *certificateFlags) check(fs *pflag.FlagSet) (errs []error) {
	if len(f.apiServices) > 0 {
		for _, other := range []string{"tls-cert-file", "tls-private-key-file", "web.api-address"} {
			if fs.Changed(other) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning with %s: leave one of them out", other, certificate.FlagAPIServices))
			}
		}
		return errs
	}
	fs.Visit(func(flag *pflag.Flag) {
		if strings.HasPrefix(flag.Name, "certificate.") {
			errs = append(errs, fmt.Errorf("--%s: has no meaning without %s: write these too", flag.Name, certificate.FlagAPIServices))
		}
	})
	return errs
}

// addCertificate keeps the serving certificate, where that is asked for.
func (s *server) addCertificate(ctx context.Context, g *run.Group) error {
	f := s.o.certificate
	if len(f.apiServices) == 0 {
		return nil
	}
	if f.instance == "" {
		var err error
		if f.instance, err = os.Hostname(); err != nil {
			return fmt.Errorf("%s: the host has no name: %w", certificate.FlagInstance, err)
		}
	}
	api, err := s.apiServices()
	if err != nil {
		return err
	}
	s.certificate, err = certificate.New(certificate.Options{
		APIServices: f.apiServices, Host: f.host, Instance: f.instance, Lifetime: f.lifetime,
		Client: api, Clock: s.clock, Logger: s.loggers.kit, Registerer: s.registry,
	})
	if err != nil {
		return err
	}
	s.cluster.ServeWith(s.certificate)
	addActor(ctx, g, s.certificate.Run)
	return nil
}

// apiServices returns a client that reads and patches APIServices.
func (s *server) apiServices() (client.Client, error) {
	cfg, err := s.restConfig()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := apiregistration.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("know APIServices: %w", err)
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the API server for APIServices: %w", err)
	}
	return c, nil
}

// certified says why API servers may not trust what is served.
func (s *server) certified() error {
	if s.certificate == nil {
		return nil
	}
	return s.certificate.Ready()
}
