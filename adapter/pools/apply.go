package pools

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// write brings the status of one pool to what is wanted, by server-side apply:
// no read is compared, so there is no conflict but with another pool of the
// same name. err is only for resultFailed.
func (w *StatusWriter) write(ctx context.Context, key types.NamespacedName, uid types.UID, wanted *v1alpha1.ShadowPoolStatus) (result string, err error) {
	current := &v1alpha1.ShadowPool{}
	if err := w.client.Get(ctx, key, current); err != nil {
		return outcome(err)
	}
	if current.UID != uid {
		return resultGone, nil
	}
	next := wanted.DeepCopy()
	next.Conditions = w.sinceWhen(current.Status.Conditions, wanted.Conditions)
	if equality.Semantic.DeepEqual(current.Status, *next) {
		return resultUnchanged, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(next)
	if err != nil {
		return resultFailed, fmt.Errorf("convert status of pool %s: %w", key, err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": content}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersionKind())
	patch.SetNamespace(key.Namespace)
	patch.SetName(key.Name)
	// With the UID, a pool that was made anew under this name refuses.
	patch.SetUID(uid)
	err = w.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), w.owner, client.ForceOwnership)
	if err != nil {
		return outcome(err)
	}
	return resultWritten, nil
}

func outcome(err error) (string, error) {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return resultGone, nil
	}
	return resultFailed, err
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
