package warmup

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func mirroredOf(s Strip, h http.Header) http.Header { return maps.Collect(s.mirrored(h)) }

func TestStripWithholdsCredentials(t *testing.T) {
	h := http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}, "Connection": {"keep-alive, x-hop"}, "X-Hop": {"b"}}
	for _, name := range withheld() {
		h.Set(name, "secret")
	}
	h.Set("X-Session", "secret")
	got := mirroredOf(NewStrip([]string{"x-session"}, nil), h)
	require.Equal(t, http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}}, got)

	got = mirroredOf(NewStrip([]string{"x-session"}, []string{"cookie"}), h)
	require.Equal(t, http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}, "Cookie": {"secret"}}, got)
}

func TestStripKnowsNamesInAnyCase(t *testing.T) {
	s := NewStrip([]string{"X-Tenant"}, []string{"Csrf-Hint"})
	long := strings.Repeat("a", 100)
	for _, name := range []string{"x-tenant", "X-TENANT", "SessionId", "ACCESS_TOKEN", long + "Secret", "to\u212aen", "ünsafe-Auth"} {
		require.True(t, s.Withholds(name), name)
	}
	for _, name := range []string{"", "Accept", "CSRF-HINT", "x-tenants", long, "ünsafe"} {
		require.False(t, s.Withholds(name), name)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Withholds("Accept-Language") }))
}

func TestStripKeepsOursOut(t *testing.T) {
	h := http.Header{}
	h.Set(sourceLatencyHeader, "1ns")
	h.Set(Header, HeaderValue)
	require.Empty(t, mirroredOf(NewStrip(nil, []string{Header, sourceLatencyHeader, "Connection"}), h))
}

func TestParseCredentials(t *testing.T) {
	h, err := ParseCredentials([]byte("# a user of its own\nAuthorization: Bearer a:b\n\nX-Tenant:shop\n"))
	require.NoError(t, err)
	require.Equal(t, http.Header{"Authorization": {"Bearer a:b"}, "X-Tenant": {"shop"}}, h)

	for raw, want := range map[string]string{
		"\nsecret":                  "line 2: no header: write Name: value",
		"a b: secret":               "line 1: no header: write Name: value",
		"X-Foreshadow-Warmup: 0":    "line 1[X-Foreshadow-Warmup]: Forbidden: leave it out: it is written for you",
		"Authorization: secret\x01": "line 1[Authorization]: Forbidden: write its value without control characters and line breaks",
	} {
		_, err := ParseCredentials([]byte(raw))
		require.EqualError(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}
