package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

const (
	// connections is over how many connections a burst of writes goes, streams
	// how many requests one of them carries before the next is used: an API
	// server allows 100, and the watches have some of those of the first.
	connections = 5
	streams     = 64
	// unused is after how long without a request a connection may be closed: a
	// transport of client-go closes it after 90 s.
	unused = time.Minute
	// asking is how long writes wait for a connection to open.
	asking = 5 * time.Second
)

// server does writes on an API server.
type server struct {
	lines []line
}

// line is a client with a connection of its own.
type line struct {
	client client.Client
	busy   atomic.Int64
	// ask asks the server for something small; nil for the line that the watches
	// keep open.
	ask    func(context.Context) error
	clock  clock.PassiveClock
	asking singleflight.Group
	// used is when the last request ended, in nanoseconds since 1970.
	used atomic.Int64
}

var _ actuate.Server = (*server)(nil)

// Dial returns what the role writes and reads an API server with, for who
// measures it: no cache, and no limit of its own.
func Dial(cfg *rest.Config, opts client.Options) (actuate.Server, client.Client, error) {
	cfg = connect(cfg)
	first, err := client.New(cfg, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
	}
	s, err := newServer(cfg, first)
	if err != nil {
		return nil, nil, err
	}
	return s, first, nil
}

// newServer returns a server over several connections; the first is the one that
// the watches keep open.
func newServer(cfg *rest.Config, first client.Client) (*server, error) {
	s := &server{lines: make([]line, connections)}
	s.lines[0].client = first
	for i := 1; i < connections; i++ {
		own := rest.CopyConfig(cfg)
		// Clients with a dialer of their own share no connection with others.
		own.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
		if err := s.lines[i].connect(own, first); err != nil {
			return nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
		}
	}
	return s, nil
}

func (l *line) connect(cfg *rest.Config, first client.Client) error {
	web, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return err
	}
	plain, err := rest.UnversionedRESTClientForConfigAndClient(unversioned(cfg), web)
	if err != nil {
		return err
	}
	l.ask = func(ctx context.Context) error {
		code := 0
		res := plain.Get().AbsPath("/version").Do(ctx).StatusCode(&code)
		if code != 0 {
			return nil // whatever the answer: it came over a connection
		}
		return res.Error()
	}
	l.clock = clock.RealClock{}
	l.client, err = client.New(cfg, client.Options{HTTPClient: web, Scheme: first.Scheme(), Mapper: first.RESTMapper()})
	return err
}

func unversioned(cfg *rest.Config) *rest.Config {
	out := rest.CopyConfig(cfg)
	out.NegotiatedSerializer = clientgoscheme.Codecs.WithoutConversion()
	return out
}

// open opens the connection before many requests want one at once: each of them
// would dial, and all but one would have dialled in vain.
func (l *line) open(ctx context.Context) {
	if l.ask == nil || l.isOpen() {
		return
	}
	answer := l.asking.DoChan("", func() (any, error) {
		if l.isOpen() {
			return nil, nil
		}
		// Others wait for it, too: it does not end with the one who came first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), asking)
		defer cancel()
		err := l.ask(ctx)
		if err == nil {
			l.touch()
		}
		return nil, err
	})
	select {
	case <-answer: // a write says itself what is wrong
	case <-ctx.Done():
	}
}

func (l *line) isOpen() bool { return l.clock.Now().Sub(time.Unix(0, l.used.Load())) < unused }

// touch notes that a request has ended.
func (l *line) touch() {
	if l.clock != nil {
		l.used.Store(l.clock.Now().UnixNano())
	}
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
	l.open(ctx)
	o, err := l.do(ctx, w)
	if answered := apierrors.APIStatus(nil); err == nil || errors.As(err, &answered) {
		l.touch()
	}
	return o, err
}

func (l *line) do(ctx context.Context, w actuate.Write) (client.Object, error) {
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
