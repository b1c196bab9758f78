package warmup

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"
)

// maxResponseBytes of a response are read; the rest of it is not waited for.
const maxResponseBytes = 8 << 20

// App is what is warmed up.
type App interface {
	// Reach returns nil if the app's port takes a connection.
	Reach(ctx context.Context) error
	// Do sends a request, and returns what became of it.
	Do(ctx context.Context, r *Request) Outcome
}

// HTTPApp is an app behind a port of this pod.
type HTTPApp struct {
	clock       clock.PassiveClock
	address     string
	credentials func() http.Header
	http1, h2c  *http.Transport
}

// NewHTTPApp takes the app's URL. One that leaves the pod is refused. The
// credentials are added to each request; nil: none.
func NewHTTPApp(appURL string, credentials func() http.Header, c clock.PassiveClock) (*HTTPApp, error) {
	address, err := loopbackAddress(appURL)
	if err != nil {
		return nil, err
	}
	if credentials == nil {
		credentials = func() http.Header { return nil }
	}
	http1, h2c := appTransports()
	return &HTTPApp{clock: c, address: address, credentials: credentials, http1: http1, h2c: h2c}, nil
}

// appTransports connect to an app without TLS; neither asks a proxy.
func appTransports() (http1, h2c *http.Transport) {
	transport := func(set func(*http.Protocols)) *http.Transport {
		protocols := new(http.Protocols)
		set(protocols)
		return &http.Transport{
			Protocols: protocols, DisableCompression: true, MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		}
	}
	return transport(func(p *http.Protocols) { p.SetHTTP1(true) }), transport(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
}

// loopbackAddress returns host and port of an app's URL, or why it cannot be one.
func loopbackAddress(appURL string) (string, error) {
	u, err := url.Parse(appURL)
	if err != nil || u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil || u.Port() == "" {
		return "", fmt.Errorf("%q: write the app's URL in this pod, such as http://127.0.0.1:8080", appURL)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%q: a warm-up does not leave the pod: write 127.0.0.1 or [::1] for the host", appURL)
	}
	return u.Host, nil
}

// Reach opens a connection and closes it.
func (a *HTTPApp) Reach(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		return fmt.Errorf("connect to the app: %w", err)
	}
	return conn.Close()
}

// Do sends a request and reads what comes back.
func (a *HTTPApp) Do(ctx context.Context, r *Request) Outcome {
	out := Outcome{Route: r.Route, Class: ClassError}
	began := a.clock.Now()
	defer func() {
		out.At = a.clock.Now()
		if out.Latency == 0 {
			out.Latency = out.At.Sub(began)
		}
	}()
	req, err := a.request(ctx, r)
	if err != nil {
		return out
	}
	transport := a.http1
	if r.Protocol != HTTP1 {
		transport = a.h2c
	}
	res, err := transport.RoundTrip(req)
	out.At = a.clock.Now()
	out.Latency = out.At.Sub(began)
	if err != nil {
		return out
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxResponseBytes))
	switch {
	case err != nil:
	case (r.Protocol == GRPC || isGRPC(res.Header)) && res.StatusCode == http.StatusOK:
		if n < maxResponseBytes { // the trailer has come
			out.Class = classOfGRPC(res.Header, res.Trailer)
		}
	default:
		out.Class = classOf(res.StatusCode)
	}
	return out
}

func (a *HTTPApp) request(ctx context.Context, r *Request) (*http.Request, error) {
	u, err := parsePath(r.Path)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = "http", a.address
	body := r.payload
	if r.Protocol == GRPC {
		body = frame(body)
	}
	req := &http.Request{
		Method: r.Method, URL: u, Host: a.address, Header: make(http.Header, len(r.Headers)+4),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(body) > 0 {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	maps.Copy(req.Header, r.headers())
	maps.Copy(req.Header, a.credentials())
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	if r.Protocol == GRPC && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/grpc")
	}
	if isGRPC(req.Header) {
		req.Header.Set("Te", "trailers")
	}
	req.Header.Set(Header, HeaderValue)
	return req.WithContext(ctx), nil
}

// headers are those of a list or of a mirrored request.
func (r *Request) headers() http.Header {
	if r.mirrored != nil {
		return r.mirrored
	}
	out := make(http.Header, len(r.Headers))
	for k, v := range r.Headers {
		out.Set(k, v)
	}
	return out
}

// frame puts a message into the form of a gRPC body: not compressed, its length.
func frame(message []byte) []byte {
	out := make([]byte, 5, 5+len(message))
	binary.BigEndian.PutUint32(out[1:], uint32(len(message)))
	return append(out, message...)
}

func isGRPC(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/grpc")
}

// classOfGRPC maps a gRPC status to the class of its HTTP status, as gateways do
// (google/rpc/code.proto). An answer without body has it in the header.
func classOfGRPC(header, trailer http.Header) Class {
	status := trailer.Get("Grpc-Status")
	if status == "" {
		status = header.Get("Grpc-Status")
	}
	code, err := strconv.Atoi(status)
	if err != nil {
		return ClassError
	}
	switch code {
	case 0:
		return ClassSuccess
	case 1, 3, 5, 6, 7, 8, 9, 10, 11, 16: // cancelled by the client, and what its request is to blame for
		return ClassClient
	}
	return ClassServer
}

// Close drops idle connections.
func (a *HTTPApp) Close() {
	a.http1.CloseIdleConnections()
	a.h2c.CloseIdleConnections()
}
