package accesslog

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// jsonWebToken is the beginning of one, and of all that is signed that way.
var jsonWebToken = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]{8,}`)

const (
	// tokenFrom is how long a part of a path with a digit is that, behind a part such
	// as "token", is taken for one; mixedFrom how long one of both cases and digits is
	// that is, wherever it stands. Identifiers are mostly shorter, or of one case.
	tokenFrom, mixedFrom = 12, 24
)

// cleaner leaves out of a request what no list should hold.
type cleaner struct{ strip warmup.Strip }

// path returns what is kept of a target: the path without its parameters, and the
// names of the query's. It is empty where there is no path, and secret says that
// it may hold what nobody should read.
func (c cleaner) path(target string) (path string, secret bool) {
	u, err := url.Parse(target)
	if err != nil || strings.HasPrefix(target, "//") || !strings.HasPrefix(u.EscapedPath(), "/") || strings.HasPrefix(u.EscapedPath(), "//") {
		return "", false
	}
	parts := strings.Split(u.EscapedPath(), "/")
	for i, part := range parts {
		part, _, _ = strings.Cut(part, ";") // such as ;jsessionid=
		parts[i] = part
		plain, err := url.PathUnescape(part)
		if err != nil {
			return "", false
		}
		before := ""
		if i > 0 {
			before = parts[i-1]
		}
		if c.secret(plain, before) {
			return "", true
		}
	}
	return strings.Join(parts, "/") + c.query(u.RawQuery), false
}

// secret says that a part of a path, behind another, may be a credential or name a
// person.
func (c cleaner) secret(part, before string) bool {
	digits := strings.ContainsAny(part, "0123456789")
	mixed := digits && strings.ToLower(part) != part && strings.ToUpper(part) != part
	return strings.Contains(part, "@") || jsonWebToken.MatchString(part) || mixed && len(part) >= mixedFrom ||
		digits && len(part) >= tokenFrom && c.strip.Withholds(before)
}

// query returns the names of the parameters, each once, in the order of the
// alphabet, without their values and without those that name a credential.
func (c cleaner) query(raw string) string {
	var names []string
	for part := range strings.SplitSeq(raw, "&") {
		name, _, valued := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		// Without a "=" it may be a value that stands alone.
		if err == nil && valued && plain != "" && !c.strip.Withholds(plain) {
			names = append(names, url.QueryEscape(plain)+"=")
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "?" + strings.Join(slices.Compact(names), "&")
}
