package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/spf13/pflag"

	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda"
)

// kedaFlags are the flags of the external scaler for KEDA.
type kedaFlags struct {
	address                    string
	certificates               keda.Certificates
	maxStreams, maxConnections int
}

func (f *kedaFlags) install(fs *pflag.FlagSet) {
	name := func(flag string) string { return strings.TrimPrefix(flag, "--") }
	fs.StringVar(&f.address, name(keda.FlagAddress), "", "Address on which KEDA's external scaler is served by gRPC, such as :9403. Empty: it is not. Without certificates it must be a loopback address.")
	fs.StringVar(&f.certificates.CertFile, name(keda.FlagCertFile), "", "Certificate that the scaler shows KEDA. Like the two files below it is read again at the next connection once it has changed.")
	fs.StringVar(&f.certificates.KeyFile, name(keda.FlagKeyFile), "", "Key of that certificate.")
	fs.StringVar(&f.certificates.ClientCAFile, name(keda.FlagClientCAFile), "", "CA that has signed the certificate which KEDA must show.")
	fs.StringSliceVar(&f.certificates.ClientNames, name(keda.FlagClientNames), nil, "DNS names or URIs of which that certificate must bear one. Empty: whoever the CA knows may ask.")
	fs.IntVar(&f.maxStreams, name(keda.FlagMaxStreams), keda.DefaultMaxStreams, "Streams that may be open at a time: KEDA has one for each external-push trigger.")
	fs.IntVar(&f.maxConnections, name(keda.FlagMaxConnections), keda.DefaultMaxConnections, "Connections that may be open at a time: KEDA has one for each address and set of certificates in its triggers. Further ones wait.")
}

// check refuses what has no meaning without an address.
func (f *kedaFlags) check(fs *pflag.FlagSet) (errs []error) {
	if f.address != "" {
		return nil
	}
	fs.Visit(func(flag *pflag.Flag) {
		if strings.HasPrefix(flag.Name, "keda.") {
			errs = append(errs, fmt.Errorf("--%s: has no meaning without %s: write the address too", flag.Name, keda.FlagAddress))
		}
	})
	return errs
}

// addKEDA serves the scaler, if there is to be one.
func (s *server) addKEDA(ctx context.Context, g *run.Group) error {
	f := s.o.keda
	if f.address == "" {
		return nil
	}
	scaler, err := keda.New(keda.Config{
		Address: f.address, Certificates: f.certificates, MaxStreams: f.maxStreams, MaxConnections: f.maxConnections,
		Board: s.board, Clock: s.clock, Logger: s.loggers.kit, Registerer: s.registry,
	})
	if err != nil {
		return err
	}
	level.Info(s.loggers.kit).Log("msg", "serving KEDA's external scaler", "address", scaler.Addr())
	addActor(ctx, g, scaler.Run)
	return nil
}
