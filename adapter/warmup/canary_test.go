package warmup

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire passes connections on to a server, and keeps every byte that came for it.
type wire struct {
	net.Listener

	mu   sync.Mutex
	came bytes.Buffer
}

func (w *wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return &listened{Conn: c, wire: w}, err
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.came.String()
}

type listened struct {
	net.Conn
	wire *wire
}

func (l *listened) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.wire.came.Write(p[:n])
	return n, err
}

// The secret stands wherever a credential may, in requests of all kinds: not one
// byte of it goes to the shadow, nor into a metric, while the app gets all of it.
func TestNoCredentialReachesAShadow(t *testing.T) {
	const canary = "c4n4ry"
	at, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	came := &wire{Listener: at}
	r := newRig(t, everything(), at.Addr().String())
	server := &http.Server{Handler: r.inbox}
	go func() { _ = server.Serve(came) }()
	t.Cleanup(func() { _ = server.Close() })

	var query []string
	for _, part := range append([]string{"X-Amz-Signature", "%74oken", "OAuth_Verifier"}, telling...) {
		query = append(query, part+"="+canary, "my_"+part+"_1="+canary)
	}
	names := append(withheld(), "X-Session-Token", "X-Goog-Iam-Authorization-Token", "X-Vault-Token", "X-My-Secret", "Ocp-Apim-Subscription-Key", "Www-Authenticate")
	for _, part := range telling {
		names = append(names, "X-"+part+"-1")
	}
	http1, h2c := appTransports()
	const n = 8
	for i := range n {
		transport := http1
		if i%2 == 1 {
			transport = h2c
		}
		r.asked(t)
		req := request(t, http.MethodGet, fmt.Sprintf("%s/a?%s&page=2", r.url, strings.Join(query, "&")), "")
		for _, name := range names {
			req.Header[http.CanonicalHeaderKey(name)] = []string{canary, "Bearer " + canary}
		}
		do(t, transport, req)
		// What has a body is no sample unless its path is allowed by name.
		do(t, transport, request(t, http.MethodPost, r.url+"/login", "password="+canary))
		do(t, transport, request(t, http.MethodGet, r.url+"/search", canary))
		m := r.received(t, 1)[0]
		require.Equal(t, "/a?page=2", m.request.Path)
		require.NotContains(t, fmt.Sprintf("%+v", m), canary)
	}
	require.Contains(t, came.String(), "GET /a?page=2 HTTP/1.1\r\n")
	require.NotContains(t, came.String(), canary)
	require.NotContains(t, came.String(), "password")
	require.Empty(t, r.inbox.waiting)

	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	require.Len(t, r.app.requests, 3*n)
	require.Contains(t, fmt.Sprintf("%+v", r.app.requests[0].Header), canary)
	require.Equal(t, strings.Repeat("password="+canary+canary, n), strings.Join(r.app.bodies, ""))
}
