package pools

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// wireCluster answers discovery, list and watch of ShadowPools over HTTP, as
// far as an informer asks: enough to see a manager run. That the real server
// does the same is for e2e.
type wireCluster struct {
	withoutCRD bool

	mu       sync.Mutex
	version  int
	pools    map[string]*v1alpha1.ShadowPool
	watchers map[chan watchEvent]bool
}

type watchEvent struct {
	Type   string               `json:"type"`
	Object *v1alpha1.ShadowPool `json:"object"`
}

func (c *wireCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	query := r.URL.Query()
	switch {
	case r.URL.Path == "/api":
		answer(w, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case r.URL.Path == "/api/v1":
		answer(w, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "v1"})
	case r.URL.Path == "/apis":
		answer(w, c.groups())
	case r.URL.Path == "/apis/foreshadow.dev/v1alpha1" && !c.withoutCRD:
		answer(w, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "foreshadow.dev/v1alpha1",
			APIResources: []metav1.APIResource{{Name: "shadowpools", SingularName: "shadowpool", Namespaced: true, Kind: "ShadowPool", Verbs: []string{"get", "list", "watch"}}},
		})
	case r.URL.Path != "/apis/foreshadow.dev/v1alpha1/shadowpools":
		http.NotFound(w, r)
	case query.Get("sendInitialEvents") == "true":
		w.WriteHeader(http.StatusBadRequest)
	case query.Get("watch") != "":
		c.watch(w, r)
	default:
		answer(w, c.list())
	}
}

func (c *wireCluster) groups() metav1.APIGroupList {
	list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{}}
	if !c.withoutCRD {
		version := metav1.GroupVersionForDiscovery{GroupVersion: "foreshadow.dev/v1alpha1", Version: "v1alpha1"}
		list.Groups = append(list.Groups, metav1.APIGroup{Name: "foreshadow.dev", Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version})
	}
	return list
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (c *wireCluster) list() *v1alpha1.ShadowPoolList {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := &v1alpha1.ShadowPoolList{TypeMeta: metav1.TypeMeta{Kind: "ShadowPoolList", APIVersion: "foreshadow.dev/v1alpha1"}}
	list.ResourceVersion = strconv.Itoa(c.version)
	for _, pool := range c.pools {
		list.Items = append(list.Items, *pool)
	}
	return list
}

func (c *wireCluster) watch(w http.ResponseWriter, r *http.Request) {
	events := make(chan watchEvent, 16)
	c.mu.Lock()
	if c.watchers == nil {
		c.watchers = map[chan watchEvent]bool{}
	}
	c.watchers[events] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.watchers, events)
		c.mu.Unlock()
	}()
	for {
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			answer(w, event)
		}
	}
}

// tell changes the cluster: ADDED, MODIFIED or DELETED.
func (c *wireCluster) tell(kind string, pool *v1alpha1.ShadowPool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pools == nil {
		c.pools = map[string]*v1alpha1.ShadowPool{}
	}
	c.version++
	pool = pool.DeepCopy()
	pool.SetGroupVersionKind(v1alpha1.GroupVersionKind())
	pool.ResourceVersion = strconv.Itoa(c.version)
	c.pools[pool.Name] = pool
	if kind == "DELETED" {
		delete(c.pools, pool.Name)
	}
	for events := range c.watchers {
		events <- watchEvent{kind, pool}
	}
}

func (c *wireCluster) watched() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.watchers) > 0
}

func newKubernetes(t *testing.T, cluster *wireCluster) *Kubernetes {
	t.Helper()
	server := httptest.NewServer(cluster)
	t.Cleanup(server.Close)
	mgr, err := NewManager(&rest.Config{Host: server.URL}, ManagerOptions{Logger: logr.Discard()})
	require.NoError(t, err)
	status, err := NewStatusWriter(StatusOptions{Client: mgr.GetClient(), FieldOwner: "foreshadow"})
	require.NoError(t, err)
	k, err := NewKubernetes(KubernetesOptions{Manager: mgr, Status: status})
	require.NoError(t, err)
	return k
}

