package main

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// apiServer shows a modelled API server to clients over HTTP, as far as the
// writes of a raise need it. Each of them takes its time. No controller acts.
type apiServer struct {
	latency time.Duration

	connections atomic.Int64

	mu      sync.Mutex
	cluster *model.Cluster
	// patches counts those of pods, bound those by which one went live.
	patches int
	bound   map[string]int
}

func newAPIServer(latency time.Duration) *apiServer {
	loop := model.NewLoop(clock.RealClock{}, nil, rand.New(rand.NewPCG(1, 1)))
	return &apiServer{latency: latency, cluster: model.New(loop, model.Usual(), nil), bound: map[string]int{}}
}

// ServeHTTP answers one request.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	if r.Method != http.MethodGet {
		<-time.After(s.latency)
	}
	raw, err := s.answer(r, body)
	w.Header().Set("Content-Type", "application/json")
	if refused, ok := errors.AsType[*apierrors.StatusError](err); ok {
		w.WriteHeader(int(refused.ErrStatus.Code))
	}
	_, _ = w.Write(raw) // as above
}

func (s *apiServer) answer(r *http.Request, body []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.serve(r, body)
	if refused, ok := errors.AsType[*apierrors.StatusError](err); ok {
		raw, _ := json.Marshal(refused.ErrStatus)
		return raw, err
	}
	raw, marshal := json.Marshal(o)
	return raw, errors.Join(err, marshal)
}

// serve does what a path asks for: .../namespaces/<namespace>/<resource>/<name>
// and perhaps the status.
func (s *apiServer) serve(r *http.Request, body []byte) (any, error) {
	url, subresource := strings.CutSuffix(r.URL.Path, "/status")
	_, rest, _ := strings.Cut(url, "/namespaces/")
	parts := strings.Split(rest, "/")
	if len(parts) != 3 {
		return nil, apierrors.NewBadRequest("no object " + r.URL.Path)
	}
	key := model.Key(parts[0], parts[2])
	kind := map[string]model.Kind{"pods": model.Pod, "replicasets": model.ReplicaSet, "shadowpools": model.Pool}[parts[1]]
	switch {
	case r.Header.Get("Content-Type") == string(types.ApplyYAMLPatchType):
		return s.apply(parts[1], subresource, body)
	case kind == "":
		return nil, apierrors.NewBadRequest("no resource " + parts[1])
	case r.Method == http.MethodGet:
		return s.cluster.Get(kind, key)
	}
	s.patches++
	before := s.cluster.Revision()
	o, err := s.cluster.Patch(actuate.FieldOwner, kind, key, "", body)
	if err == nil && s.cluster.Revision() != before {
		s.bound[key.Name]++
	}
	return o, err
}

// apply takes what is written once the pods are live: the pool's Service and its
// status.
func (s *apiServer) apply(resource string, status bool, body []byte) (any, error) {
	var o client.Object = &corev1.Service{}
	subresource := ""
	if resource == "shadowpools" && status {
		o, subresource = &v1alpha1.ShadowPool{}, "status"
	}
	if err := json.Unmarshal(body, o); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return s.cluster.Apply(actuate.FieldOwner, o, subresource)
}
