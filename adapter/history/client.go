package history

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/api"
	"github.com/prometheus/client_golang/prometheus"
)

// statusError is an answer whose HTTP status is not 2xx.
type statusError struct {
	code       int
	errorType  string // Prometheus' own, empty if the body is not its JSON
	message    string
	retryAfter string
}

// Is says what kind of ErrTooLarge it is.
func (e *statusError) Is(target error) bool {
	return target == ErrTooManySamples && e.tooManySamples()
}

func (e *statusError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("server answered %d", e.code)
	}
	return fmt.Sprintf("server answered %d: %s", e.code, e.message)
}

// maxRetryAfter bounds what a server may ask for: one answer, perhaps a broken
// proxy's, silences every pool.
const maxRetryAfter = 5 * time.Minute

// wait reads Retry-After: seconds, or a date. Zero if there is none.
func (e *statusError) wait(now time.Time) time.Duration {
	if s, err := strconv.Atoi(e.retryAfter); err == nil {
		return time.Duration(min(max(s, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(e.retryAfter); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// statusClient turns answers that are not 2xx into a statusError, for the API
// client above it would lose status and headers, and refuses those that are
// not Prometheus' envelope.
type statusClient struct{ api.Client }

// Do sends one request.
func (c statusClient) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	resp, body, err := c.Client.Do(ctx, req)
	if err != nil {
		return resp, nil, err
	}
	var envelope struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	err = json.Unmarshal(body, &envelope)
	switch {
	case resp.StatusCode/100 != 2 && err != nil:
		envelope.ErrorType, envelope.Error = "", ""
	case resp.StatusCode/100 != 2:
	case err != nil:
		return resp, nil, fmt.Errorf("%w: %w", ErrBadAnswer, err)
	case envelope.Status != "success" && envelope.Status != "error":
		return resp, nil, fmt.Errorf("%w: status is %q", ErrBadAnswer, cut(envelope.Status, maxShownValue))
	default:
		return resp, body, nil
	}
	return resp, nil, &statusError{
		code:       resp.StatusCode,
		errorType:  envelope.ErrorType,
		message:    oneLine(envelope.Error, maxWarningText),
		retryAfter: resp.Header.Get("Retry-After"),
	}
}

// sizeError is an answer that is longer than the limit.
type sizeError struct{ limit int64 }

func (e *sizeError) Error() string { return fmt.Sprintf("answer is longer than %d bytes", e.limit) }

// limitTransport cuts a body that is longer than max bytes: the API client
// reads whole bodies into memory. Packed bodies are neither asked for nor
// unpacked.
type limitTransport struct {
	next http.RoundTripper
	max  int64
	read prometheus.Counter // bytes of bodies
}

// RoundTrip sends one request.
func (t limitTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > t.max {
		_ = resp.Body.Close()
		return nil, &sizeError{limit: t.max}
	}
	resp.Body = &limitBody{ReadCloser: resp.Body, left: t.max, max: t.max, read: t.read}
	return resp, nil
}

// CloseIdleConnections closes what the transport below keeps open.
func (t limitTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type limitBody struct {
	io.ReadCloser
	left, max int64
	read      prometheus.Counter
}

func (b *limitBody) Read(p []byte) (int, error) {
	// One byte beyond the limit tells a body that ends there from a longer one.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	b.read.Add(float64(n))
	if b.left < 0 {
		return n, &sizeError{limit: b.max}
	}
	return n, err
}
