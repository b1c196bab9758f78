package keda

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// authority signs certificates of servers and clients.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue returns the PEM of a certificate and its key, for a server on loopback or a client of that name.
func (a *authority) issue(t *testing.T, serial int64, name string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// client is the TLS of a client of that name, which trusts server; with no name it shows no certificate.
func (a *authority) client(t *testing.T, server *authority, name string) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.certificate)
	c := &tls.Config{RootCAs: roots, ServerName: "foreshadow-keda"}
	if name != "" {
		pair, err := tls.X509KeyPair(a.issue(t, 7, name))
		require.NoError(t, err)
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

func dialTCP(t *testing.T, address string, c *tls.Config) externalscaler.ExternalScalerClient {
	t.Helper()
	client, _ := connectTCP(t, address, c)
	return client
}

func connectTCP(t *testing.T, address string, c *tls.Config) (client externalscaler.ExternalScalerClient, hangUp func()) {
	t.Helper()
	transport := insecure.NewCredentials()
	if c != nil {
		transport = credentials.NewTLS(c)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	require.NoError(t, err)
	hangUp = func() { conn.Close() }
	t.Cleanup(hangUp)
	return externalscaler.NewExternalScalerClient(conn), hangUp
}

// secured is a server with certificates on disk.
type secured struct {
	dir           string
	server, peers *authority
	address       string
}

func newSecured(t *testing.T, names ...string) *secured {
	t.Helper()
	s := &secured{dir: t.TempDir(), server: newAuthority(t, "server CA"), peers: newAuthority(t, "client CA")}
	s.write(t, 1)
	board := &publish.Board{}
	c := testConfig(board, prometheus.NewRegistry())
	c.Certificates = s.certificates()
	c.Certificates.ClientNames = names
	server, err := New(c)
	require.NoError(t, err)
	run(t, server)
	s.address = server.Addr().String()
	(&rig{board: board}).publish(3)
	return s
}

func (s *secured) file(name string) string { return filepath.Join(s.dir, name) }

func (s *secured) certificates() Certificates {
	return Certificates{CertFile: s.file("tls.crt"), KeyFile: s.file("tls.key"), ClientCAFile: s.file("ca.crt")}
}

// write puts a server's certificate with that serial number on disk, and the CA of clients.
func (s *secured) write(t *testing.T, serial int64) {
	t.Helper()
	certificate, key := s.server.issue(t, serial, "foreshadow-keda")
	s.put(t, "tls.crt", certificate)
	s.put(t, "tls.key", key)
	s.put(t, "ca.crt", s.peers.pem)
}

// put replaces a file at once, as a mounted Secret is.
func (s *secured) put(t *testing.T, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(s.file(name+".new"), content, 0o600))
	require.NoError(t, os.Rename(s.file(name+".new"), s.file(name)))
}

// ask makes one call on a connection of its own.
func (s *secured) ask(t *testing.T, c *tls.Config) error {
	t.Helper()
	client, hangUp := connectTCP(t, s.address, c)
	defer hangUp()
	_, err := client.GetMetrics(t.Context(), capacityOf(ref("pool", "web")))
	return err
}

func TestClientsShowACertificate(t *testing.T) {
	t.Parallel()
	s := newSecured(t, "keda-operator", "spiffe://cluster/keda")
	require.NoError(t, s.ask(t, s.peers.client(t, s.server, "keda-operator")))
	for name, c := range map[string]*tls.Config{
		"none":              s.peers.client(t, s.server, ""),
		"of another CA":     newAuthority(t, "client CA").client(t, s.server, "keda-operator"),
		"with another name": s.peers.client(t, s.server, "shop"),
		"no TLS":            nil,
	} {
		require.Equal(t, codes.Unavailable, status.Code(s.ask(t, c)), name)
	}
	old := s.peers.client(t, s.server, "keda-operator")
	old.MaxVersion = tls.VersionTLS12
	require.Equal(t, codes.Unavailable, status.Code(s.ask(t, old)), "TLS 1.2")
}

func TestCertificatesAreReadAnew(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	c := s.peers.client(t, s.server, "keda-operator")
	var serial int64
	c.VerifyConnection = func(state tls.ConnectionState) error {
		serial = state.PeerCertificates[0].SerialNumber.Int64()
		return nil
	}
	long := dialTCP(t, s.address, c) // a connection that outlives all changes
	open, err := long.StreamIsActive(t.Context(), ref("pool", "web"))
	require.NoError(t, err)
	_, err = open.Recv()
	require.NoError(t, err)
	require.EqualValues(t, 1, serial)

	s.write(t, 2)
	require.NoError(t, s.ask(t, c))
	require.EqualValues(t, 2, serial, "the new certificate is shown")

	// The clients' CA changes: who the old one has signed is not let in any more.
	s.peers = newAuthority(t, "client CA")
	s.put(t, "ca.crt", s.peers.pem)
	require.Equal(t, codes.Unavailable, status.Code(s.ask(t, c)))
	require.NoError(t, s.ask(t, s.peers.client(t, s.server, "keda-operator")))

	_, err = long.GetMetrics(t.Context(), capacityOf(ref("pool", "web")))
	require.NoError(t, err, "a connection that was let in goes on")
}

func TestBadCertificatesLeaveTheOldOnes(t *testing.T) {
	t.Parallel()
	s := &secured{dir: t.TempDir(), server: newAuthority(t, "server CA"), peers: newAuthority(t, "client CA")}
	s.write(t, 1)
	reg := prometheus.NewRegistry()
	m := newMetrics(reg, func() int64 { return 0 })
	var logs bytes.Buffer
	k, err := newKeeper(s.certificates(), log.NewLogfmtLogger(&logs), m)
	require.NoError(t, err)
	first, err := k.forClient(nil)
	require.NoError(t, err)

	s.put(t, "tls.crt", []byte("not a certificate"))
	for range 3 {
		now, err := k.forClient(nil)
		require.NoError(t, err)
		require.Same(t, first, now)
	}
	require.InDelta(t, 1, testutil.ToFloat64(m.reloads.WithLabelValues(resultError)), 0, "tried once")
	require.Contains(t, logs.String(), `--keda.tls-cert-file`)

	require.NoError(t, os.Remove(s.file("ca.crt")))
	now, err := k.forClient(nil)
	require.NoError(t, err)
	require.Same(t, first, now)

	s.write(t, 2)
	now, err = k.forClient(nil)
	require.NoError(t, err)
	require.NotSame(t, first, now)
	require.InDelta(t, 1, testutil.ToFloat64(m.reloads.WithLabelValues(resultSuccess)), 0)

	s.put(t, "ca.crt", []byte("-----BEGIN NOTHING-----"))
	_, err = newKeeper(s.certificates(), log.NewNopLogger(), m)
	require.EqualError(t, err, `--keda.client-ca-file "`+s.file("ca.crt")+`": no certificate in it: write the CA's as PEM`)
}
