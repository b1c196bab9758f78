package sources

import (
	"bytes"
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answering stands for the source that flags configure.
type answering struct{ asked int }

func (a *answering) QueryRange(context.Context, string, history.Range) (history.Result, error) {
	a.asked++
	return history.Result{}, nil
}

// server is a Prometheus that says what it was asked with.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	last http.Header
	hits int
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = r.Header.Clone()
		s.hits++
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[]}}`))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) seen() (http.Header, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.hits
}

type rig struct {
	set  *Set
	path string
	logs *bytes.Buffer
	reg  *prometheus.Registry
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{path: filepath.Join(t.TempDir(), "sources.yaml"), logs: &bytes.Buffer{}, reg: prometheus.NewPedanticRegistry()}
	r.set = NewSet(Options{
		Default: &answering{}, Confinement: history.Confinement{Label: "namespace"}, PerNamespace: 2,
		Metrics: history.NewMetrics(nil), Logger: log.NewLogfmtLogger(r.logs), Registerer: r.reg, Clock: clock.RealClock{},
	})
	t.Cleanup(func() { require.NoError(t, r.set.replace(nil, "")) }) // closes what is open
	return r
}

func (r *rig) write(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(r.path, []byte(text), 0o600))
}

func ask(t *testing.T, src history.Source) error {
	t.Helper()
	_, err := src.QueryRange(t.Context(), "up", history.Range{Start: time.Unix(60, 0), End: time.Unix(60, 0), Step: time.Minute})
	return err
}

func TestASourceIsAskedWithItsTenantAndCredentials(t *testing.T) {
	s, r := newServer(t), newRig(t)
	token := filepath.Join(filepath.Dir(r.path), "token")
	require.NoError(t, os.WriteFile(token, []byte("open sesame"), 0o600))
	r.write(t, `
sources:
- name: long-term
  url: `+s.URL+`/prometheus
  namespaces: [shop]
  headers: {X-Scope-OrgID: shop|bank}
  confine_label: exported_namespace
  http_config: {authorization: {credentials_file: token}}
