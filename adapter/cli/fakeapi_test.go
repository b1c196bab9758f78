package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// served are the resources that the fake API knows, with their kinds.
var served = map[string]string{
	"/api/v1/namespaces": "Namespace", "/api/v1/pods": "Pod", "/api/v1/services": "Service",
	"/apis/apps/v1/deployments": "Deployment", "/apis/apps/v1/replicasets": "ReplicaSet",
	"/apis/argoproj.io/v1alpha1/rollouts":              "Rollout",
	"/apis/autoscaling/v2/horizontalpodautoscalers":    "HorizontalPodAutoscaler",
	"/apis/foreshadow.dev/v1alpha1/shadowpools":        "ShadowPool",
	"/apis/keda.sh/v1alpha1/scaledobjects":             "ScaledObject",
	"/apis/networking.k8s.io/v1/networkpolicies":       "NetworkPolicy",
	"/apis/policy/v1/poddisruptionbudgets":             "PodDisruptionBudget",
	"/apis/security.istio.io/v1/authorizationpolicies": "AuthorizationPolicy",
}

// fakeAPI is as much of an API server as the verbs ask for: reads, lists,
// watches from a version, creates, merge patches, dry runs, and the rules of
// ShadowPools.
type fakeAPI struct {
	mu      sync.Mutex
	absent  map[string]bool // resources that are not installed
	objects map[string]map[string]any
	version int
	history []change
	news    chan struct{} // closed with each change
	open    int           // watches
	drop    chan struct{} // closed to end all watches
	down    bool
	writes  []string
	adapter map[string]string // answers of the adapter by request path; nil: there is none
}

// change is an event with the path of its object.
type change struct {
	version int
	kind    string
	path    string
	object  map[string]any
}

func newFakeAPI() *fakeAPI {
	return &fakeAPI{absent: map[string]bool{}, objects: map[string]map[string]any{}, news: make(chan struct{}), drop: make(chan struct{})}
}

// address is a request's resource, namespace and name.
type address struct{ resource, namespace, name string }

func (a address) path() string { return a.resource + " " + a.namespace + "/" + a.name }

func parse(path string) address {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	n := 2
	if parts[0] == "apis" {
		n = 3
	}
	if len(parts) <= n {
		return address{}
	}
	a := address{resource: "/" + strings.Join(parts[:n], "/") + "/"}
	rest := parts[n:]
	if rest[0] == "namespaces" && len(rest) > 2 {
		a.namespace, rest = rest[1], rest[2:]
	}
	a.resource += rest[0]
	if len(rest) > 1 {
		a.name = rest[1]
	}
	return a
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/services/") && strings.Contains(r.URL.Path, "/proxy/") {
		f.proxy(w, r)
		return
	}
	a := parse(r.URL.Path)
	f.mu.Lock()
	known, down := served[a.resource] != "" && !f.absent[a.resource], f.down
	f.mu.Unlock()
	q := r.URL.Query()
	switch {
	case down:
		fail(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "the server is away", nil)
	case !known:
		http.NotFound(w, r)
	case r.Method == http.MethodGet && q.Get("watch") != "":
		f.watch(w, r, a)
	case r.Method == http.MethodGet && a.name == "":
		f.list(w, a, q)
	case r.Method == http.MethodGet:
		f.get(w, a)
	case r.Method == http.MethodPost:
		f.write(w, r, a, nil)
	case r.Method == http.MethodPatch && r.Header.Get("Content-Type") == "application/merge-patch+json":
		f.mu.Lock()
		was := f.objects[a.path()]
		f.mu.Unlock()
		if was == nil {
			f.get(w, a)
			return
		}
		f.write(w, r, a, was)
	default:
		fail(w, http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, r.Method+" is not served", nil)
	}
}

// proxy answers for the adapter behind its Service.
func (f *fakeAPI) proxy(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	service, path, _ := strings.Cut(r.URL.Path, "/proxy/")
	switch text, found := f.adapter["/"+path]; {
	case strings.Contains(service, "/namespaces/forbidden/"):
		fail(w, http.StatusForbidden, metav1.StatusReasonForbidden, `services "foreshadow-adapter:9402" is forbidden: User "somebody" cannot get resource "services/proxy"`, nil)
	case f.adapter == nil || service != "/api/v1/namespaces/foreshadow/services/foreshadow-adapter:9402":
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, `services "foreshadow-adapter" not found`, nil)
	case !found:
		http.Error(w, "there is no such ShadowPool here.", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}
}

func (f *fakeAPI) get(w http.ResponseWriter, a address) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.objects[a.path()]
	if o == nil {
		group, plural := groupOf(a.resource)
		if group != "" {
			plural += "." + group
		}
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found", plural, a.name), &metav1.StatusDetails{Name: a.name, Group: group})
		return
	}
	answer(w, http.StatusOK, o)
}

func groupOf(resource string) (group, plural string) {
	parts := strings.Split(strings.Trim(resource, "/"), "/")
	if plural = parts[len(parts)-1]; parts[0] == "apis" {
		group = parts[1]
	}
	return group, plural
}

// selected says that a list or watch asks for the object.
func selected(a address, q url.Values, path string) bool {
	resource, key, _ := strings.Cut(path, " ")
	namespace, name, _ := strings.Cut(key, "/")
	want, byName := strings.CutPrefix(q.Get("fieldSelector"), "metadata.name=")
	return resource == a.resource && (a.namespace == "" || namespace == a.namespace) && (!byName || name == want)
}

// labelled says that an object has the labels of a selector.
func labelled(o map[string]any, selector string) bool {
	s, err := labels.Parse(selector)
	return err == nil && s.Matches(labels.Set((&unstructured.Unstructured{Object: o}).GetLabels()))
}

