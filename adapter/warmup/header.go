package warmup

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// withheld are the headers that no mirrored request carries unless they are kept
// by name: what says who somebody is.
func withheld() []string {
	return []string{
		"Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie",
		"X-Amz-Security-Token", "X-Api-Key", "X-Auth-Token", "X-Csrf-Token", "X-Forwarded-Client-Cert", "X-Xsrf-Token",
	}
}

// telling are parts of names, of headers and of query parameters, whose values
// are likely to be credentials, too.
var telling = []string{"apikey", "auth", "cookie", "credential", "csrf", "key", "passw", "secret", "session", "sig", "token", "xsrf"}

// hopByHop belong to a connection, not to a request (RFC 9110, 7.6.1).
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// written by us or by the transport.
var reserved = append([]string{"Content-Length", "Host", Header, sourceClassHeader, sourceLatencyHeader}, hopByHop...)

// Strip says which headers and query parameters of a real request are not
// mirrored.
type Strip struct {
	withheld, kept map[string]bool
}

// NewStrip withholds the usual names and those in also, but for those in keep,
// whatever their case.
func NewStrip(also, keep []string) Strip {
	s := Strip{withheld: map[string]bool{}, kept: map[string]bool{}}
	for _, name := range slices.Concat(withheld(), also) {
		s.withheld[strings.ToLower(name)] = true
	}
	for _, name := range keep {
		s.kept[strings.ToLower(name)] = true
	}
	return s
}

// Withholds says that the value of a header or a parameter of this name is not
// mirrored.
func (s Strip) Withholds(name string) bool {
	var room [64]byte
	lower := appendLower(room[:0], name)
	if s.kept[string(lower)] {
		return false
	}
	if s.withheld[string(lower)] {
		return true
	}
	for _, part := range telling {
		if bytes.Contains(lower, []byte(part)) {
			return true
		}
	}
	return false
}

// appendLower is strings.ToLower without an allocation for what names consist of.
func appendLower(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= utf8.RuneSelf:
			return append(dst[:0], strings.ToLower(name)...)
		}
		dst = append(dst, c)
	}
	return dst
}

// mirrored are those of a request's headers that may be mirrored. What Connection
// names belongs to the connection, too.
func (s Strip) mirrored(h http.Header) iter.Seq2[string, []string] {
	named := connectionNames(h)
	return func(yield func(string, []string) bool) {
		for name, values := range h {
			if !slices.Contains(reserved, name) && !slices.Contains(named, name) && !s.Withholds(name) && !yield(name, values) {
				return
			}
		}
	}
}

// path returns what may be mirrored of a request's path and query.
func (s Strip) path(u *url.URL) string {
	path := u.EscapedPath()
	if query := s.cleanQuery(u.RawQuery); query != "" {
		path += "?" + query
	}
	return path
}

// cleanQuery leaves parameters out by their names, and keeps the others as they
// are, in their order.
func (s Strip) cleanQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var out []string
	for part := range strings.SplitSeq(raw, "&") {
		key, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(key); err == nil && !s.Withholds(name) {
			out = append(out, part)
		}
	}
	return strings.Join(out, "&")
}

func connectionNames(h http.Header) (names []string) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			names = append(names, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	return names
}

// checkHeaders refuses what a transport would, and what is ours to write.
func checkHeaders(path *field.Path, headers map[string]string) (errs field.ErrorList) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		switch key := http.CanonicalHeaderKey(name); {
		case !isToken(name):
			errs = append(errs, field.Invalid(path, name, "write the name of a header, such as Accept"))
		case key != "Host" && slices.Contains(reserved, key):
			errs = append(errs, field.Forbidden(path.Key(name), "leave it out: it is written for you"))
		case !isHeaderValue(headers[name]):
			// The value may be a secret: it is not shown.
			errs = append(errs, field.Forbidden(path.Key(name), "write its value without control characters and line breaks"))
		}
	}
	return errs
}

func isHeaderValue(v string) bool {
	return !strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// ParseCredentials reads headers that are added to every request: lines of
// "Name: value", as curl takes them; empty lines and those that begin with # are
// skipped. An error never shows a value.
func ParseCredentials(raw []byte) (http.Header, error) {
	out := http.Header{}
	n := 0
	for line := range strings.Lines(string(raw)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isToken(name) {
			return nil, fmt.Errorf("line %d: no header: write Name: value", n)
		}
		if errs := checkHeaders(field.NewPath(fmt.Sprintf("line %d", n)), map[string]string{name: value}); len(errs) > 0 {
			return nil, errs.ToAggregate()
		}
		out.Add(name, value)
	}
	return out, nil
}
