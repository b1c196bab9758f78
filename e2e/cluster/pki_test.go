package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, pair keyPair) *x509.Certificate {
	t.Helper()
	_, err := tls.X509KeyPair(pair.cert, pair.key)
	require.NoError(t, err, "key and certificate do not belong together")
	block, _ := pem.Decode(pair.cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert
}

func TestCertificates(t *testing.T) {
	ca, err := newAuthority("ca", now)
	require.NoError(t, err)
	other, err := newAuthority("other", now)
	require.NoError(t, err)
	server, err := ca.server("api.test.svc", "127.0.0.1")
	require.NoError(t, err)
	user, err := ca.client("alice", "ops", "dev")
	require.NoError(t, err)

	verify := func(by *authority, pair keyPair, opts x509.VerifyOptions) error {
		opts.Roots = x509.NewCertPool()
		opts.Roots.AddCert(by.parsed)
		if opts.CurrentTime.IsZero() {
			opts.CurrentTime = now
		}
		_, err := parse(t, pair).Verify(opts)
		return err
	}
	asClient := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

	t.Run("a server is known by each of its names and addresses", func(t *testing.T) {
		require.NoError(t, verify(ca, server, x509.VerifyOptions{DNSName: "api.test.svc"}))
		require.NoError(t, verify(ca, server, x509.VerifyOptions{DNSName: "127.0.0.1"}))
		require.ErrorAs(t, verify(ca, server, x509.VerifyOptions{DNSName: "other.test.svc"}), new(x509.HostnameError))
	})
	t.Run("a user carries its name and groups", func(t *testing.T) {
		require.NoError(t, verify(ca, user, x509.VerifyOptions{KeyUsages: asClient}))
		require.Equal(t, "alice", parse(t, user).Subject.CommonName)
		require.ElementsMatch(t, []string{"ops", "dev"}, parse(t, user).Subject.Organization)
	})
	t.Run("neither passes for the other", func(t *testing.T) {
		require.Error(t, verify(ca, server, x509.VerifyOptions{KeyUsages: asClient}))
		require.Error(t, verify(ca, user, x509.VerifyOptions{}))
	})
	t.Run("another authority does not vouch for them", func(t *testing.T) {
		require.ErrorAs(t, verify(other, user, x509.VerifyOptions{KeyUsages: asClient}), new(x509.UnknownAuthorityError))
	})
	t.Run("a certificate ends after a day", func(t *testing.T) {
		late := x509.VerifyOptions{KeyUsages: asClient, CurrentTime: now.Add(certificateLife + time.Second)}
		require.ErrorAs(t, verify(ca, user, late), new(x509.CertificateInvalidError))
	})
}

func TestKubeconfigNamesServerAndUser(t *testing.T) {
	dir := t.TempDir()
	id, err := writePKI(dir, now)
	require.NoError(t, err)
	path, err := id.writeKubeconfig(dir, "https://127.0.0.1:1", "system:someone", "group")
	require.NoError(t, err)
	got, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	require.Equal(t, "https://127.0.0.1:1", got.Host)
	require.Equal(t, id.ca.cert, got.CAData)
	require.Equal(t, "system:someone", parse(t, keyPair{got.CertData, got.KeyData}).Subject.CommonName)
}

func TestStartRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"no binary", Config{LogDir: dir}, "control plane binary is not set: run make e2e, or set FORESHADOW_E2E_CONTROLPLANE to the path that e2e/tools/build.sh prints"},
		{"a binary that is not there", Config{Binary: "/nonexistent/controlplane", LogDir: dir}, "control plane binary: stat /nonexistent/controlplane: no such file or directory: build it with e2e/tools/build.sh"},
		{"no log folder", Config{Binary: "/bin/sh", LogDir: dir + "/none"}, `log folder "` + dir + `/none": write the path of an existing folder`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Start(t.Context(), tc.cfg)
			require.EqualError(t, err, tc.want)
		})
	}
}
