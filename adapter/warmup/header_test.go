package warmup

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStripWithholdsCredentials(t *testing.T) {
	h := http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}, "Connection": {"keep-alive, x-hop"}, "X-Hop": {"b"}}
	for _, name := range Withheld() {
		h.Set(name, "secret")
	}
	h.Set("X-Session", "secret")
	got := NewStrip([]string{"x-session"}, nil).clean(h)
	require.Equal(t, http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}}, got)

	got = NewStrip([]string{"x-session"}, []string{"cookie"}).clean(h)
	require.Equal(t, http.Header{"Accept": {"text/html"}, "X-Tenant": {"a"}, "Cookie": {"secret"}}, got)
}

func TestStripKeepsOursOut(t *testing.T) {
	h := http.Header{}
	h.Set(sourceLatencyHeader, "1ns")
	h.Set(Header, HeaderValue)
	require.Empty(t, NewStrip(nil, []string{Header, sourceLatencyHeader, "Connection"}).clean(h))
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
