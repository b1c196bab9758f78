package invariant

import (
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Object is any object of the Kubernetes API.
type Object interface {
	metav1.Object
	runtime.Object
}

// Type is what happened to an object.
type Type string

// The types of events, as a watch has them.
const (
	Added    Type = "ADDED"
	Modified Type = "MODIFIED"
	Deleted  Type = "DELETED"
)

// Event is one change of an object, as a watch tells it.
type Event struct {
	// Time is when it was seen.
	Time time.Time
	Type Type
	// Object is as it was after the change, before it for Deleted. It is kept
	// and never written.
	Object Object
}

// Sequence is the place of the event among all changes of the API server.
func (e Event) Sequence() uint64 {
	n, err := strconv.ParseUint(e.Object.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Write is one request that was sent to change something.
type Write struct {
	Time time.Time
	// By is who sent it.
	By string
	// Ours says that it came from the role under test.
	Ours bool
	Verb string
	// Kind, Namespace, Name and Subresource say what of.
	Kind, Namespace, Name, Subresource string
	// UID and ResourceVersion are the preconditions that it bore.
	UID             types.UID
	ResourceVersion string
	// Changed says that the store is another one since.
	Changed bool
}

func (w Write) object() string { return w.Kind + " " + w.Namespace + "/" + w.Name }

// Violation is a promise that was broken.
type Violation struct {
	// Invariant is its name, as the package's comment lists them.
	Invariant string
	Time      time.Time
	// Object is what it was broken for, such as "Pod shop/web-1".
	Object string
	// Message says in a sentence what happened.
	Message string
}

// String is one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s %s %s: %s", v.Time.UTC().Format("15:04:05.000"), v.Invariant, v.Object, v.Message)
}
