package warmup

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

func newInbox(unsafe bool) *Inbox {
	return NewInbox(NewStrip(nil, nil), unsafe, clock.RealClock{}, NewMetrics(nil))
}

// batchOf is what a tap sends.
func batchOf(body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set(Header, HeaderValue)
	r.Header.Set("Content-Type", batchType)
	return r
}

func answered(b *Inbox, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func TestInboxTakesBatchesOfTaps(t *testing.T) {
	b := newInbox(false)
	batch := func() *http.Request { return batchOf(strings.NewReader("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) }
	require.Equal(t, http.StatusConflict, answered(b, batch()).Code, "nothing warms up")
	b.begin()
	w := answered(b, batch())
	require.Equal(t, http.StatusAccepted, w.Code)
	require.JSONEq(t, `{"taken":1,"room":32}`, w.Body.String())
	unmarked := batch()
	unmarked.Header.Del(Header)
	require.Equal(t, http.StatusForbidden, answered(b, unmarked).Code)
	plain := batch()
	plain.Header.Del("Content-Type")
	require.Equal(t, http.StatusUnsupportedMediaType, answered(b, plain).Code)
	b.end()
	require.Equal(t, http.StatusConflict, answered(b, batch()).Code)
	require.True(t, b.empty())
}

func TestInboxTakesOnlyWhatItMay(t *testing.T) {
	for _, tt := range []struct {
		name, batch string
		unsafe      bool
		status      int
		taken       string
	}{
		{name: "two requests", batch: "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/2.0\r\nHost: a\r\n\r\n", status: 202, taken: "/a /b"},
		{name: "none", batch: "", status: 202},
		{name: "a method that may change something", batch: "POST /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n", status: 202, taken: "/b"},
		{name: "the same where that is allowed", batch: "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET /b HTTP/1.1\r\nHost: a\r\n\r\n", unsafe: true, status: 202, taken: "/a /b"},
		{name: "a tunnel", batch: "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", unsafe: true, status: 202},
		{name: "another host", batch: "GET http://metadata/latest HTTP/1.1\r\nHost: a\r\n\r\n", status: 202},
		{name: "a path that may be a host", batch: "GET //metadata/latest HTTP/1.1\r\nHost: a\r\n\r\n", status: 202},
		{
			name: "a body that is too long", unsafe: true, status: 202, taken: "/b",
			batch: fmt.Sprintf("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%sGET /b HTTP/1.1\r\nHost: a\r\n\r\n", maxBodyBytes+1, strings.Repeat("a", maxBodyBytes+1)),
		},
		{name: "what is no request", batch: "GET /a HTTP/1.1\r\nHost: a\r\n\r\nhello\r\n\r\n", status: 400, taken: "/a"},
		{name: "a request that ends too early", batch: "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nok", unsafe: true, status: 400},
		{name: "a batch that is too long", batch: "GET /a HTTP/1.1\r\nHost: " + strings.Repeat("a", maxBatchBytes) + "\r\n\r\n", status: 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newInbox(tt.unsafe)
			b.begin()
			require.Equal(t, tt.status, answered(b, batchOf(strings.NewReader(tt.batch))).Code)
			var taken []string
			for m, ok := b.next(); ok; m, ok = b.next() {
				taken = append(taken, m.request.Path)
			}
			require.Equal(t, tt.taken, strings.Join(taken, " "))
		})
	}
}

// It asks for half of what it has room for, and for nothing when it is full.
func TestInboxAsksForWhatItHasRoomFor(t *testing.T) {
	metrics := NewMetrics(nil)
	b := NewInbox(NewStrip(nil, nil), false, clock.RealClock{}, metrics)
	b.begin()
	send := func(n int) string {
		return answered(b, batchOf(strings.NewReader(strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", n)))).Body.String()
	}
	require.JSONEq(t, `{"taken":60,"room":2}`, send(inboxSize-4))
	require.JSONEq(t, `{"taken":4,"room":0}`, send(6))
	require.InDelta(t, 2, testutil.ToFloat64(metrics.inbox.WithLabelValues(receivedFull)), 0)
	b.next()
	require.JSONEq(t, `{"taken":0,"room":1}`, send(0))
}

// A batch may still come in when a warm-up ends.
func TestInboxTakesNothingAfterTheEnd(t *testing.T) {
	b := newInbox(true)
	b.begin()
	body, late := io.Pipe()
	answer := make(chan *httptest.ResponseRecorder)
	go func() { answer <- answered(b, batchOf(body)) }()
	_, err := io.WriteString(late, "POST /search HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nneed") // read once the inbox was found open
	require.NoError(t, err)
	b.end()
	_, err = io.WriteString(late, "le")
	require.NoError(t, err)
	require.NoError(t, late.Close())
	require.JSONEq(t, `{"taken":0,"room":0}`, (<-answer).Body.String())
	require.Empty(t, b.waiting)
}

// Whatever comes, what waits for the app is a request of a path of its own,
// without credentials and not too long.
func FuzzInbox(f *testing.F) {
	f.Add([]byte("GET /a?b=1&token=x HTTP/1.1\r\nHost: a\r\nCookie: b\r\nX-Foreshadow-Source-Class: 2xx\r\nX-Foreshadow-Source-Latency: 5ms\r\n\r\n"))
	f.Add([]byte("POST /a HTTP/2.0\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET http://b/ HTTP/1.0\r\n\r\n"))
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Cookie\r\n\r\n2\r\nok\r\n0\r\nCookie: b\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := newInbox(true)
		b.begin()
		w := answered(b, batchOf(strings.NewReader(string(raw))))
		require.Contains(t, []int{http.StatusAccepted, http.StatusBadRequest}, w.Code)
		strip := NewStrip(nil, nil)
		for m, ok := b.next(); ok; m, ok = b.next() {
			_, err := parsePath(m.request.Path)
			require.NoError(t, err)
			require.LessOrEqual(t, len(m.request.payload), maxBodyBytes)
			for name := range m.request.mirrored {
				require.False(t, strip.Withholds(name), name)
			}
			require.GreaterOrEqual(t, m.source.Latency, time.Duration(0))
		}
	})
}

// What a tap sends of a sample is what its receiver reads, and no more: nothing
// in it begins another request.
func FuzzSample(f *testing.F) {
	f.Add("GET", "shop.example", "/a b", "c=1&token=2", "Accept", "text/html", "", true)
	f.Add("POST", "a\r\nX: b", "/a", "x y", "X-A", "b\r\n\r\nGET / HTTP/1.1", "body", false)
	f.Add("OPTIONS", "", "*", "", "Connection", "X-A", "", false)
	f.Fuzz(func(t *testing.T, method, host, path, query, name, value, body string, http2 bool) {
		body = body[:min(len(body), maxBodyBytes)]
		s := &sampled{
			method: method, host: host, url: &url.URL{Path: path, RawQuery: query}, header: http.Header{name: {value}}, body: []byte(body),
			http2: http2, class: ClassSuccess, latency: time.Millisecond,
		}
		strip := NewStrip(nil, nil)
		before := []byte("before")
		raw, ok := s.appendTo(before, strip)
		if !ok {
			require.Equal(t, before, raw)
			return
		}
		b := newInbox(true)
		b.begin()
		w := answered(b, batchOf(strings.NewReader(string(raw[len(before):])+"GET /after HTTP/1.1\r\nHost: a\r\n\r\n")))
		if len(raw) > maxBatchBytes-100 {
			return
		}
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
		if method != http.MethodConnect {
			m, ok := b.next()
			require.True(t, ok, w.Body)
			require.Equal(t, method, m.request.Method)
			require.Equal(t, strip.path(s.url), m.request.Path)
			require.Equal(t, body, string(m.request.payload))
			require.Equal(t, http2, m.request.Protocol == HTTP2)
			require.Equal(t, time.Millisecond, m.source.Latency)
		}
		m, ok := b.next()
		require.True(t, ok)
		require.Equal(t, "/after", m.request.Path)
		require.True(t, b.empty())
	})
}
