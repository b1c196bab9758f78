package warmup

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

// serve returns the URL of an app that speaks HTTP/1.1 and HTTP/2 without TLS.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func newApp(t *testing.T, url string, credentials http.Header) *HTTPApp {
	t.Helper()
	app, err := NewHTTPApp(url, func() http.Header { return credentials }, clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(app.Close)
	return app
}

// seen is what the app got.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (s *seen) add(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
}

func TestHTTPAppSends(t *testing.T) {
	var got seen
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.add(r)
		if r.URL.Path == "/shop.Cart/Get" {
			w.Header().Set("Trailer", "Grpc-Status")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write(frame([]byte("ok")))
			w.Header().Set("Grpc-Status", r.Header.Get("X-Answer"))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	app := newApp(t, url, http.Header{"Authorization": {"Bearer warm"}})
	require.NoError(t, app.Reach(t.Context()))
	l := listOf(t, `
requests:
- {path: "/a?b=c", headers: {Host: shop.example, Accept: text/html, Authorization: nobody}}
- {path: /b, protocol: HTTP2, method: PUT, allowUnsafe: true, body: hello}
- {path: /shop.Cart/Get, protocol: GRPC, allowUnsafe: true, bodyBase64: "`+base64.StdEncoding.EncodeToString([]byte("cart"))+`", headers: {X-Answer: "0"}}
- {path: /shop.Cart/Get, protocol: GRPC, allowUnsafe: true, headers: {X-Answer: "13"}}
- {path: /shop.Cart/Get, protocol: GRPC, allowUnsafe: true, headers: {X-Answer: "16"}}
`)()
	for i, want := range []Class{ClassSuccess, ClassSuccess, ClassSuccess, ClassServer, ClassClient} {
		o := app.Do(t.Context(), &l.Requests[i])
		require.Equal(t, want, o.Class, "request %d", i)
		require.Positive(t, o.Latency)
		require.Equal(t, []string{HeaderValue}, got.requests[i].Header[Header])
		require.Equal(t, []string{"Bearer warm"}, got.requests[i].Header["Authorization"], "the mounted credentials win")
	}
	require.Equal(t, "shop.example", got.requests[0].Host)
	require.Equal(t, "/a?b=c", got.requests[0].RequestURI)
	require.Equal(t, 1, got.requests[0].ProtoMajor)
	require.Equal(t, 2, got.requests[1].ProtoMajor)
	require.Equal(t, "hello", got.bodies[1])
	require.Equal(t, "application/grpc", got.requests[2].Header.Get("Content-Type"))
	require.Equal(t, "trailers", got.requests[2].Header.Get("Te"))
	require.Equal(t, "\x00\x00\x00\x00\x04cart", got.bodies[2])
}

func TestHTTPAppSaysThatNobodyAnswers(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	app := newApp(t, s.URL, nil)
	require.ErrorContains(t, app.Reach(t.Context()), "connect to the app: ")
	require.Equal(t, ClassError, app.Do(t.Context(), &listOf(t, onePage)().Requests[0]).Class)

	hangs := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.Equal(t, ClassError, newApp(t, hangs, nil).Do(ctx, &listOf(t, onePage)().Requests[0]).Class)
}

func TestHTTPAppStaysInThePod(t *testing.T) {
	for _, url := range []string{"http://10.0.0.1:80", "http://app:8080", "http://169.254.169.254:80", "https://127.0.0.1:443", "http://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1:80/a"} {
		_, err := NewHTTPApp(url, nil, clock.RealClock{})
		require.ErrorContains(t, err, "write ", url)
	}
	for _, url := range []string{"http://127.0.0.1:8080", "http://[::1]:80/", "http://localhost:80"} {
		_, err := NewHTTPApp(url, nil, clock.RealClock{})
		require.NoError(t, err)
	}
}
