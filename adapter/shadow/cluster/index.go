package cluster

import (
	"context"
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// The indexes of the cache.
const (
	// byWorkload finds the pools of a workload.
	byWorkload = "workload"
	// byOwner finds what somebody controls, by his kind and name.
	byOwner = "owner"
	// byConcern finds the pods of a pool, by its label, and of any controller,
	// by its UID.
	byConcern = "concern"
	// byNode finds the pods of a node.
	byNode = "node"
)

func index(ctx context.Context, in client.FieldIndexer) error {
	return errors.Join(
		in.IndexField(ctx, &v1alpha1.ShadowPool{}, byWorkload, func(o client.Object) []string {
			if p, ok := o.(*v1alpha1.ShadowPool); ok {
				return []string{workloadOf(p)}
			}
			return nil
		}),
		in.IndexField(ctx, &appsv1.ReplicaSet{}, byOwner, func(o client.Object) []string {
			if ref := controllerOf(o); ref.Name != "" {
				return []string{ref.Kind + "/" + ref.Name}
			}
			return nil
		}),
		in.IndexField(ctx, &corev1.Pod{}, byConcern, func(o client.Object) []string {
			var out []string
			if pool := o.GetLabels()[v1alpha1.PoolLabel]; pool != "" {
				out = append(out, ofPool(pool))
			}
			if uid := controllerOf(o).UID; uid != "" {
				out = append(out, ofOwner(uid))
			}
			return out
		}),
		in.IndexField(ctx, &corev1.Pod{}, byNode, func(o client.Object) []string {
			if p, ok := o.(*corev1.Pod); ok && p.Spec.NodeName != "" {
				return []string{p.Spec.NodeName}
			}
			return nil
		}),
	)
}

func ofPool(name string) string         { return "pool/" + name }
func ofOwner(uid types.UID) string      { return "uid/" + string(uid) }
func workload(kind, name string) string { return kind + "/" + name }

// workloadOf names what a pool serves within its namespace, defaults included:
// the cache has the pool as it was written.
func workloadOf(p *v1alpha1.ShadowPool) string {
	kind := p.Spec.ScaleTargetRef.Kind
	if kind == "" {
		kind = "Deployment"
	}
	return workload(kind, p.Spec.ScaleTargetRef.Name)
}
