package actuate

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Verb is what a write does.
type Verb string

// The verbs. A patch is a JSON merge patch; an apply is server-side, with force.
const (
	VerbCreate Verb = "create"
	VerbPatch  Verb = "patch"
	VerbApply  Verb = "apply"
	VerbDelete Verb = "delete"
)

// Write is one request that changes something.
type Write struct {
	Verb Verb
	// Object names what is written: its kind, namespace and name count for a
	// patch and a delete, the whole of it for a create and an apply.
	Object client.Object
	// Subresource is "", "status", "resize" or "scale".
	Subresource string
	// Patch is the body of a patch, with metadata.uid and
	// metadata.resourceVersion where the write depends on them.
	Patch []byte
	// UID and ResourceVersion are the preconditions of a delete.
	UID             types.UID
	ResourceVersion string

	// Pool and Kind say for whom and why, for metrics and for those who watch
	// the writes. Kind is empty for what is no action: the status, the Service.
	Pool types.NamespacedName
	Kind shadow.Kind
}

// Server is an API server that takes writes. The error is one of
// k8s.io/apimachinery/pkg/api/errors. A write that failed may have happened all
// the same.
type Server interface {
	// Do returns the object as the server has it afterwards; nil after a delete.
	Do(ctx context.Context, w Write) (client.Object, error)
}

// Reader reads what the server has now, never from a cache.
type Reader interface {
	Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error
}
