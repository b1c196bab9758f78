package cluster

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

const (
	// connections is over how many connections a burst of writes goes, streams
	// how many requests one of them carries before the next is used: an API
	// server allows 100, and the watches have some of those of the first.
	connections = 5
	streams     = 64
)

// server does writes on an API server.
type server struct {
	lines []line
}

// line is a client with a connection of its own.
type line struct {
	client client.Client
	busy   atomic.Int64
}

var _ actuate.Server = (*server)(nil)

// newServer returns a server over several connections; the first is the one that
// the watches keep open.
func newServer(cfg *rest.Config, first client.Client) (*server, error) {
	s := &server{lines: make([]line, connections)}
	s.lines[0].client = first
	for i := 1; i < connections; i++ {
		own := rest.CopyConfig(cfg)
		// Clients with a dialer of their own share no connection with others.
		own.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
		c, err := client.New(own, client.Options{Scheme: first.Scheme(), Mapper: first.RESTMapper()})
		if err != nil {
			return nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
		}
		s.lines[i].client = c
	}
	return s, nil
}

// line returns the first connection that has a free stream, or the least busy.
func (s *server) line() *line {
	best := &s.lines[0]
	for i := range s.lines {
		l := &s.lines[i]
		if l.busy.Add(1) <= streams {
			return l
		}
		if l.busy.Add(-1) < best.busy.Load() {
			best = l
		}
	}
	best.busy.Add(1)
	return best
}

// Do does a write.
func (s *server) Do(ctx context.Context, w actuate.Write) (client.Object, error) {
	l := s.line()
	defer l.busy.Add(-1)
	switch w.Verb {
	case actuate.VerbCreate:
		o := copyOf(w.Object)
		return o, l.client.Create(ctx, o, client.FieldOwner(actuate.FieldOwner))
	case actuate.VerbPatch:
		return l.patch(ctx, w)
	case actuate.VerbApply:
		return l.apply(ctx, w)
	case actuate.VerbDelete:
		uid, version := w.UID, w.ResourceVersion
		return nil, l.client.Delete(ctx, w.Object, client.Preconditions{UID: &uid, ResourceVersion: &version})
	}
	return nil, fmt.Errorf("write %s: no verb %q", w.Object.GetName(), w.Verb)
}

func (l *line) patch(ctx context.Context, w actuate.Write) (client.Object, error) {
	o := copyOf(w.Object)
	patch := client.RawPatch(types.MergePatchType, w.Patch)
	owner := client.FieldOwner(actuate.FieldOwner)
	switch w.Subresource {
	case "":
		return o, l.client.Patch(ctx, o, patch, owner)
	case "scale":
		scale := &autoscalingv1.Scale{}
		err := l.client.SubResource(w.Subresource).Patch(ctx, o, patch, owner, client.WithSubResourceBody(scale))
		return scale, err
	}
	return o, l.client.SubResource(w.Subresource).Patch(ctx, o, patch, owner)
}

// apply sends what an object says about itself, and nothing else.
func (l *line) apply(ctx context.Context, w actuate.Write) (client.Object, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(w.Object)
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", w.Object.GetName(), err)
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	if w.Subresource == "status" {
		delete(u.Object, "spec")
		err = l.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(actuate.FieldOwner), client.ForceOwnership)
	} else {
		delete(u.Object, "status")
		err = l.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(actuate.FieldOwner), client.ForceOwnership)
	}
	if err != nil {
		return nil, err
	}
	out := copyOf(w.Object)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out); err != nil {
		return nil, fmt.Errorf("convert %s: %w", w.Object.GetName(), err)
	}
	return out, nil
}

func copyOf(o client.Object) client.Object {
	c, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		panic(fmt.Sprintf("cluster: %T is no object", o))
	}
	return c
}

// controllerOf is the reference to who controls an object; empty if nobody does.
func controllerOf(o metav1.Object) metav1.OwnerReference {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return *ref
	}
	return metav1.OwnerReference{}
}