func TestKubernetesFollowsTheCluster(t *testing.T) {
	cluster, handler := &wireCluster{}, &recorder{}
	web := clusterPool("web")
	cluster.tell("ADDED", web)
	k := newKubernetes(t, cluster)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx, handler) }()
	defer func() {
		cancel()
		require.NoError(t, <-done)
	}()
	events := func() string { return strings.Join(handler.takeEvents(), "\n") }
	poll(t, events, func() bool {
		select {
		case <-k.Synced():
			return cluster.watched()
		default:
			return false
		}
	})
	require.Equal(t, v1alpha1.Duration("28d"), handler.get("shop", "web").Spec.History.Window, "before Synced, with defaults")

	second := clusterPool("web-too", createdAfter(time.Minute))
	cluster.tell("ADDED", second)
	cluster.tell("ADDED", clusterPool("api", serving("api")))
	poll(t, events, func() bool { return handler.get("shop", "api") != nil })
	require.Nil(t, handler.get("shop", "web-too"), "web has the workload")

	handler.takeEvents()
	web.Status.Replicas = 5
	cluster.tell("MODIFIED", web)
	web.Annotations = map[string]string{v1alpha1.PauseAnnotation: "all"}
	cluster.tell("MODIFIED", web)
	poll(t, events, func() bool { return handler.get("shop", "web").ForecastPaused() })
	require.NotContains(t, handler.takeEvents(), "delete shop/web")

	// What we write ourselves is no news, what is said of the shadows is.
	web.Status.Capacity = &v1alpha1.CapacityStatus{Note: "ours"}
	cluster.tell("MODIFIED", web)
	web.Status.Cover = &v1alpha1.CoverStatus{Replicas: 3}
	cluster.tell("MODIFIED", web)
	poll(t, func() string { return "the cover is awaited" }, func() bool { return handler.get("shop", "web").Status.Cover != nil })
	// Its rival may still be looked at, because of the pause.
	aboutRival := func(event string) bool { return event == "delete shop/web-too" }
	require.Equal(t, []string{"set shop/web"}, slices.DeleteFunc(handler.takeEvents(), aboutRival))

	// web turns to another workload, so web-too gets the one that it left.
	web.Generation, web.Spec.ScaleTargetRef.Name = 2, "other"
	cluster.tell("MODIFIED", web)
	poll(t, events, func() bool { return handler.get("shop", "web-too") != nil })

	cluster.tell("DELETED", second)
	poll(t, events, func() bool { return handler.get("shop", "web-too") == nil })
}

func TestKubernetesSaysThatTheCRDIsMissing(t *testing.T) {
	k := newKubernetes(t, &wireCluster{withoutCRD: true})
	require.EqualError(t, k.Run(t.Context(), &recorder{}),
		"watch ShadowPools: the cluster does not know foreshadow.dev/v1alpha1: apply foreshadow.dev_shadowpools.yaml first")
}

func TestStatusesAreReadPastTheManagersCache(t *testing.T) {
	k := newKubernetes(t, &wireCluster{})
	require.NotNil(t, k.status.reader)
	require.Same(t, k.mgr.GetAPIReader(), k.status.reader)
}

func TestKubernetesNeedsAManager(t *testing.T) {
	_, err := NewKubernetes(KubernetesOptions{})
	require.EqualError(t, err, "watch ShadowPools: a manager and a status writer are needed")
}

func TestManagerOptions(t *testing.T) {
	got := managerOptions(testScheme(t), ManagerOptions{Namespaces: []string{"shop", "bank"}, LeaderElectionNamespace: "foreshadow", LeaderElectionID: "metrics"})
	require.Len(t, got.Cache.DefaultNamespaces, 2)
	require.Contains(t, got.Cache.DefaultNamespaces, "bank")
	require.True(t, got.LeaderElection)
	require.Equal(t, "0", got.Metrics.BindAddress)
	require.False(t, managerOptions(testScheme(t), ManagerOptions{}).LeaderElection, "without a namespace for the lease")
}
