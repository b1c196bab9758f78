package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

func TestPath(t *testing.T) {
	c := cleaner{warmup.NewStrip(nil, nil)}
	for target, want := range map[string]string{
		"/":                      "/",
		"/a/17?x=1&&y=2&x=3":     "/a/17?x=&y=",
		"/a?c4n4ry":              "/a",
		"/a?session_id=1&sort=2": "/a?sort=",
		"/a%20b/%C3%BC":          "/a%20b/%C3%BC",
		"/a\\b":                  "/a%5Cb",
		"/a;v=1/b;c=2":           "/a/b",
		"/authors/tolkien":       "/authors/tolkien",
		"/orders/123e4567-e89b-12d3-a456-426614174000": "/orders/123e4567-e89b-12d3-a456-426614174000",
		"//other/a": "", "*": "", "other:443": "", "/%zz": "",
	} {
		got, secret := c.path(target)
		require.Equal(t, want, got, target)
		require.False(t, secret, target)
	}
	for _, target := range []string{
		"/token/0123456789ab", "/a/eyJhbGciOiJIUzI1NiJ9.e30.x", "/a/b@c", "/bot/A1b2C3d4E5f6G7h8I9j0K1l2", "/a%40b",
	} {
		got, secret := c.path(target)
		require.True(t, secret, target)
		require.Empty(t, got)
	}
}

// Whatever a log holds, its list can be read.
func FuzzRead(f *testing.F) {
	f.Add(`1 - - [x] "GET /a/1?b=2 HTTP/1.1" 200 1 "-" "-"` + "\n" + `{"method":"GET","path":"/c"}`)
	f.Add(`{"request":{"method":"HEAD","uri":"/ü?%zz=1"}}`)
	f.Add(`1 - - [x] "GET //host/a HTTP/1.1" 200 1`)
	f.Fuzz(func(t *testing.T, log string) {
		s, err := Read(strings.NewReader(log), 10)
		if err != nil || len(s.List.Requests) == 0 {
			return
		}
		text, err := s.Text()
		require.NoError(t, err)
		_, err = warmup.ParseList([]byte(text))
		require.NoError(t, err, text)
	})
}

// Weights keep their shares where there are more requests than a weight may say.
func TestWeightsAreScaled(t *testing.T) {
	r := &reader{routes: map[string]*route{}}
	r.routes["GET /a"] = &route{method: "GET", n: 4_000_000, paths: map[string]int{"/a": 4_000_000}}
	r.routes["GET /b"] = &route{method: "GET", n: 1_000_000, paths: map[string]int{"/b": 1_000_000}}
	r.routes["GET /c"] = &route{method: "GET", n: 1, paths: map[string]int{"/c": 1}}
	r.list(10)
	got := map[string]int32{}
	for _, q := range r.List.Requests {
		got[q.Path] = *q.Weight
	}
	require.Equal(t, map[string]int32{"/a": 1_000_000, "/b": 250_000, "/c": 1}, got)
}
