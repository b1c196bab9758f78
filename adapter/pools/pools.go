package pools

import (
	"context"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Handler is told which pools there are. Its methods are called one at a time.
type Handler interface {
	// Set hands over a pool that is new or changed. The same pool may come
	// again unchanged.
	Set(pool *v1alpha1.ShadowPool)
	// Delete takes a pool back. It may never have been set.
	Delete(namespace, name string)
}

// Watcher tells a handler which pools there are until ctx ends.
type Watcher interface {
	// Run returns nil when ctx ends, and an error if it cannot begin or go on.
	Run(ctx context.Context, handler Handler) error
	// Synced is closed once the handler has all pools that there were when
	// Run began.
	Synced() <-chan struct{}
}