`)
	_, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	got, err := r.set.Of("long-term", "shop")
	require.NoError(t, err)
	require.Equal(t, "exported_namespace", got.Confinement.Label)
	require.NoError(t, ask(t, got.Source))
	header, _ := s.seen()
	require.Equal(t, "shop|bank", header.Get("X-Scope-OrgID"))
	require.Equal(t, "Bearer open sesame", header.Get("Authorization"))

	// The file of a credential is read again by itself.
	require.NoError(t, os.WriteFile(token, []byte("open barley"), 0o600))
	require.NoError(t, ask(t, got.Source))
	header, _ = s.seen()
	require.Equal(t, "Bearer open barley", header.Get("Authorization"))
}

func TestNamespacesAreKeptApart(t *testing.T) {
	s, r := newServer(t), newRig(t)
	r.write(t, "sources: [{name: long, url: '"+s.URL+"', namespaces: [shop]}, {name: open, url: '"+s.URL+"', namespaces: ['*']}]")
	_, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	_, err = r.set.Of("long", "bank")
	require.EqualError(t, err, `source "long" is not for namespace "bank": write default or open, or ask the operator to list the namespace in --history.sources-file`)
	_, err = r.set.Of("lost", "shop")
	require.EqualError(t, err, `unknown source "lost": write default or long or open`)
	_, err = r.set.Of("open", "bank")
	require.NoError(t, err)
}

// A pool that has not yet heard of a change asks nobody for what is another's now.
func TestWhatHasChangedIsNotAsked(t *testing.T) {
	one, two, r := newServer(t), newServer(t), newRig(t)
	r.write(t, "sources: [{name: long, url: '"+one.URL+"', namespaces: [shop]}]")
	file, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	before, err := r.set.Of("long", "shop")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"another server":    "sources: [{name: long, url: '" + two.URL + "', namespaces: [shop]}]",
		"another tenant":    "sources: [{name: long, url: '" + one.URL + "', namespaces: [shop], headers: {X-Scope-OrgID: a}}]",
		"another user":      "sources: [{name: long, url: '" + one.URL + "', namespaces: [shop], http_config: {basic_auth: {username: a}}}]",
		"another namespace": "sources: [{name: long, url: '" + one.URL + "', namespaces: [bank]}]",
		"none":              "sources: []",
	} {
		r.write(t, text)
		news, err := file.load()
		require.NoError(t, err, name)
		require.True(t, news, name)
		err = ask(t, before.Source)
		require.ErrorIs(t, err, history.ErrUnavailable, name)
	}
	for _, s := range []*server{one, two} {
		_, hits := s.seen()
		require.Zero(t, hits)
	}
	// Other credentials hold the same data: the pool goes on.
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(r.path), "token"), []byte("open sesame"), 0o600))
	r.write(t, "sources: [{name: long, url: '"+one.URL+"', namespaces: [shop], http_config: {authorization: {credentials_file: token}}}]")
	_, err = file.load()
	require.NoError(t, err)
	require.NoError(t, ask(t, before.Source))
	header, _ := one.seen()
	require.NotEmpty(t, header.Get("Authorization"))
}

// What stands behind a URL may depend on a token, which data do not tell.
func TestSourcesAreKeptApart(t *testing.T) {
	s, r := newServer(t), newRig(t)
	r.write(t, "sources: [{name: one, url: '"+s.URL+"', namespaces: [shop]}, {name: two, url: '"+s.URL+"', namespaces: [shop]}]")
	_, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	one, err := r.set.Of("one", "shop")
	require.NoError(t, err)
	two, err := r.set.Of("two", "shop")
	require.NoError(t, err)
	require.NotEqual(t, one.Data, two.Data)
}

// The text of the file is right, and what it names comes later.
func TestARefusedFileIsTriedAgain(t *testing.T) {
	s, r := newServer(t), newRig(t)
	r.write(t, "sources: []")
	file, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	r.write(t, "sources: [{name: long, url: '"+s.URL+"', namespaces: [shop], http_config: {tls_config: {ca_file: ca.crt}}}]")
	for range 2 {
		_, err = file.load()
		require.ErrorContains(t, err, "ca.crt")
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newTLSServer(t).Certificate().Raw})
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(r.path), "ca.crt"), authority, 0o600))
	news, err := file.load()
	require.NoError(t, err)
	require.True(t, news)
	require.InDelta(t, 1, testutil.ToFloat64(file.metrics.success), 0)
}

func newTLSServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s
}

func TestABadFileLeavesTheLastGoodOne(t *testing.T) {
	s, r := newServer(t), newRig(t)
	good := "sources: [{name: long, url: '" + s.URL + "', namespaces: [shop]}]"
	r.write(t, good)
	file, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	require.InDelta(t, 1, testutil.ToFloat64(file.metrics.success), 0)
	r.write(t, "sources: [{name: long, url: nowhere, namespaces: [shop]}]")
	_, err = file.load()
	require.EqualError(t, err, "--history.sources-file: "+r.path+`: sources[0].url: "nowhere": has no scheme http or https: write http://nowhere or https://nowhere`)
	require.InDelta(t, 0, testutil.ToFloat64(file.metrics.success), 0)
	got, err := r.set.Of("long", "shop")
	require.NoError(t, err)
	require.NoError(t, ask(t, got.Source))
	r.write(t, good)
	_, err = file.load()
	require.NoError(t, err)
	require.InDelta(t, 1, testutil.ToFloat64(file.metrics.success), 0)
	require.NoError(t, os.Remove(r.path))
	_, err = file.load()
	require.ErrorIs(t, err, os.ErrNotExist)
	problems, err := testutil.GatherAndLint(r.reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestARefusalIsLoggedOnce(t *testing.T) {
	r := newRig(t)
	r.write(t, "sources: []")
	file, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	reload := func() int {
		file.reload(func() {})
		return strings.Count(r.logs.String(), "sources file refused")
	}
	require.NoError(t, os.Remove(r.path))
	require.Equal(t, 1, reload())
	require.Equal(t, 1, reload())
	r.write(t, "sources: [{name: long, url: nowhere, namespaces: [shop]}]")
	require.Equal(t, 2, reload())
	r.write(t, "sources: []")
	require.Equal(t, 2, reload())
	require.NoError(t, os.Remove(r.path))
	require.Equal(t, 3, reload())
}

// Run hears of a change and tells whoever reads.
func TestRunFollowsTheFile(t *testing.T) {
	s, r := newServer(t), newRig(t)
	r.write(t, "sources: []")
	file, err := NewFile(r.path, r.set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	changed, done := make(chan struct{}, 16), make(chan error, 1)
	go func() { done <- file.Run(ctx, func() { changed <- struct{}{} }) }()
	r.write(t, "sources: [{name: long, url: '"+s.URL+"', namespaces: ['*']}]")
	select {
	case <-changed:
	case <-time.After(2 * time.Minute): // a minute is how long a change may stay unseen
		t.Fatal("the change was not seen")
	}
	_, err = r.set.Of("long", "shop")
	require.NoError(t, err)
	cancel()
	require.NoError(t, <-done)
}

func TestRefusals(t *testing.T) {
	base := func(more string) string {
		return "sources: [{name: a, url: 'http://x', namespaces: [shop]" + more + "}]"
	}
	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":               {"sources: [", "did not find expected node content"},
		"an empty file":         {"", "sources: is missing: write the list, [] for none"},
		"an unknown field":      {base(", urll: x"), `unknown field "sources[0].urll"`},
		"a wrong type":          {base(", max_concurrency: many"), "max_concurrency"},
		"a field twice":         {"sources: []\nsources: []", `key "sources" already set in map`},
		"no name":               {"sources: [{url: 'http://x', namespaces: [shop]}]", `sources[0].name: "": write small letters`},
		"the default":           {"sources: [{name: default, url: 'http://x', namespaces: [shop]}]", "sources[0].name: default is taken"},
		"a name twice":          {"sources: [{name: a, url: 'http://x', namespaces: [b]}, {name: a, url: 'http://x', namespaces: [b]}]", "sources[1].name: a is taken"},
		"no URL":                {"sources: [{name: a, namespaces: [shop]}]", `sources[0].url: "": has no scheme`},
		"a password in the URL": {"sources: [{name: a, url: 'http://me:hunter2@x', namespaces: [shop]}]", "sources[0].url: has a user name or password"},
		"no namespace":          {"sources: [{name: a, url: 'http://x'}]", "sources[0].namespaces: is empty"},
		"a bad namespace":       {"sources: [{name: a, url: 'http://x', namespaces: [Shop]}]", `sources[0].namespaces[0]: "Shop": write the name of a namespace`},
		"a label":               {base(", confine_label: 'no-label'"), `sources[0].confine_label: label "no-label"`},
		"a timeout":             {base(", timeout: 1 minute"), `sources[0].timeout: "1 minute": write a duration`},
		"a header":              {base(", headers: {'X Y': a}"), `sources[0].headers: "X Y": write the name of an HTTP header`},
		"a credential's header": {base(", headers: {authorization: hunter2}"), `sources[0].headers: "authorization": is not for here`},
		"a header of two lines": {base(`, headers: {X-Scope-OrgID: "a\r\nX-Other: b"}`), "sources[0].headers.X-Scope-OrgID: write one line"},
		"a header twice":        {base(", headers: {X-A: a}, http_config: {http_headers: {X-A: {values: [b]}}}"), "sources[0].headers.X-A: is in http_config.http_headers, too"},
		"a password":            {base(", http_config: {basic_auth: {username: a, password: hunter2}}"), "sources[0].http_config.basic_auth.password: holds a credential: write it into a file, and the file's path as password_file"},
		"a token":               {base(", http_config: {bearer_token: hunter2}"), "sources[0].http_config.bearer_token: holds a credential"},
		"a key":                 {base(", http_config: {tls_config: {key: hunter2}}"), "sources[0].http_config.tls_config.key: holds a credential"},
		"a client's secret":     {base(", http_config: {oauth2: {client_secret: hunter2}}"), "sources[0].http_config.oauth2.client_secret: holds a credential"},
		"a secret header":       {base(", http_config: {http_headers: {X-A: {secrets: [hunter2]}}}"), "sources[0].http_config.http_headers.X-A.secrets: holds a credential"},
		"a proxy's password":    {base(", http_config: {proxy_url: 'http://a:hunter2@b'}"), "sources[0].http_config.proxy_url: has a user name or password"},
		"a token's password":    {base(", http_config: {oauth2: {token_url: 'http://a:hunter2@b', client_id: a}}"), "sources[0].http_config.oauth2.token_url: has a user name or password"},
		"an unknown setting":    {base(", http_config: {basic: {}}"), "sources[0].http_config: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.write(t, tc.text)
			_, err := NewFile(r.path, r.set)
			require.ErrorContains(t, err, tc.want)
			require.True(t, strings.HasPrefix(err.Error(), "--history.sources-file: "+r.path+": "), err.Error())
			require.NotContains(t, err.Error(), "hunter2")
			require.Equal(t, err.Error(), Check(r.path).Error())
		})
	}
	require.ErrorIs(t, Check("/missing.yaml"), os.ErrNotExist)
	require.NotErrorIs(t, Check("/missing.yaml"), os.ErrPermission)
}
