package warmup

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

// rig is a tap in front of an app, and a shadow's sidecar that takes what it
// mirrors.
type rig struct {
	tap     *Tap
	url     string // of the tap
	inbox   *Inbox
	metrics *Metrics
	app     seen
	inApp   http.HandlerFunc
}

// newRig finds the shadow at address; its own sidecar if that is empty.
func newRig(t *testing.T, config TapConfig, address string) *rig {
	t.Helper()
	r := &rig{metrics: NewMetrics(nil)}
	appURL := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.inApp != nil {
			r.inApp(w, req)
			return
		}
		r.app.add(req)
		_, _ = io.WriteString(w, "hello")
	}))
	r.inbox = NewInbox(NewStrip(nil, nil), len(config.AllowUnsafe) > 0, clock.RealClock{}, r.metrics)
	r.inbox.begin()
	if address == "" {
		u, err := url.Parse(serve(t, r.inbox))
		require.NoError(t, err)
		address = u.Host
	}
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	mirror, err := NewMirror(MirrorConfig{
		Shadows: "web-shadow.shop.svc:" + port, Refresh: time.Hour, Strip: NewStrip(nil, nil),
		Lookup: func(context.Context, string) ([]string, error) { return []string{host}, nil },
	}, clock.RealClock{}, log.NewNopLogger(), r.metrics)
	require.NoError(t, err)
	mirror.timeout = time.Minute // a busy machine loses no sample
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); mirror.Run(ctx) }()
	r.tap, err = NewTap(config, appURL, mirror, clock.RealClock{}, log.NewNopLogger())
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		<-done
		r.tap.Close()
	})
	r.url = serve(t, r.tap)
	r.asked(t)
	return r
}

// asked waits until the shadow asks for a sample.
func (r *rig) asked(t *testing.T) {
	t.Helper()
	c := clock.RealClock{}
	for deadline := c.Now().Add(time.Minute); !r.tap.mirror.wants(); c.Sleep(time.Millisecond) {
		require.True(t, c.Now().Before(deadline), "no shadow asks for a sample")
	}
}

func (r *rig) count(result string) int {
	return int(testutil.ToFloat64(r.metrics.tapped.WithLabelValues(result)))
}

// received waits for so many mirrored requests.
func (r *rig) received(t *testing.T, n int) (out []mirrored) {
	t.Helper()
	for range n {
		select {
		case m := <-r.inbox.waiting:
			out = append(out, m)
		case <-clock.RealClock{}.After(time.Minute):
			t.Fatalf("%d of %d mirrored requests came", len(out), n)
		}
	}
	return out
}

func everything() TapConfig { return TapConfig{Percent: 100} }

// answer is what a client gets.
type answer struct {
	status, proto int
	body          string
}

// do sends a request as a client does.
func do(t *testing.T, transport *http.Transport, r *http.Request) answer {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	res, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.ProtoMajor, string(raw)}
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

func TestTapPassesAndMirrors(t *testing.T) {
	http1, h2c := appTransports()
	for name, transport := range map[string]*http.Transport{"HTTP/1.1": http1, "HTTP/2": h2c} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, everything(), "")
			req := request(t, http.MethodGet, r.url+"/products/17?colour=red&access_token=secret&bad;=1", "")
			req.Host = "shop.example"
			for k, v := range map[string]string{"Authorization": "secret", "Cookie": "secret", "X-Session-Id": "secret", "X-Forwarded-For": "192.0.2.1", "Accept": "text/html"} {
				req.Header.Set(k, v)
			}
			res := do(t, transport, req)
			require.Equal(t, http.StatusOK, res.status)
			require.Equal(t, "hello", res.body)

			app := r.app.requests[0]
			require.Equal(t, req.URL.RequestURI(), app.RequestURI, "the app gets what it would without us")
			require.Equal(t, "shop.example", app.Host)
			require.Equal(t, "secret", app.Header.Get("Authorization"))
			require.Equal(t, []string{"192.0.2.1"}, app.Header["X-Forwarded-For"])
			require.Equal(t, res.proto, app.ProtoMajor)

			m := r.received(t, 1)[0]
			require.Equal(t, "/products/17?colour=red&bad;=1", m.request.Path)
			require.Equal(t, "GET /products/:id", m.request.Route)
			require.Equal(t, "shop.example", m.request.mirrored.Get("Host"))
			require.Equal(t, "text/html", m.request.mirrored.Get("Accept"))
			require.NotContains(t, fmt.Sprint(m.request), "secret")
			require.Equal(t, ClassSuccess, m.source.Class)
			require.Positive(t, m.source.Latency)
			require.Equal(t, m.request.Route, m.source.Route)
			require.Equal(t, res.proto == 2, m.request.Protocol == HTTP2)
		})
	}
}

func TestTapLeavesOutWhatIsNoSample(t *testing.T) {
	r := newRig(t, everything(), "")
	http1, _ := appTransports()
	for _, tt := range []struct {
		method, body string
		header       [2]string
	}{
		{method: http.MethodPost, body: "order"},
		{method: http.MethodDelete},
		{method: http.MethodGet, body: "search"},
		{method: http.MethodGet, header: [2]string{"User-Agent", "kube-probe/1.37"}},
		{method: http.MethodGet, header: [2]string{"Accept", "text/event-stream"}},
		{method: http.MethodGet, header: [2]string{Header, HeaderValue}},
	} {
		req := request(t, tt.method, r.url, tt.body)
		if tt.header[0] != "" {
			req.Header.Set(tt.header[0], tt.header[1])
		}
		require.Equal(t, "hello", do(t, http1, req).body)
	}
	do(t, http1, request(t, http.MethodGet, r.url+"/last", ""))
	require.Equal(t, "/last", r.received(t, 1)[0].request.Path)
}