func (f *fakeAPI) list(w http.ResponseWriter, a address, q url.Values) {
	f.mu.Lock()
	defer f.mu.Unlock()
	items := []any{}
	for _, path := range slices.Sorted(maps.Keys(f.objects)) {
		if o := f.objects[path]; selected(a, q, path) && labelled(o, q.Get("labelSelector")) {
			items = append(items, o)
		}
	}
	answer(w, http.StatusOK, map[string]any{
		"kind": served[a.resource] + "List", "apiVersion": apiVersion(a.resource),
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(f.version)}, "items": items,
	})
}

func apiVersion(resource string) string {
	parts := strings.Split(strings.Trim(resource, "/"), "/")
	return strings.Join(parts[1:len(parts)-1], "/")
}

func (f *fakeAPI) watch(w http.ResponseWriter, r *http.Request, a address) {
	since, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	f.mu.Lock()
	drop := f.drop
	f.open++
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.open--
		f.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	for {
		f.mu.Lock()
		var events []change
		for _, c := range f.history {
			if c.version > since && selected(a, r.URL.Query(), c.path) && labelled(c.object, r.URL.Query().Get("labelSelector")) {
				events = append(events, c)
			}
		}
		since = f.version
		news := f.news
		f.mu.Unlock()
		for _, c := range events {
			if err := json.NewEncoder(w).Encode(map[string]any{"type": c.kind, "object": c.object}); err != nil {
				return
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-drop:
			return
		case <-news:
		}
	}
}

// write creates an object, or patches the one that was.
func (f *fakeAPI) write(w http.ResponseWriter, r *http.Request, a address, was map[string]any) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error(), nil)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o, verb := body, "create"
	if was != nil {
		o, verb = mergePatch(was, body).(map[string]any), "patch"
	} else {
		a.name, _ = o["metadata"].(map[string]any)["name"].(string)
		if f.objects[a.path()] != nil {
			fail(w, http.StatusConflict, metav1.StatusReasonAlreadyExists, a.name+" already exists", nil)
			return
		}
	}
	if served[a.resource] == v1alpha1.Kind {
		var errs field.ErrorList
		if o, errs = admit(o); len(errs) > 0 {
			fail(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "ShadowPool.foreshadow.dev "+strconv.Quote(a.name)+" is invalid: "+errs.ToAggregate().Error(), nil)
			return
		}
	}
	q := r.URL.Query()
	f.writes = append(f.writes, fmt.Sprintf("%s %s by %s, validation %s%s", verb, strings.TrimPrefix(a.path(), "/apis/"), q.Get("fieldManager"), q.Get("fieldValidation"), dry(q)))
	if q.Get("dryRun") != "All" {
		f.store(a, o)
	}
	status := http.StatusOK
	if was == nil {
		status = http.StatusCreated
	}
	answer(w, status, o)
}

func dry(q url.Values) string {
	if q.Get("dryRun") != "" {
		return ", dryRun " + q.Get("dryRun")
	}
	return ""
}

// admit sets the defaults of a pool and holds it against its rules.
func admit(o map[string]any) (map[string]any, field.ErrorList) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	var p v1alpha1.ShadowPool
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	p.Default()
	errs := p.Validate()
	if raw, err = json.Marshal(p); err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	return out, errs
}

// store keeps an object under a new version, and tells the watches. The caller
// holds the lock.
func (f *fakeAPI) store(a address, o map[string]any) {
	f.version++
	o = mergePatch(o, map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(f.version)}}).(map[string]any)
	kind := "MODIFIED"
	if f.objects[a.path()] == nil {
		kind = "ADDED"
	}
	f.objects[a.path()] = o
	f.tell(change{f.version, kind, a.path(), o})
}

func (f *fakeAPI) tell(c change) {
	f.history = append(f.history, c)
	close(f.news)
	f.news = make(chan struct{})
}

// set puts an object of a script into the store.
func (f *fakeAPI) set(o map[string]any) error {
	group, version := "", fmt.Sprint(o["apiVersion"])
	if g, v, found := strings.Cut(version, "/"); found {
		group, version = g, v
	}
	for resource, kind := range served {
		if g, _ := groupOf(resource); kind != o["kind"] || g != group || !strings.Contains(resource, "/"+version+"/") {
			continue
		}
		m, _ := o["metadata"].(map[string]any)
		a := address{resource: resource}
		a.namespace, _ = m["namespace"].(string)
		a.name, _ = m["name"].(string)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.store(a, o)
		return nil
	}
	return fmt.Errorf("%v %v is not served", o["apiVersion"], o["kind"])
}

// uninstall lets the API not know a resource.
func (f *fakeAPI) uninstall(resource string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.absent[resource] = true
}

// remove deletes an object.
func (f *fakeAPI) remove(path string) error {
	a := parse(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.objects[a.path()]
	if o == nil {
		return fmt.Errorf("%s is not there", path)
	}
	delete(f.objects, a.path())
	f.version++
	f.tell(change{f.version, "DELETED", a.path(), o})
	return nil
}

// mergePatch is RFC 7396 on copies.
func mergePatch(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out := map[string]any{}
	if t, ok := target.(map[string]any); ok {
		out = maps.Clone(t)
	}
	for key, v := range p {
		if v == nil {
			delete(out, key)
			continue
		}
		out[key] = mergePatch(out[key], v)
	}
	return out
}

func answer(w http.ResponseWriter, status int, o any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o) // a client that is gone
}

func fail(w http.ResponseWriter, code int, reason metav1.StatusReason, message string, details *metav1.StatusDetails) {
	answer(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message, Details: details,
	})
}
