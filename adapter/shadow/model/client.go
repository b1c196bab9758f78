package model

import (
	"context"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// Client writes and reads under a name, which is its field owner, too. It is
// the actuator's server and reader: each request is answered at once.
type Client struct {
	server *Server
	name   string
}

// Client returns a client of the cluster.
func (c *Cluster) Client(name string) *Client { return &Client{server: c.Server, name: name} }

var (
	_ actuate.Server = (*Client)(nil)
	_ actuate.Reader = (*Client)(nil)
)

// Do does a write.
func (c *Client) Do(ctx context.Context, w actuate.Write) (client.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	k, key := kindOf(w.Object), keyOf(w.Object)
	var out client.Object
	var err error
	switch w.Verb {
	case actuate.VerbCreate:
		out, err = c.server.Create(c.name, w.Object)
	case actuate.VerbPatch:
		out, err = c.server.Patch(c.name, k, key, w.Subresource, w.Patch)
	case actuate.VerbApply:
		out, err = c.server.Apply(c.name, w.Object, w.Subresource)
	case actuate.VerbDelete:
		return nil, c.server.Delete(c.name, k, key, DeleteOptions{UID: w.UID, ResourceVersion: w.ResourceVersion})
	default:
		return nil, fmt.Errorf("model: no verb %q", w.Verb)
	}
	if err != nil {
		return nil, err
	}
	return copyOf(out), nil
}

// Get reads an object as it is now.
func (c *Client) Get(ctx context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	live, err := c.server.Get(kindOf(obj), key)
	if err != nil {
		return err
	}
	if partial, ok := obj.(*metav1.PartialObjectMetadata); ok {
		return metadataOf(live, partial)
	}
	reflect.ValueOf(obj).Elem().Set(reflect.ValueOf(copyOf(live)).Elem())
	return nil
}

// metadataOf fills the metadata of an object in.
func metadataOf(live client.Object, out *metav1.PartialObjectMetadata) error {
	full := copyOf(live)
	meta, ok := full.(metav1.ObjectMetaAccessor)
	if !ok {
		return fmt.Errorf("model: %T has no metadata", live)
	}
	om, ok := meta.GetObjectMeta().(*metav1.ObjectMeta)
	if !ok {
		return fmt.Errorf("model: the metadata of %T is a %T", live, meta.GetObjectMeta())
	}
	out.ObjectMeta = *om
	return nil
}

// Key names an object of a namespace.
func Key(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}
