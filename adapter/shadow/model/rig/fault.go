package rig

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// refusal is the error that a fault answers without doing the write, or nil.
func refusal(f Fault, w actuate.Write) error {
	switch f {
	case Conflict:
		return apierrors.NewConflict(resource(w), w.Object.GetName(), errors.New("the object has been modified"))
	case Throttled:
		return apierrors.NewTooManyRequests("too many requests", 1)
	case Unavailable:
		return apierrors.NewInternalError(errors.New("etcdserver: leader changed"))
	case Timeout:
		return timeout(w)
	case None, CrashBefore, CrashAfter, Lost:
	}
	return nil
}

// String is how a report names a fault.
func (f Fault) String() string {
	return [...]string{"nothing", "a crash before it", "a crash after it", "a conflict", "throttling", "an error of the server", "a timeout", "a lost answer"}[f]
}

func timeout(w actuate.Write) error {
	return apierrors.NewServerTimeout(resource(w), string(w.Verb), 1)
}

func resource(w actuate.Write) schema.GroupResource {
	return schema.GroupResource{Resource: kindName(w.Object)}
}
