package keda

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// The flags that messages about certificates name.
const (
	FlagCertFile     = "--keda.tls-cert-file"
	FlagKeyFile      = "--keda.tls-key-file"
	FlagClientCAFile = "--keda.client-ca-file"
	FlagClientNames  = "--keda.client-names"
)

// Certificates are the files of the server's certificate and key and of the CA of its clients, in PEM, and who may be a client.
type Certificates struct {
	CertFile, KeyFile, ClientCAFile string
	// ClientNames, when there are any, are the DNS names or URIs of which a client's certificate must bear one.
	ClientNames []string
}

func (c Certificates) none() bool { return c.CertFile == "" && c.KeyFile == "" && c.ClientCAFile == "" }

// validate refuses files that are written by half.
func (c Certificates) validate() error {
	if c.none() {
		if len(c.ClientNames) > 0 {
			return fmt.Errorf("%s: has no meaning without certificates: write %s, %s and %s too", FlagClientNames, FlagCertFile, FlagKeyFile, FlagClientCAFile)
		}
		return nil
	}
	var errs []error
	for flag, file := range c.files() {
		if file == "" {
			errs = append(errs, fmt.Errorf("%s: missing: write %s, %s and %s, or none of them on a loopback address",
				flag, FlagCertFile, FlagKeyFile, FlagClientCAFile))
		}
	}
	return errors.Join(errs...)
}

// files yields each flag with its file.
func (c Certificates) files() func(yield func(flag, file string) bool) {
	return func(yield func(flag, file string) bool) {
		_ = yield(FlagCertFile, c.CertFile) && yield(FlagKeyFile, c.KeyFile) && yield(FlagClientCAFile, c.ClientCAFile)
	}
}

// load reads the files.
func (c Certificates) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s %q, %s %q: %w", FlagCertFile, c.CertFile, FlagKeyFile, c.KeyFile, err)
	}
	pem, err := os.ReadFile(c.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", FlagClientCAFile, c.ClientCAFile, err)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s %q: no certificate in it: write the CA's as PEM", FlagClientCAFile, c.ClientCAFile)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients, VerifyConnection: c.verify,
		SessionTicketsDisabled: true, // who was let in once is looked at again
	}, nil
}

// verify refuses a client that the CA knows and we do not.
func (c Certificates) verify(s tls.ConnectionState) error {
	if len(c.ClientNames) == 0 {
		return nil
	}
	leaf := s.PeerCertificates[0]
	names := slices.Clone(leaf.DNSNames)
	for _, u := range leaf.URIs {
		names = append(names, u.String())
	}
	if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(c.ClientNames, n) }) {
		return fmt.Errorf("none of the client certificate's names %.5q is one of %s", names, FlagClientNames)
	}
	return nil
}

// keeper gives each handshake the certificates that are on disk.
type keeper struct {
	certificates Certificates
	current      atomic.Pointer[loaded]
	logger       log.Logger
	metrics      *metrics
}

// loaded is a configuration with the files as they were looked at before they were read.
type loaded struct {
	config *tls.Config
	seen   []os.FileInfo
}

func newKeeper(c Certificates, logger log.Logger, m *metrics) (*keeper, error) {
	seen, err := c.look()
	if err != nil {
		return nil, err
	}
	config, err := c.load()
	if err != nil {
		return nil, err
	}
	k := &keeper{certificates: c, logger: logger, metrics: m}
	k.current.Store(&loaded{config, seen})
	return k, nil
}

// look says what the files are now.
func (c Certificates) look() (seen []os.FileInfo, err error) {
	for flag, file := range c.files() {
		info, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", flag, file, err)
		}
		seen = append(seen, info)
	}
	return seen, nil
}

// forClient is asked at every handshake. Files that changed are read; where they cannot be, those before stay in use, and the change is
// not tried again before the next one.
func (k *keeper) forClient(*tls.ClientHelloInfo) (*tls.Config, error) {
	before := k.current.Load()
	seen, err := k.certificates.look()
	if err != nil || slices.EqualFunc(before.seen, seen, sameFile) {
		return before.config, nil //nolint:nilerr // a file that is gone is one that is being replaced
	}
	next := &loaded{before.config, seen}
	config, err := k.certificates.load()
	if err == nil {
		next.config = config
	}
	if !k.current.CompareAndSwap(before, next) {
		return k.current.Load().config, nil // another handshake was faster
	}
	if err != nil {
		k.metrics.reloads.WithLabelValues(resultError).Inc()
		level.Error(k.logger).Log("msg", "certificates cannot be read, those before stay in use", "err", err)
		return before.config, nil
	}
	k.metrics.reloads.WithLabelValues(resultSuccess).Inc()
	level.Info(k.logger).Log("msg", "certificates have changed")
	return config, nil
}

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
