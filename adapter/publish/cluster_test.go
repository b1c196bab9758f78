package publish

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
)

// fakeAPIServer reviews tokens and access: "hpa" may read metrics, "stranger" may not, "slow" is never answered.
func fakeAPIServer(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authentication.TokenReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Errorf("decode token review: %v", err)
		}
		switch review.Spec.Token {
		case "slow":
			<-r.Context().Done()
			return
		case "hpa", "stranger":
			review.Status.Authenticated, review.Status.User.Username = true, review.Spec.Token
		}
		writeReview(t, w, review)
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authorization.SubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Errorf("decode access review: %v", err)
		}
		review.Status.Allowed = review.Spec.User == "hpa"
		writeReview(t, w, review)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

func writeReview(t *testing.T, w http.ResponseWriter, review any) {
	t.Helper()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	if err := json.NewEncoder(w).Encode(review); err != nil {
		t.Errorf("answer review: %v", err)
	}
}

func kubeconfig(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: fake, cluster: {server: %q}}]
users: [{name: adapter, user: {token: adapter}}]
contexts: [{name: fake, context: {cluster: fake, user: adapter}}]
current-context: fake
`, url)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// startCluster runs c with flags until the test ends and returns its URL.
func startCluster(t *testing.T, c *Cluster, flags ...string) string {
	t.Helper()
	listener, err := Listen("--test", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, c.Flags().Parse(append(flags, "--bind-address=127.0.0.1")))
	c.base.SecureServing.Listener = listener
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-stopped)
	})
	return "https://" + listener.Addr().String()
}

// callAs reads url with a bearer token.
func callAs(client *http.Client, url, token string) (int, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

const shopWeb = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/foreshadow_predicted_load?labelSelector=pool%3Dweb"

func TestCluster(t *testing.T) {
	config := kubeconfig(t, fakeAPIServer(t).URL)
	var ready atomic.Bool
	c := NewCluster(testProvider(testPool("shop", "web")), func() error {
		if !ready.Load() {
			return errors.New("no pool was computed yet")
		}
		return nil
	}, prometheus.NewRegistry())
	// The directory that the library would write keys into by default must stay away: roots are read-only.
	t.Chdir(t.TempDir())
	url := startCluster(t, c, "--authentication-skip-lookup=true",
		"--authentication-kubeconfig="+config, "--authorization-kubeconfig="+config, "--lister-kubeconfig="+config)
	// The test does not know the certificate that Run makes; that standalone's verifies is tested there.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	require.Eventually(t, func() bool {
		code, err := callAs(client, url+shopWeb, "hpa")
		return err == nil && code == http.StatusOK
	}, 10*time.Second, 5*time.Millisecond, "the HPA is not answered")

	for _, tt := range []struct {
		name, token, more string
		want              int
	}{
		{"who may not read metrics is refused", "stranger", "", http.StatusForbidden},
		{"who cannot be authenticated is refused", "nonsense", "", http.StatusUnauthorized},
		{"nobody is refused", "", "", http.StatusForbidden},
		{"a review that hangs does not hang the caller", "slow", "", http.StatusGatewayTimeout},
		{"nor one who asks for a watch", "slow", "&watch=true", http.StatusGatewayTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			code, err := callAs(client, url+shopWeb+tt.more, tt.token)
			if tt.want == http.StatusGatewayTimeout && err != nil && strings.Contains(err.Error(), "INTERNAL_ERROR") {
				// The review gave up at the same instant and had begun its own answer:
				// then the server cuts the stream.
				code, err = tt.want, nil
			}
			require.NoError(t, err)
			if took := time.Since(start); code != tt.want || took > 5*time.Second {
				t.Errorf("got %d after %s, want %d", code, took, tt.want)
			}
		})
	}
	t.Run("it is ready when it says so", func(t *testing.T) {
		if code, body := get(t, client, url+"/readyz"); code == http.StatusOK {
			t.Errorf("GET /readyz = 200 before anything was computed: %s", body)
		}
		ready.Store(true)
		if code, body := get(t, client, url+"/readyz"); code != http.StatusOK {
			t.Errorf("GET /readyz = %d, want 200: %s", code, body)
		}
	})
	t.Run("no key is written", func(t *testing.T) {
		entries, err := os.ReadDir(".")
		require.NoError(t, err)
		if len(entries) != 0 {
			t.Errorf("the working directory holds %v, want nothing", entries)
		}
	})
}

func TestClusterRefusesAPortInUse(t *testing.T) {
	taken, err := Listen("--test", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	address := taken.Addr().(*net.TCPAddr)
	c := NewCluster(testProvider(), nil, prometheus.NewRegistry())
	require.NoError(t, c.Flags().Parse([]string{"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", address.Port)}))
	require.EqualError(t, c.Run(t.Context()), fmt.Sprintf(`--secure-port %q: the port is in use by another process: `+
		`stop that process or write another port (0 takes any free one): address already in use`, address))
}

func TestClusterNeedsACluster(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	c := NewCluster(testProvider(), nil, prometheus.NewRegistry())
	require.NoError(t, c.Flags().Parse([]string{"--bind-address=127.0.0.1", "--secure-port=0"}))
	address, err := c.Listen()
	require.NoError(t, err)
	require.EqualError(t, c.Run(t.Context()), `--lister-kubeconfig "": this is not a pod with a service account: write the path of a kubeconfig, `+
		`or serve without a cluster by --web.api-address 127.0.0.1:6443: unable to load in-cluster configuration, `+
		`KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined`)
	again, err := Listen("--test", address.String())
	require.NoError(t, err, "the port was not given back")
	require.NoError(t, again.Close())
}

func TestClusterFlags(t *testing.T) {
	flags := NewCluster(testProvider(), nil, prometheus.NewRegistry()).Flags()
	for name, want := range map[string]string{
		"secure-port": "6443", "cert-dir": "", "authentication-kubeconfig": "", "authorization-kubeconfig": "", "lister-kubeconfig": "",
	} {
		flag := flags.Lookup(name)
		if flag == nil {
			t.Errorf("there is no --%s", name)
			continue
		}
		if flag.DefValue != want {
			t.Errorf("--%s is %q by default, want %q", name, flag.DefValue, want)
		}
	}
}
