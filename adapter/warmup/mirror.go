package warmup

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	mirrorQueue   = 64
	mirrorWorkers = 4
	// mirrorTimeout bounds one sample: a sidecar answers at once or is dead.
	mirrorTimeout = time.Second
)

// What becomes of a sample.
const (
	tapSent      = "sent"
	tapDropped   = "dropped"   // the queue was full
	tapRefused   = "refused"   // the shadow had no use for it
	tapFailed    = "failed"    // the shadow did not answer
	tapOversized = "oversized" // its body was too large, or was not read
	tapOrphaned  = "orphaned"  // no shadow warms up any more
)

func tapResults() []string {
	return []string{tapSent, tapDropped, tapRefused, tapFailed, tapOversized, tapOrphaned}
}

// sampled is a request of the app's own as it came, and what the app made of it.
// A server leaves url and header of a request alone once that is answered.
type sampled struct {
	method, host string
	url          *url.URL
	header       http.Header
	body         []byte
	http2        bool
	class        Class
	latency      time.Duration
	strip        *Strip // what is not mirrored of it
}

// request returns what is mirrored of a sample: nothing leaves the pod that is
// withheld.
func (s *sampled) request(ctx context.Context, address string) (*http.Request, error) {
	u := &url.URL{Scheme: "http", Host: address, Path: s.url.Path, RawPath: s.url.RawPath, RawQuery: s.strip.cleanQuery(s.url.RawQuery)}
	if !strings.HasPrefix(u.Path, "/") {
		return nil, errPath // such as that of OPTIONS *
	}
	h := s.strip.clean(s.header)
	for name, value := range map[string]string{
		Header: HeaderValue, sourceHostHeader: s.host, sourceClassHeader: string(s.class), sourceLatencyHeader: s.latency.String(),
	} {
		h[name] = []string{value}
	}
	req := (&http.Request{
		Method: s.method, URL: u, Host: address, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if len(s.body) > 0 {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(s.body)), int64(len(s.body))
	}
	return req, nil
}

// Mirror sends samples to the shadows that warm up, one after the other. Its
// queue is short; what finds no place in it is dropped.
type Mirror struct {
	shadows    *Shadows
	metrics    *Metrics
	queue      chan *sampled
	http1, h2c *http.Transport
}

// NewMirror returns one that sends nothing until it is Run.
func NewMirror(s *Shadows, m *Metrics) *Mirror {
	http1, h2c := appTransports()
	for _, t := range []*http.Transport{http1, h2c} {
		t.DialContext = (&net.Dialer{Timeout: mirrorTimeout}).DialContext
		t.MaxIdleConnsPerHost, t.IdleConnTimeout = mirrorWorkers, 10*time.Second
	}
	return &Mirror{shadows: s, metrics: m, queue: make(chan *sampled, mirrorQueue), http1: http1, h2c: h2c}
}

// Run sends until the context ends.
func (m *Mirror) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range mirrorWorkers {
		workers.Go(func() { m.work(ctx) })
	}
	workers.Wait()
	m.http1.CloseIdleConnections()
	m.h2c.CloseIdleConnections()
}

func (m *Mirror) work(ctx context.Context) {
	for {
		select {
		case s := <-m.queue:
			m.count(m.send(ctx, s))
		case <-ctx.Done():
			return
		}
	}
}

// wants says that a sample has a place to go: there is no use in making one
// else.
func (m *Mirror) wants() bool { return m != nil && m.shadows.any() && len(m.queue) < cap(m.queue) }

// offer never waits.
func (m *Mirror) offer(s *sampled) {
	select {
	case m.queue <- s:
	default:
		m.count(tapDropped)
	}
}

func (m *Mirror) count(result string) { m.metrics.tap(result) }

func (m *Mirror) send(ctx context.Context, s *sampled) (result string) {
	address, ok := m.shadows.next()
	if !ok {
		return tapOrphaned
	}
	ctx, cancel := context.WithTimeout(ctx, mirrorTimeout)
	defer cancel()
	req, err := s.request(ctx, address)
	if err != nil {
		return tapFailed
	}
	transport := m.http1
	if s.http2 {
		transport = m.h2c
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return tapFailed
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 1<<10) // so that the connection is used again
	if res.StatusCode != http.StatusAccepted {
		return tapRefused
	}
	return tapSent
}
