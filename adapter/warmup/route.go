package warmup

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

var errPath = errors.New(`write a path that begins with one "/", with its query if it has one, escaped as in a URL`)

// parsePath reads a path with its query. What names a host is refused: a request
// stays in the pod.
func parsePath(s string) (*url.URL, error) {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, " #\\\x7f") {
		return nil, errPath
	}
	u, err := url.ParseRequestURI(s)
	if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil {
		return nil, errPath
	}
	return u, nil
}

func isPath(s string) bool {
	_, err := parsePath(s)
	return err == nil
}

// isSafe says that a method asks for nothing to be changed (RFC 9110, 9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// RouteOf names a request by its method and its path, without the query, and
// with each part that looks like an identifier replaced.
func RouteOf(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if isIdentifier(part) {
			parts[i] = ":id"
		}
	}
	name := method + " " + strings.Join(parts, "/")
	return name[:min(len(name), maxRouteBytes)]
}

// isIdentifier takes for one what has a digit and otherwise only hexadecimal
// digits, dashes and underscores, or is long and has digits.
func isIdentifier(part string) bool {
	digits, other := 0, 0
	for _, c := range []byte(part) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == '-', c == '_':
		default:
			other++
		}
	}
	return digits > 0 && (other == 0 || len(part) >= 20)
}

// isToken says that a string can be the name of a method or a header (RFC 9110,
// 5.6.2).
func isToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
