package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/cluster"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

const (
	burstPods  = 300
	wallRounds = 9
)

// wall times a raise by 300 pods that meets 300 warm shadows: one look, one
// decision and its writes, with the product's own client over TLS and HTTP/2 on
// loopback. The fastest of some rounds counts: what else the machine does only
// adds to it.
func wall() ([]measurement, error) {
	if _, err := wallBurst(0); err != nil { // nobody counts the first
		return nil, err
	}
	var out []measurement
	connections := 0.0
	for _, latency := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		fastest := math.Inf(1)
		for range wallRounds {
			c, err := wallBurst(latency)
			if err != nil {
				return nil, err
			}
			fastest = min(fastest, c.took.Seconds()*1e3)
			connections = max(connections, c.connections)
		}
		out = append(out, measurement{fmt.Sprintf("burst_%d_wall_ms_%dms", burstPods, latency.Milliseconds()), fastest, "ms"})
	}
	return append(out, measurement{fmt.Sprintf("burst_%d_connections", burstPods), connections, "connections"}), nil
}

// burstCost is the time of a burst and the connections that it was sent over.
type burstCost struct {
	took        time.Duration
	connections float64
}

// wallBurst does one raise on a server of its own.
func wallBurst(latency time.Duration) (burstCost, error) {
	api := newAPIServer(latency)
	w := shop(api.cluster, burstPods)
	ts := httptest.NewUnstartedServer(api)
	ts.EnableHTTP2 = true
	ts.Config.ConnState = func(_ net.Conn, to http.ConnState) {
		if to == http.StateNew {
			api.connections.Add(1)
		}
	}
	ts.StartTLS()
	defer ts.Close()
	actuator, reader, err := dial(ts)
	if err != nil {
		return burstCost{}, err
	}
	// The watches of the product keep the first connection open.
	if err := reader.Get(context.Background(), client.ObjectKeyFromObject(w.ReplicaSets[0]), &appsv1.ReplicaSet{}); err != nil {
		return burstCost{}, fmt.Errorf("open a connection: %w", err)
	}
	began := time.Now()
	in := observe.Observe(*w)
	decision := shadow.Plan(w.Now, in)
	report, err := actuator.Act(context.Background(), w, &in, &decision)
	if err != nil {
		return burstCost{}, fmt.Errorf("act: %w", err)
	}
	if err := api.check(report); err != nil {
		return burstCost{}, err
	}
	last := slices.MaxFunc(report.Outcomes, func(a, b actuate.Outcome) int { return a.Ended.Compare(b.Ended) })
	return burstCost{last.Ended.Sub(began), float64(api.connections.Load())}, nil
}

// dial returns an actuator that writes as the product does.
func dial(ts *httptest.Server) (*actuate.Actuator, client.Reader, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, nil, err
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Service"), meta.RESTScopeNamespace)
	mapper.Add(v1alpha1.GroupVersionKind(), meta.RESTScopeNamespace)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), meta.RESTScopeNamespace)
	// What client-go would limit a client to, were nothing said about it.
	cfg := &rest.Config{
		Host: ts.URL, QPS: rest.DefaultQPS, Burst: rest.DefaultBurst,
		TLSClientConfig: rest.TLSClientConfig{Insecure: true, NextProtos: []string{"h2"}}, ContentConfig: rest.ContentConfig{ContentType: "application/json"},
	}
	server, reader, err := cluster.Dial(cfg, client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, nil, err
	}
	actuator, err := actuate.New(actuate.Config{Server: server, Reader: reader, Clock: clock.RealClock{}})
	return actuator, reader, err
}

// check says whether each of the pods went live once, by one write.
func (s *apiServer) check(r actuate.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range r.Outcomes {
		if o.Result != actuate.ResultDone || s.bound[o.Pod] != 1 {
			return fmt.Errorf("activate pod %s: %s, %d times: %w", o.Pod, o.Result, s.bound[o.Pod], cmp.Or(o.Err, errors.New(o.Why.Message)))
		}
	}
	if len(s.bound) != burstPods || s.patches != burstPods {
		return fmt.Errorf("activate %d pods: %d went live by %d writes", burstPods, len(s.bound), s.patches)
	}
	return nil
}

// shop makes a Deployment of n pods with n warm shadows that was raised by n, and
// returns what a cache shows of it.
func shop(c *model.Cluster, n int) *observe.World {
	pool := made(c, shadowtest.Pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.ShadowPercentage, p.Spec.MaxShadows, p.Spec.MinShadows = new(int32(100)), new(int32(n)), new(int32(n))
	}))
	d := made(c, shadowtest.Deployment(2*int32(n)))
	raised := shadowtest.ReplicaSet(d)
	raised.Status.Replicas = int32(n) // its controller has not made the others yet
	rs := made(c, raised)
	w := &observe.World{
		Pool: pool, Deployment: d, ReplicaSets: []*appsv1.ReplicaSet{rs}, InstallationRoom: -1, NamespaceRoom: -1,
		Epoch: 1, Now: time.Now(),
	}
	pool.Status.Epoch, pool.Status.Intent = 1, &v1alpha1.Intent{ReplicaSetUID: rs.UID, Epoch: 1}
	for i := range n {
		live := made(c, shadowtest.Pod(rs, fmt.Sprintf("live-%d", i)))
		warm := made(c, shadowtest.Shadow(pool, rs, fmt.Sprintf("shadow-%d", i), v1alpha1.ShadowReady))
		w.Pods = append(w.Pods, live, warm)
		pool.Status.Intent.PodUIDs = append(pool.Status.Intent.PodUIDs, warm.UID)
	}
	return w
}

// made stores an object with its status and returns a copy of what is stored.
func made[T client.Object](c *model.Cluster, o T) T {
	o.SetResourceVersion("")
	status, _ := o.DeepCopyObject().(T)
	live := c.Make(o)
	status.SetUID(live.GetUID())
	updated, err := c.Update("kubelet", status, "status")
	if err != nil {
		panic(fmt.Sprintf("bench: %v", err)) // the objects are ours
	}
	out, _ := updated.DeepCopyObject().(T)
	return out
}
