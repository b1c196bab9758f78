package warmup

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A tap sends samples in batches: a POST whose body is one HTTP request after
// the other, application/http of RFC 9112, 10.2. Those that came by HTTP/2 say so
// in their request line, and each has what the source pod made of it in these
// headers.
const (
	batchType           = "application/http"
	sourceClassHeader   = "X-Foreshadow-Source-Class"
	sourceLatencyHeader = "X-Foreshadow-Source-Latency"
)

const (
	// maxBatch is how many samples are sent together at most, maxBatchBytes how
	// long their requests are.
	maxBatch      = 32
	maxBatchBytes = 256 << 10
)

// receipt is the answer to a batch: how many of its samples wait for the app, and
// how many more may come.
type receipt struct {
	Taken int `json:"taken"`
	Room  int `json:"room"`
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
}

// appendTo appends what is mirrored of a sample: nothing leaves the pod that is
// withheld. It is false, and dst as it was, for what is no request of a path, such
// as OPTIONS *.
func (s *sampled) appendTo(dst []byte, strip Strip) (out []byte, ok bool) {
	path := strip.path(s.url)
	if !isPath(path) || !isToken(s.method) || !isHeaderValue(s.host) {
		return dst, false
	}
	dst = append(append(append(dst, s.method...), ' '), path...)
	if s.http2 {
		dst = append(dst, " HTTP/2.0\r\n"...)
	} else {
		dst = append(dst, " HTTP/1.1\r\n"...)
	}
	dst = appendHeader(dst, "Host", s.host)
	dst = appendHeader(dst, sourceClassHeader, string(s.class))
	dst = append(dst, sourceLatencyHeader+": "...)
	dst = append(strconv.AppendInt(dst, int64(s.latency), 10), "ns\r\n"...)
	if len(s.body) > 0 {
		dst = appendHeader(dst, "Content-Length", strconv.Itoa(len(s.body)))
	}
	for name, values := range strip.mirrored(s.header) {
		for _, value := range values {
			if isToken(name) && isHeaderValue(value) {
				dst = appendHeader(dst, name, value)
			}
		}
	}
	return append(append(dst, "\r\n"...), s.body...), true
}

func appendHeader(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, name...), ": "...), value...)
	return append(dst, "\r\n"...)
}
