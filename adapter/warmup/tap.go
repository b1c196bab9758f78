package warmup

import (
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

// TapConfig says what a Tap samples.
type TapConfig struct {
	// Percent of the requests, 0 to 100.
	Percent int
	// AllowUnsafe are paths whose requests, and those below them, are sampled
	// whatever their method, with their bodies.
	AllowUnsafe []string
}

// Tap is a reverse proxy in front of the app. It hands samples of what it passes
// to a Mirror; a sample that nobody asks for is not made. It changes neither
// request nor response.
type Tap struct {
	config       TapConfig
	mirror       *Mirror
	clock        clock.PassiveClock
	http1, h2c   *httputil.ReverseProxy
	transports   []*http.Transport
	passed       atomic.Uint64
	percentTimes uint64
}

// NewTap returns the handler of an app's port. The app is on loopback.
func NewTap(config TapConfig, appURL string, m *Mirror, c clock.PassiveClock, logger log.Logger) (*Tap, error) {
	if err := check(config.Percent >= 0 && config.Percent <= 100, "--tap.percent", config.Percent, "write a percentage from 0 to 100"); err != nil {
		return nil, err
	}
	for _, prefix := range config.AllowUnsafe {
		if err := check(strings.HasPrefix(prefix, "/"), "--tap.allow-unsafe-paths", prefix, "write paths that begin with '/', such as /search; '/' alone is all of them"); err != nil {
			return nil, err
		}
	}
	address, err := loopbackAddress(appURL)
	if err != nil {
		return nil, err
	}
	http1, h2c := appTransports()
	buffers := &bufferPool{}
	proxy := func(t *http.Transport) *httputil.ReverseProxy {
		return &httputil.ReverseProxy{
			Transport: t, BufferPool: buffers, Rewrite: passTo(address), ErrorHandler: unreachable(logger),
		}
	}
	return &Tap{
		config: config, mirror: m, clock: c, http1: proxy(http1), h2c: proxy(h2c),
		transports: []*http.Transport{http1, h2c}, percentTimes: uint64(config.Percent),
	}, nil
}

// passTo sends a request on as it came: the app sees what it would see without
// us, but for the peer's address.
func passTo(address string) func(*httputil.ProxyRequest) {
	forwarded := []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}
	return func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", address
		r.Out.URL.RawQuery = r.In.URL.RawQuery
		r.Out.Host = r.In.Host
		for _, name := range forwarded {
			if v, ok := r.In.Header[name]; ok {
				r.Out.Header[name] = v
			}
		}
	}
}

// unreachable answers for an app that does not.
func unreachable(logger log.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, _ *http.Request, err error) {
		level.Debug(logger).Log("msg", "no response of the app", "err", err)
		w.WriteHeader(http.StatusBadGateway)
	}
}

// ServeHTTP passes a request to the app.
func (t *Tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	proxy := t.http1
	if r.ProtoMajor == 2 {
		proxy = t.h2c
	}
	if !t.mirror.wants() {
		proxy.ServeHTTP(w, r)
		return
	}
	withBody := t.isAllowed(r)
	if !t.samples(r, withBody) {
		proxy.ServeHTTP(w, r)
		return
	}
	rec := &recorder{ResponseWriter: w, clock: t.clock, began: t.clock.Now()}
	var body *capped
	if withBody && r.Body != nil && r.Body != http.NoBody {
		body = &capped{ReadCloser: r.Body}
		in := *r
		in.Body = body
		r = &in
	}
	proxy.ServeHTTP(rec, r)
	t.offer(rec, r, body)
}

// isAllowed says that a request may be mirrored although it may change something.
func (t *Tap) isAllowed(r *http.Request) bool {
	if len(t.config.AllowUnsafe) == 0 {
		return false
	}
	// As an app reads it that cleans paths: what climbs out is not below a prefix.
	clean := path.Clean("/" + r.URL.Path)
	for _, prefix := range t.config.AllowUnsafe {
		below := strings.TrimSuffix(prefix, "/") + "/"
		if clean+"/" == below || strings.HasPrefix(clean, below) {
			return true
		}
	}
	return false
}

// samples says that a request is one to be mirrored.
func (t *Tap) samples(r *http.Request, withBody bool) bool {
	h := r.Header
	switch {
	case !withBody && (!isSafe(r.Method) || r.ContentLength != 0):
		return false
	case r.Method == http.MethodConnect, len(h["Upgrade"]) > 0, h.Get(Header) != "":
		return false
	case strings.HasPrefix(h.Get("User-Agent"), "kube-probe/"), strings.HasPrefix(h.Get("Accept"), "text/event-stream"):
		return false
	}
	// Evenly spread: of any hundred in a row, so many.
	n := t.passed.Add(1)
	return n*t.percentTimes/100 != (n-1)*t.percentTimes/100
}

// offer hands a sample on unless it is no whole request with a whole response. The
// response waits until it returns: what may be mirrored of it is found out later.
func (t *Tap) offer(rec *recorder, r *http.Request, body *capped) {
	if r.Context().Err() != nil { // whoever asked has left: what the app made of it is not known
		return
	}
	if rec.status == 0 || rec.status == http.StatusSwitchingProtocols || strings.HasPrefix(rec.Header().Get("Content-Type"), "text/event-stream") {
		return
	}
	s := &rec.sample
	s.method, s.url, s.header, s.host, s.http2 = r.Method, r.URL, r.Header, r.Host, r.ProtoMajor == 2
	s.class, s.latency = rec.class(), rec.latency
	if body != nil {
		var whole bool
		if s.body, whole = body.whole(); !whole {
			t.mirror.count(tapOversized, 1)
			return
		}
	}
	rec.ResponseWriter = nil // it is not ours to keep
	t.mirror.offer(s)
}

// Close drops idle connections to the app.
func (t *Tap) Close() {
	for _, each := range t.transports {
		each.CloseIdleConnections()
	}
}

// recorder sees what the app answers.
type recorder struct {
	http.ResponseWriter
	clock   clock.PassiveClock
	began   time.Time
	status  int
	latency time.Duration
	sample  sampled // so that a sample is one allocation
}

// Unwrap lets a ResponseController reach what a recorder has not.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader is the end of the app's latency.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status, r.latency = status, r.clock.Since(r.began)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) class() Class {
	if h := r.Header(); isGRPC(h) && r.status == http.StatusOK {
		return classOfGRPC(h, http.Header{"Grpc-Status": h[http.TrailerPrefix+"Grpc-Status"]})
	}
	return classOf(r.status)
}

// capped keeps what is read of a body, up to a limit. A transport may go on
// reading after the response.
type capped struct {
	io.ReadCloser

	mu         sync.Mutex
	kept       []byte
	ends, over bool
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = c.over || len(c.kept)+n > maxBodyBytes
	if c.over {
		c.kept = nil
	} else {
		c.kept = append(c.kept, p[:n]...)
	}
	c.ends = c.ends || errors.Is(err, io.EOF)
	return n, err
}

// whole returns the body; false if not all of it was kept.
func (c *capped) whole() ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept, c.ends && !c.over
}

// bufferPool lends the buffers through which bodies are copied.
type bufferPool struct{ pool sync.Pool }

const bufferBytes = 32 << 10

// Get returns a buffer.
func (b *bufferPool) Get() []byte {
	if p, ok := b.pool.Get().(*[bufferBytes]byte); ok {
		return p[:]
	}
	return make([]byte, bufferBytes)
}

// Put takes it back.
func (b *bufferPool) Put(p []byte) { b.pool.Put((*[bufferBytes]byte)(p)) }
