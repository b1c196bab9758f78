package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// ghost returns what stands in for a pool that is gone while one of the pods
// that it handed over still bears the deletion cost; nil if none does. Left
// alone, that pod would be the first victim of every scale-in for ever.
func (r *reconciler) ghost(ctx context.Context, key actuate.Pool) (*v1alpha1.ShadowPool, error) {
	var list corev1.PodList
	err := r.cache.List(ctx, &list, client.InNamespace(key.Namespace), client.MatchingFields{byConcern: ofPool(key.Name)}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list pods of pool %s: %w", key, err)
	}
	for i := range list.Items {
		p := &list.Items[i]
		ref := controllerOf(p)
		if ref.Kind != "ReplicaSet" || p.DeletionTimestamp != nil || p.Annotations[corev1.PodDeletionCost] != observe.ActivationCost {
			continue
		}
		rs := &appsv1.ReplicaSet{}
		if found, err := r.get(ctx, types.NamespacedName{Namespace: key.Namespace, Name: ref.Name}, rs); err != nil || found {
			return actuate.Ghost(key, rs), err
		}
	}
	return nil, nil
}

// lay settles the pods of a pool that is gone.
func (r *reconciler) lay(ctx context.Context, w *observe.World) (reconcile.Result, error) {
	if err := r.actuator.Refresh(ctx, w); err != nil {
		return reconcile.Result{}, err
	}
	in := observe.Observe(*w)
	d := shadow.Plan(w.Now, in)
	report, err := r.actuator.Act(ctx, w, &in, &d)
	return r.result(ctx, w, &report, err)
}
