package rig

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// gate takes the requests of one process and lets them wait.
type gate struct {
	mu      sync.Mutex
	waiting []*call
	// tamper changes writes on their way out.
	tamper Tamper
}

// call is a request that waits at the gate. Either write or read is set.
type call struct {
	write actuate.Write
	read  client.Object
	key   types.NamespacedName
	done  chan result
}

type result struct {
	object client.Object
	err    error
}

var (
	_ actuate.Server = (*gate)(nil)
	_ actuate.Reader = (*gate)(nil)
)

// Do sends a write.
func (g *gate) Do(ctx context.Context, w actuate.Write) (client.Object, error) {
	if g.tamper.Write != nil {
		g.tamper.Write(&w)
	}
	send := func(w actuate.Write) (client.Object, error) { return g.do(ctx, w) }
	if g.tamper.Send != nil {
		return g.tamper.Send(w, send)
	}
	return send(w)
}

func (g *gate) do(ctx context.Context, w actuate.Write) (client.Object, error) {
	r := g.send(ctx, &call{write: w, key: client.ObjectKeyFromObject(w.Object), done: make(chan result, 1)})
	return r.object, r.err
}

// Get sends a read.
func (g *gate) Get(ctx context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	return g.send(ctx, &call{read: obj, key: key, done: make(chan result, 1)}).err
}

func (g *gate) send(ctx context.Context, c *call) result {
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	g.mu.Unlock()
	select {
	case r := <-c.done:
		return r
	case <-ctx.Done():
		return result{err: ctx.Err()}
	}
}

// take returns what waits, in an order that does not depend on the scheduler of
// goroutines.
func (g *gate) take() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.waiting
	g.waiting = nil
	slices.SortStableFunc(out, func(a, b *call) int {
		return cmp.Or(
			cmp.Compare(a.key.Namespace, b.key.Namespace), cmp.Compare(a.key.Name, b.key.Name), cmp.Compare(a.write.Verb, b.write.Verb),
			cmp.Compare(a.write.Subresource, b.write.Subresource), cmp.Compare(string(a.write.Patch), string(b.write.Patch)),
		)
	})
	return out
}

// preconditions returns what a write depends on.
func preconditions(w actuate.Write) (uid types.UID, resourceVersion string) {
	switch w.Verb {
	case actuate.VerbPatch:
		var body struct {
			Metadata struct {
				UID             types.UID `json:"uid"`
				ResourceVersion string    `json:"resourceVersion"`
			} `json:"metadata"`
		}
		if json.Unmarshal(w.Patch, &body) != nil {
			return "", ""
		}
		return body.Metadata.UID, body.Metadata.ResourceVersion
	case actuate.VerbApply:
		return w.Object.GetUID(), w.Object.GetResourceVersion()
	case actuate.VerbDelete:
		return w.UID, w.ResourceVersion
	case actuate.VerbCreate:
	}
	return "", ""
}

func cmpKeys(a, b types.NamespacedName) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
