package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// request is one that an API server got.
type request struct {
	Method, Path, Query, Type string
	Body                      any
}

// wire is an API server that writes down what it is sent and answers with it.
type wire struct {
	// crowd, if not nil, is the writes that are answered together.
	crowd atomic.Pointer[crowd]

	mu  sync.Mutex
	got []request
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	var body any
	_ = json.Unmarshal(raw, &body) // some bodies are no JSON
	w.mu.Lock()
	w.got = append(w.got, request{r.Method, r.URL.Path, r.URL.Query().Encode(), r.Header.Get("Content-Type"), body})
	w.mu.Unlock()
	if all := w.crowd.Load(); all != nil && r.Method == http.MethodPatch {
		all.wait()
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(raw)
}

// crowd holds everybody back until all are there.
type crowd struct {
	missing atomic.Int64
	all     chan struct{}
}

func newCrowd(n int64) *crowd {
	c := &crowd{all: make(chan struct{})}
	c.missing.Store(n)
	return c
}

func (c *crowd) wait() {
	if c.missing.Add(-1) == 0 {
		close(c.all)
	}
	<-c.all
}

func newWire(t *testing.T) (*wire, *server) {
	t.Helper()
	w := &wire{}
	ts := httptest.NewServer(w)
	t.Cleanup(ts.Close)
	return w, dial(t, &rest.Config{Host: ts.URL})
}

func dial(t *testing.T, cfg *rest.Config) *server {
	t.Helper()
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Service"), meta.RESTScopeNamespace)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("Deployment"), meta.RESTScopeNamespace)
	mapper.Add(v1alpha1.GroupVersionKind(), meta.RESTScopeNamespace)
	cfg.ContentType = "application/json"
	out, _, err := Dial(cfg, client.Options{Scheme: testScheme(t), Mapper: mapper})
	require.NoError(t, err)
	s, ok := out.(*server)
	require.True(t, ok)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s
}

// Each write is one request of the right kind.
func TestServerOnTheWire(t *testing.T) {
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: "u"},
	}
	patch := []byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","uid":"u"}}`)
	pool := &v1alpha1.ShadowPool{
		TypeMeta:   metav1.TypeMeta{APIVersion: "foreshadow.dev/v1alpha1", Kind: "ShadowPool"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "p", ResourceVersion: "7"},
		Status:     v1alpha1.ShadowPoolStatus{Epoch: 3},
	}
	owner, force := "fieldManager=foreshadow-shadows", "fieldManager=foreshadow-shadows&force=true"
	var patched any
	require.NoError(t, json.Unmarshal(patch, &patched))
	const pods = "/api/v1/namespaces/shop/pods"
	tests := []struct {
		name  string
		write actuate.Write
		want  request
	}{
		{"a patch", actuate.Write{Verb: actuate.VerbPatch, Object: pod, Patch: patch}, request{"PATCH", pods + "/web-1", owner, "application/merge-patch+json", patched}},
		{
			"a patch of the status",
			actuate.Write{Verb: actuate.VerbPatch, Object: pod, Patch: patch, Subresource: "status"},
			request{"PATCH", pods + "/web-1/status", owner, "application/merge-patch+json", patched},
		},
		{
			"a resize",
			actuate.Write{Verb: actuate.VerbPatch, Object: pod, Patch: patch, Subresource: "resize"},
			request{"PATCH", pods + "/web-1/resize", owner, "application/merge-patch+json", patched},
		},
		{
			"a delete, on what was judged",
			actuate.Write{Verb: actuate.VerbDelete, Object: pod, UID: "u", ResourceVersion: "7"},
			request{"DELETE", pods + "/web-1", "", "application/json", map[string]any{
				"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": map[string]any{"uid": "u", "resourceVersion": "7"},
			}},
		},
		{
			"an apply of the status, and of nothing else",
			actuate.Write{Verb: actuate.VerbApply, Object: pool, Subresource: "status"},
			request{"PATCH", "/apis/foreshadow.dev/v1alpha1/namespaces/shop/shadowpools/web/status", force, "application/apply-patch+yaml", map[string]any{
				"apiVersion": "foreshadow.dev/v1alpha1", "kind": "ShadowPool",
				"metadata": map[string]any{"namespace": "shop", "name": "web", "uid": "p", "resourceVersion": "7"},
				"status":   map[string]any{"epoch": 3.0},
			}},
		},
		{
			"a scale",
			actuate.Write{
				Verb: actuate.VerbPatch, Subresource: "scale", Patch: []byte(`{"spec":{"replicas":3}}`),
				Object: &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}},
			},
			request{"PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", owner, "application/merge-patch+json", map[string]any{"spec": map[string]any{"replicas": 3.0}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, s := newWire(t)
			_, err := s.Do(t.Context(), tt.write)
			require.NoError(t, err)
			require.Len(t, w.got, 1)
			if diff := cmp.Diff(tt.want, w.got[0]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("what comes back of an apply is the object", func(t *testing.T) {
		_, s := newWire(t)
		got, err := s.Do(t.Context(), actuate.Write{Verb: actuate.VerbApply, Object: pool, Subresource: "status"})
		require.NoError(t, err)
		require.Equal(t, int64(3), got.(*v1alpha1.ShadowPool).Status.Epoch)
	})
}

// Requests share the connection that is open until it is full.
func TestLines(t *testing.T) {
	_, s := newWire(t)
	used := map[*line]int{}
	for range streams {
		used[s.line()]++
	}
	require.Len(t, used, 1)
	for range 300 - streams {
		used[s.line()]++
	}
	require.Len(t, used, connections)
	for l, n := range used {
		require.LessOrEqual(t, n, streams)
		require.Equal(t, int64(n), l.busy.Load())
	}
	for range 100 {
		used[s.line()]++
	}
	for _, n := range used {
		require.LessOrEqual(t, n, 100, "none is used twice as much as another")
	}
}

// A burst opens no connection that it does not use, and asks for nothing on one
// that is open.
func TestBurstOnTheWire(t *testing.T) {
	w, opened := &wire{}, atomic.Int64{}
	ts := httptest.NewUnstartedServer(w)
	ts.EnableHTTP2 = true
	ts.Config.ConnState = func(_ net.Conn, to http.ConnState) {
		if to == http.StateNew {
			opened.Add(1)
		}
	}
	ts.StartTLS()
	t.Cleanup(ts.Close)
	s := dial(t, &rest.Config{Host: ts.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	now := clocktesting.NewFakePassiveClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	for i := 1; i < connections; i++ {
		s.lines[i].clock = now
	}
	write := actuate.Write{
		Verb: actuate.VerbPatch, Patch: []byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1"}}`),
		Object: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1"}},
	}
	_, err := s.Do(t.Context(), write) // as the watches have opened the first connection
	require.NoError(t, err)
	asked := func() (n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range w.got {
			if r.Path == "/version" {
				n++
			}
		}
		return n
	}
	for i, tt := range []struct {
		later time.Duration
		asked int
	}{{0, connections - 1}, {unused - time.Second, connections - 1}, {unused, 2 * (connections - 1)}} {
		now.SetTime(now.Now().Add(tt.later))
		w.crowd.Store(newCrowd(300))
		burst(t, s, write)
		require.Equal(t, tt.asked, asked(), "burst %d", i)
	}
	require.Equal(t, int64(connections), opened.Load())
}

// A connection that nobody answered on is not open, and who gives up waiting for
// it does not end the wait of others.
func TestOpen(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	failing := &line{clock: now, ask: func(context.Context) error { return errors.New("no route") }}
	failing.open(t.Context())
	require.False(t, failing.isOpen())

	asked, reply := make(chan struct{}), make(chan struct{})
	l := &line{clock: now, ask: func(ctx context.Context) error {
		close(asked)
		<-reply
		return ctx.Err()
	}}
	first, giveUp := context.WithCancel(t.Context())
	left, opened := make(chan struct{}), make(chan struct{})
	go func() { defer close(left); l.open(first) }()
	<-asked
	go func() { defer close(opened); l.open(t.Context()) }()
	giveUp()
	<-left
	require.False(t, l.isOpen())
	close(reply)
	<-opened
	require.True(t, l.isOpen())
}

// burst does 300 writes that are all under way at once.
func burst(t *testing.T, s *server, w actuate.Write) {
	t.Helper()
	var all errgroup.Group
	for range 300 {
		all.Go(func() error {
			_, err := s.Do(t.Context(), w)
			return err
		})
	}
	require.NoError(t, all.Wait())
}

// Our own clients are never throttled by themselves.
func TestConnectIsNotThrottled(t *testing.T) {
	cfg := connect(&rest.Config{QPS: 5, Burst: 10})
	require.Negative(t, cfg.QPS)
}
