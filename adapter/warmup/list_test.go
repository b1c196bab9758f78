package warmup

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseList(t *testing.T) {
	l, err := ParseList([]byte(`
requests:
- path: /products/17?colour=red
  weight: 3
  headers: {Accept: text/html}
- {path: /shop.Cart/Get, protocol: GRPC, allowUnsafe: true, bodyBase64: CgM0Mg==}
- {method: POST, path: /search, body: '{"q":"a"}', allowUnsafe: true, route: search, protocol: HTTP2}
`))
	require.NoError(t, err)
	require.Len(t, l.Requests, 3)
	require.Equal(t, "GET /products/:id", l.Requests[0].Route)
	require.Equal(t, "GET", l.Requests[0].Method)
	require.Equal(t, HTTP1, l.Requests[0].Protocol)
	require.Equal(t, "POST", l.Requests[1].Method)
	require.Equal(t, []byte("\n\x0342"), l.Requests[1].payload)
	require.Equal(t, "search", l.Requests[2].Route)
	require.EqualValues(t, 1, l.Requests[2].weight())
}

func TestParseListSaysWhatToWrite(t *testing.T) {
	for _, tt := range []struct{ name, list, want string }{
		{"nothing", ``, `requests: Required value: write at least one request, such as {path: "/"}`},
		{"a list without requests", `requests: []`, `requests: Required value: write at least one request, such as {path: "/"}`},
		{"no YAML", "requests:\n\t- path: /", "line 2: found character that cannot start any token"},
		{"an unknown field", `requests: [{path: /, wieght: 3}]`, `unknown field "requests[0].wieght"`},
		{"a field twice", `requests: [{path: /, path: /a}]`, `key "path" already set in map`},
		{"a number that is text", `requests: [{path: /, weight: "3"}]`, "cannot unmarshal string into Go struct field Request.requests.weight of type int32"},
		{"no path", `requests: [{method: GET}]`, `requests[0].path: Required value: write a path such as "/"`},
		{
			"another host", `requests: [{path: "http://metadata/latest"}]`,
			`requests[0].path: Invalid value: "http://metadata/latest": write a path that begins with one "/", with its query if it has one, escaped as in a URL`,
		},
		{"another host, without its scheme", `requests: [{path: //metadata/latest}]`, `requests[0].path: Invalid value: "//metadata/latest": write a path that begins with one "/"`},
		{
			"a method that may change something", `requests: [{path: /}, {path: /, method: DELETE}]`,
			`requests[1].method: Forbidden: DELETE may change something: write allowUnsafe: true if a pod that is not in use may do it`,
		},
		{
			"a gRPC call", `requests: [{path: /a.B/C, protocol: GRPC}]`,
			`requests[0].method: Forbidden: a gRPC call may change something: write allowUnsafe: true if a pod that is not in use may do it`,
		},
		{"a gRPC call by GET", `requests: [{path: /a.B/C, protocol: GRPC, method: GET}]`, `requests[0].method: Invalid value: "GET": leave it out: a gRPC call is a POST`},
		{"a gRPC call of nothing", `requests: [{path: /a, protocol: GRPC, allowUnsafe: true}]`, `requests[0].path: Invalid value: "/a": write /package.Service/Method`},
		{"a protocol that is none", `requests: [{path: /, protocol: h2}]`, `requests[0].protocol: Unsupported value: "h2": supported values: "HTTP1", "HTTP2", "GRPC"`},
		{"two bodies", `requests: [{path: /, body: a, bodyBase64: YQ==}]`, `requests[0].bodyBase64: Forbidden: write body or bodyBase64, not both`},
		{"no base64", `requests: [{path: /, bodyBase64: "?"}]`, `requests[0].bodyBase64: Invalid value: "?": write standard base64 with its padding`},
		{"a long body", `requests: [{path: /, body: "` + strings.Repeat("a", maxBodyBytes+1) + `"}]`, `requests[0].body: Too long: may not be more than 65536 bytes`},
		{"a header of ours", `requests: [{path: /, headers: {x-foreshadow-warmup: "0"}}]`, `requests[0].headers[x-foreshadow-warmup]: Forbidden: leave it out: it is written for you`},
		{"a header that breaks the line", `requests: [{path: /, headers: {X-A: "a\r\nb"}}]`, `requests[0].headers[X-A]: Forbidden: write its value without control characters and line breaks`},
		{"a weight below nothing", `requests: [{path: /, weight: -1}]`, `requests[0].weight: Invalid value: -1: write a whole number from 0 to 1000000`},
		{"no weight at all", `requests: [{path: /, weight: 0}]`, `requests: Invalid value: 0: write a weight above 0 for at least one request`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseList([]byte(tt.list))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("requests: [{path: /a?b=c, weight: 2, headers: {A: b}}]"))
	f.Add([]byte(`{"requests":[{"path":"/a.B/C","protocol":"GRPC","allowUnsafe":true,"bodyBase64":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := ParseList(raw)
		if err != nil {
			return
		}
		app, err := NewHTTPApp("http://127.0.0.1:8080", nil, nil)
		require.NoError(t, err)
		pick := newPicker(l, rand.New(rand.NewPCG(1, 2)))
		for range 3 {
			r := pick.next()
			require.True(t, isSafe(r.Method) || r.AllowUnsafe, "%s is sent", r.Method)
			req, err := app.request(t.Context(), r)
			require.NoError(t, err, "a list that was taken can be sent")
			require.Equal(t, "127.0.0.1:8080", req.URL.Host)
			require.Equal(t, []string{HeaderValue}, req.Header[Header])
		}
	})
}

func TestPickerFollowsWeights(t *testing.T) {
	l, err := ParseList([]byte(`requests: [{path: /a, weight: 6}, {path: /b, weight: 0}, {path: /c, weight: 3}, {path: /d}]`))
	require.NoError(t, err)
	pick := newPicker(l, rand.New(rand.NewPCG(1, 2)))
	got := map[string]int{}
	const n = 10_000
	for range n {
		got[pick.next().Path]++
	}
	// Four standard errors of a share of 0.6 are 0.02.
	require.InDelta(t, 0.6, float64(got["/a"])/n, 0.02)
	require.InDelta(t, 0.3, float64(got["/c"])/n, 0.02)
	require.Zero(t, got["/b"])
}

func TestRouteOf(t *testing.T) {
	for path, want := range map[string]string{
		"/":                           "GET /",
		"/products/17?colour=red":     "GET /products/:id",
		"/users/9f86d081-884c/orders": "GET /users/:id/orders",
		"/v2/face":                    "GET /v2/face",
		"/s/eyJhbGciOiJIUzI1NiIsInR5": "GET /s/:id",
	} {
		require.Equal(t, want, RouteOf("GET", path), path)
	}
}
