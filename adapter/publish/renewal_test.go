package publish

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/util/cert"
)

// renew puts a new certificate into dir as the kubelet renews those of a mounted Secret: a link is turned to another folder, and the
// folder before goes. It returns what is served then.
func renew(t *testing.T, dir, generation string) (der string) {
	t.Helper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	require.NoError(t, err)
	data := filepath.Join(dir, "..data")
	before, _ := os.Readlink(data) // there is none at first
	require.NoError(t, os.Mkdir(filepath.Join(dir, generation), 0o700))
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, generation, name), content, 0o600))
		if before == "" {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
	}
	require.NoError(t, os.Symlink(generation, data+"_tmp"))
	require.NoError(t, os.Rename(data+"_tmp", data))
	if before != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, before)))
	}
	block, _ := pem.Decode(certificate)
	return string(block.Bytes)
}

// A certificate that was renewed on disk is served, and no request fails on the way.
func TestClusterServesARenewedCertificate(t *testing.T) {
	config, dir := kubeconfig(t, fakeAPIServer(t).URL), t.TempDir()
	first := renew(t, dir, "first")
	c := NewCluster(testProvider(testPool("shop", "web")), func() error { return nil }, prometheus.NewRegistry())
	url := startCluster(t, c, "--authentication-skip-lookup=true",
		"--authentication-kubeconfig="+config, "--authorization-kubeconfig="+config, "--lister-kubeconfig="+config,
		"--tls-cert-file="+filepath.Join(dir, "tls.crt"), "--tls-private-key-file="+filepath.Join(dir, "tls.key"))

	var served atomic.Pointer[string]
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, // each request sees the certificate of its time
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
			der := string(s.PeerCertificates[0].Raw)
			served.Store(&der)
			return nil
		}},
	}}
	require.Eventually(t, func() bool {
		code, err := callAs(client, url+shopWeb, "hpa")
		return err == nil && code == http.StatusOK
	}, 10*time.Second, 5*time.Millisecond, "the HPA is not answered")
	require.Equal(t, first, *served.Load())

	second := renew(t, dir, "second")
	deadline := time.Now().Add(time.Minute)
	for *served.Load() != second {
		code, err := callAs(client, url+shopWeb, "hpa")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, code)
		require.True(t, time.Now().Before(deadline), "the certificate of before is still served")
	}
}

// changing is a certificate that is another one whenever the test says so.
type changing struct {
	mu        sync.Mutex
	cert, key []byte
	listeners []func()
}

func (c *changing) CurrentCertKeyContent() (certificate, key []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cert, c.key
}

func (c *changing) OnChange(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, f)
}

// renew makes another one and returns what is served then.
func (c *changing) renew(t *testing.T) (der string) {
	t.Helper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", nil, nil)
	require.NoError(t, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cert, c.key = certificate, key
	for _, f := range c.listeners {
		f()
	}
	block, _ := pem.Decode(certificate)
	return string(block.Bytes)
}

// A certificate that the adapter keeps itself is served as it is now, and its end is exported.
func TestClusterServesAKeptCertificate(t *testing.T) {
	config, kept, reg := kubeconfig(t, fakeAPIServer(t).URL), &changing{}, prometheus.NewRegistry()
	first := kept.renew(t)
	c := NewCluster(testProvider(testPool("shop", "web")), func() error { return nil }, reg)
	c.ServeWith(kept)
	url := startCluster(t, c, "--authentication-skip-lookup=true",
		"--authentication-kubeconfig="+config, "--authorization-kubeconfig="+config, "--lister-kubeconfig="+config)
	serves := func(want string) {
		t.Helper()
		require.Eventually(t, func() bool {
			conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				return false
			}
			defer conn.Close()
			return string(conn.ConnectionState().PeerCertificates[0].Raw) == want
		}, 10*time.Second, 5*time.Millisecond)
	}
	serves(first) // until then the library writes into the configuration that a renewal has it copy
	for range 3 {
		serves(kept.renew(t))
	}
	pair, err := tls.X509KeyPair(kept.CurrentCertKeyContent())
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(fmt.Sprintf(`
# HELP foreshadow_serving_certificate_expiry_timestamp_seconds When the certificate that the metrics API shows ends, in seconds since 1970.
# TYPE foreshadow_serving_certificate_expiry_timestamp_seconds gauge
foreshadow_serving_certificate_expiry_timestamp_seconds %d
# HELP foreshadow_serving_certificate_start_timestamp_seconds When the certificate that the metrics API shows began to be valid, in seconds since 1970.
# TYPE foreshadow_serving_certificate_start_timestamp_seconds gauge
foreshadow_serving_certificate_start_timestamp_seconds %d
`, pair.Leaf.NotAfter.Unix(), pair.Leaf.NotBefore.Unix()))))
}
