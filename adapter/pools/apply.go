package pools

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// job is one status to write.
type job struct {
	key    types.NamespacedName
	uid    types.UID
	wanted *v1alpha1.ShadowPoolStatus
	// written is what this writer wrote last. Only where it wrote nothing yet is
	// the API server asked first.
	written *v1alpha1.ShadowPoolStatus
}

// outcome is what became of a job: the status that the pool has now, as far as
// it is ours, for resultWritten and resultUnchanged; the error for resultFailed.
type outcome struct {
	result string
	status *v1alpha1.ShadowPoolStatus
	err    error
}

// nothing is the outcome of a write that wrote nothing: without an error, the
// pool is gone.
func nothing(err error) outcome {
	if err == nil {
		return outcome{result: resultGone}
	}
	return outcome{result: resultFailed, err: err}
}

// write brings the status of one pool to what is wanted, by server-side apply:
// there is no conflict but with another pool of the same name. It compares with
// nothing that may be old: a cache could still show what is wanted after
// something else was written.
func (w *StatusWriter) write(ctx context.Context, j job) outcome {
	before := j.written
	if before == nil {
		current, err := w.read(ctx, j.key, j.uid)
		if current == nil {
			return nothing(err)
		}
		before = owned(&current.Status)
		if compare(before, j.wanted) <= changeValues {
			return outcome{result: resultUnchanged, status: before}
		}
	}
	next := j.wanted.DeepCopy()
	next.Conditions = w.sinceWhen(before.Conditions, j.wanted.Conditions)
	err := w.apply(ctx, j, next)
	if err == nil {
		return outcome{result: resultWritten, status: next}
	}
	if !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return nothing(err)
	}
	// Either may have another cause than that the pool is gone.
	if current, readErr := w.read(ctx, j.key, j.uid); current == nil && readErr == nil {
		return nothing(nil)
	}
	return nothing(err)
}

func (w *StatusWriter) apply(ctx context.Context, j job, next *v1alpha1.ShadowPoolStatus) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(next)
	if err != nil {
		return fmt.Errorf("convert status of pool %s: %w", j.key, err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": content}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersionKind())
	patch.SetNamespace(j.key.Namespace)
	patch.SetName(j.key.Name)
	// With the UID, a pool that was made anew under this name refuses.
	patch.SetUID(j.uid)
	return w.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), w.owner, client.ForceOwnership)
}

// read returns the pool as the API server has it; nil where it is gone, or
// another one has its name.
func (w *StatusWriter) read(ctx context.Context, key types.NamespacedName, uid types.UID) (*v1alpha1.ShadowPool, error) {
	reader := w.reader
	if reader == nil {
		reader = w.client
	}
	current := &v1alpha1.ShadowPool{}
	err := reader.Get(ctx, key, current)
	if apierrors.IsNotFound(err) || err == nil && current.UID != uid {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pool %s: %w", key, err)
	}
	return current, nil
}

// sinceWhen gives each condition the time of its last change of status.
func (w *StatusWriter) sinceWhen(current, wanted []metav1.Condition) []metav1.Condition {
	out := make([]metav1.Condition, len(wanted))
	for i, c := range wanted {
		c.LastTransitionTime = metav1.NewTime(w.clock.Now()).Rfc3339Copy()
		if before := meta.FindStatusCondition(current, c.Type); before != nil && before.Status == c.Status {
			c.LastTransitionTime = before.LastTransitionTime
		}
		out[i] = c
	}
	return out
}