func TestTapMirrorsBodiesWhereARouteOptsIn(t *testing.T) {
	config := everything()
	config.AllowUnsafe = []string{"/search"}
	r := newRig(t, config, "")
	http1, _ := appTransports()
	do(t, http1, request(t, http.MethodPost, r.url+"/search", "needle"))
	m := r.received(t, 1)[0]
	require.Equal(t, http.MethodPost, m.request.Method)
	require.Equal(t, "needle", string(m.request.payload))
	require.Equal(t, "needle", r.app.bodies[0])

	r.asked(t)
	large := strings.Repeat("a", maxBodyBytes+1)
	do(t, http1, request(t, http.MethodPost, r.url+"/search", large))
	require.Equal(t, large, r.app.bodies[1], "the app gets all of it")
	require.Equal(t, 1, r.count(tapOversized))
}

func TestTapAllowsWholeSegmentsOfPaths(t *testing.T) {
	tap := func(prefixes ...string) *Tap { return &Tap{config: TapConfig{AllowUnsafe: prefixes}} }
	for _, tt := range []struct {
		prefix, path string
		allowed      bool
	}{
		{"/search", "/search", true},
		{"/search", "/search/", true},
		{"/search", "/search/by-name", true},
		{"/search/", "/search", true},
		{"/search", "/search-admin", false},
		{"/search", "/search/../orders", false},
		{"/search", "//search", true},
		{"/search", "/orders/../search", true},
		{"/", "/orders", true},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://web"+tt.path, nil)
		require.Equal(t, tt.allowed, tap(tt.prefix).isAllowed(r), "%s below %s", tt.path, tt.prefix)
	}
}

func TestNewTapSaysWhatIsNoPath(t *testing.T) {
	for _, prefix := range []string{"", "search"} {
		_, err := NewTap(TapConfig{AllowUnsafe: []string{prefix}}, "http://127.0.0.1:8080", nil, clock.RealClock{}, log.NewNopLogger())
		require.ErrorContains(t, err, "--tap.allow-unsafe-paths")
		require.ErrorContains(t, err, "begin with '/'")
	}
}

// What a client did not wait for was not answered: a shadow is not compared
// with it.
func TestTapLeavesOutWhatAClientGaveUp(t *testing.T) {
	r := newRig(t, everything(), "")
	asked, left := make(chan struct{}), make(chan struct{})
	r.inApp = func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/last" {
			return
		}
		close(asked)
		<-req.Context().Done()
		w.WriteHeader(http.StatusInternalServerError)
		close(left)
	}
	http1, _ := appTransports()
	t.Cleanup(http1.CloseIdleConnections)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	res, err := http1.RoundTrip(request(t, http.MethodGet, r.url+"/slow", "").WithContext(ctx))
	if err == nil {
		_ = res.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
	<-left
	do(t, http1, request(t, http.MethodGet, r.url+"/last", ""))
	require.Equal(t, "/last", r.received(t, 1)[0].request.Path)
}

// Of any hundred requests in a row, as many as the percentage says.
func TestTapSamplesEvenly(t *testing.T) {
	for _, percent := range []int{0, 1, 7, 50, 100} {
		tap := &Tap{percentTimes: uint64(percent)}
		got := 0
		for range 1000 {
			if tap.samples(httptest.NewRequest(http.MethodGet, "/", nil), false) {
				got++
			}
		}
		require.Equal(t, 10*percent, got)
	}
}

// A shadow that takes connections and never answers costs its samples, and
// nothing else.
func TestTapNeverWaitsForAShadow(t *testing.T) {
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	r := newRig(t, everything(), silent.Addr().String())
	http1, _ := appTransports()
	const n = 3 * mirrorQueue
	for range n {
		require.Equal(t, "hello", do(t, http1, request(t, http.MethodGet, r.url, "")).body)
	}
	require.Len(t, r.app.requests, n)
	require.LessOrEqual(t, r.tap.mirror.waiting.Load(), int64(1), "it is asked by one sample")
}

func TestTapPassesStreams(t *testing.T) {
	r := newRig(t, everything(), "")
	more := make(chan struct{})
	r.inApp = func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Upgrade") != "" {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			line, _ := rw.ReadString('\n')
			_, _ = io.WriteString(conn, line)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-more
	}
	t.Run("events come as they are sent", func(t *testing.T) {
		http1, _ := appTransports()
		t.Cleanup(http1.CloseIdleConnections)
		res, err := http1.RoundTrip(request(t, http.MethodGet, r.url+"/events", ""))
		require.NoError(t, err)
		defer res.Body.Close()
		line, err := bufio.NewReader(res.Body).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "data: 1\n", line)
		close(more)
	})
	t.Run("an upgraded connection", func(t *testing.T) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		require.NoError(t, err)
		reader := bufio.NewReader(conn)
		res, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
		_, err = io.WriteString(conn, "hello\n")
		require.NoError(t, err)
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "hello\n", line)
	})
	require.Empty(t, r.inbox.waiting)
}

func TestTapSaysThatTheAppIsGone(t *testing.T) {
	r := newRig(t, everything(), "")
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tap, err := NewTap(everything(), gone.URL, r.tap.mirror, clock.RealClock{}, log.NewNopLogger())
	require.NoError(t, err)
	w := httptest.NewRecorder()
	tap.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusBadGateway, w.Code)
}
