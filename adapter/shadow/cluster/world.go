package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// gatherer builds the World of a pool from the caches. What it returns is theirs:
// nobody writes to it.
type gatherer struct {
	cache  client.Reader
	served served
}

// gather returns what the caches know of a pool and its namespace.
func (g *gatherer) gather(ctx context.Context, pool *v1alpha1.ShadowPool) (*observe.World, error) {
	w := &observe.World{Pool: pool, InstallationRoom: -1, NamespaceRoom: -1}
	for _, part := range []func(context.Context, *observe.World) error{g.workload, g.pods, g.nodes, g.selectors, g.autoscalers, g.rivals} {
		if err := part(ctx, w); err != nil {
			return nil, fmt.Errorf("look around pool %s: %w", pool.Key(), err)
		}
	}
	return w, nil
}

// workload fills in what the pool serves and the ReplicaSets of it.
func (g *gatherer) workload(ctx context.Context, w *observe.World) error {
	ref := w.Pool.Spec.ScaleTargetRef
	key := types.NamespacedName{Namespace: w.Pool.Namespace, Name: ref.Name}
	switch ref.Kind {
	case "ReplicaSet":
		rs := &appsv1.ReplicaSet{}
		found, err := g.get(ctx, key, rs)
		if found {
			w.ReplicaSet, w.ReplicaSets = rs, []*appsv1.ReplicaSet{rs}
		}
		return err
	case rolloutKind.Kind:
		if !g.served[rolloutKind] {
			return nil
		}
		u := unstructuredOf(rolloutKind)
		found, err := g.get(ctx, key, u)
		if err != nil {
			return err
		}
		if found {
			w.Rollout = u
		}
	default:
		d := &appsv1.Deployment{}
		found, err := g.get(ctx, key, d)
		if err != nil {
			return err
		}
		if found {
			w.Deployment = d
		}
	}
	return g.replicaSets(ctx, w, ref.Kind, ref.Name)
}

// replicaSets fills in those of a Deployment or Rollout, also where that is gone
// and they have yet to follow.
func (g *gatherer) replicaSets(ctx context.Context, w *observe.World, kind, name string) error {
	var list appsv1.ReplicaSetList
	if err := g.list(ctx, w, &list, client.MatchingFields{byOwner: workload(kind, name)}); err != nil {
		return err
	}
	owner := types.UID("")
	switch {
	case w.Deployment != nil:
		owner = w.Deployment.UID
	case w.Rollout != nil:
		owner = w.Rollout.GetUID()
	}
	for i := range list.Items {
		if rs := &list.Items[i]; owner == "" || controllerOf(rs).UID == owner {
			w.ReplicaSets = append(w.ReplicaSets, rs)
		}
	}
	return nil
}

// pods fills in those that a ReplicaSet or the pool controls, or that bear the
// pool's label.
func (g *gatherer) pods(ctx context.Context, w *observe.World) error {
	keys := []string{ofPool(w.Pool.Name), ofOwner(w.Pool.UID)}
	for _, rs := range w.ReplicaSets {
		keys = append(keys, ofOwner(rs.UID))
	}
	seen := map[types.UID]bool{}
	for _, key := range keys {
		var list corev1.PodList
		if err := g.list(ctx, w, &list, client.MatchingFields{byConcern: key}); err != nil {
			return err
		}
		for i := range list.Items {
			if p := &list.Items[i]; !seen[p.UID] {
				seen[p.UID] = true
				w.Pods = append(w.Pods, p)
			}
		}
	}
	return nil
}

// nodes fills in those that the pods run on.
func (g *gatherer) nodes(ctx context.Context, w *observe.World) error {
	w.Nodes, w.NodesNotReady = map[string]*metav1.PartialObjectMetadata{}, map[string]bool{}
	asked := map[string]bool{"": true}
	for _, p := range w.Pods {
		name := p.Spec.NodeName
		if asked[name] {
			continue
		}
		asked[name] = true
		n := &corev1.Node{}
		found, err := g.get(ctx, types.NamespacedName{Name: name}, n)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		w.Nodes[name] = &metav1.PartialObjectMetadata{ObjectMeta: n.ObjectMeta}
		if !nodeReady(n) {
			w.NodesNotReady[name] = true
		}
	}
	return nil
}

func nodeReady(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// selectors fills in the objects that select pods, and those that bound them.
func (g *gatherer) selectors(ctx context.Context, w *observe.World) error {
	var services corev1.ServiceList
	var budgets policyv1.PodDisruptionBudgetList
	var policies networkingv1.NetworkPolicyList
	var quotas corev1.ResourceQuotaList
	var claims corev1.PersistentVolumeClaimList
	for _, l := range []client.ObjectList{&services, &budgets, &policies, &quotas, &claims} {
		if err := g.list(ctx, w, l); err != nil {
			return err
		}
	}
	w.Services, w.PodDisruptionBudgets, w.NetworkPolicies = pointers(services.Items), pointers(budgets.Items), pointers(policies.Items)
	w.Quotas, w.PVCs = pointers(quotas.Items), pointers(claims.Items)
	var err error
	w.AuthorizationPolicies, err = g.foreign(ctx, w, authorizationKind)
	return err
}

// autoscalers fills in those of the namespace.
func (g *gatherer) autoscalers(ctx context.Context, w *observe.World) error {
	var hpas autoscalingv2.HorizontalPodAutoscalerList
	if err := g.list(ctx, w, &hpas); err != nil {
		return err
	}
	w.HPAs = pointers(hpas.Items)
	var err error
	w.ScaledObjects, err = g.foreign(ctx, w, scaledObjectKind)
	return err
}

// rivals fills in the older pool of the same workload.
func (g *gatherer) rivals(ctx context.Context, w *observe.World) error {
	var list v1alpha1.ShadowPoolList
	if err := g.list(ctx, w, &list, client.MatchingFields{byWorkload: workloadOf(w.Pool)}); err != nil {
		return err
	}
	for i := range list.Items {
		other := &list.Items[i]
		if !older(other, w.Pool) {
			continue
		}
		other = other.DeepCopy()
		other.Default()
		if len(other.Validate()) == 0 && (w.TakenBy == "" || other.Name < w.TakenBy) {
			w.TakenBy = other.Name
		}
	}
	return nil
}

// older says that a came before b, by name where both came in one second. A
// pool that is being deleted holds nothing.
func older(a, b *v1alpha1.ShadowPool) bool {
	if a.UID == b.UID || a.DeletionTimestamp != nil {
		return false
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// foreign lists objects of a kind that need not be there.
func (g *gatherer) foreign(ctx context.Context, w *observe.World, gvk schema.GroupVersionKind) ([]*unstructured.Unstructured, error) {
	if !g.served[gvk] {
		return nil, nil
	}
	var list unstructured.UnstructuredList
	list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err := g.list(ctx, w, &list); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

func (g *gatherer) list(ctx context.Context, w *observe.World, into client.ObjectList, opts ...client.ListOption) error {
	opts = append(opts, client.InNamespace(w.Pool.Namespace), client.UnsafeDisableDeepCopy)
	if err := g.cache.List(ctx, into, opts...); err != nil {
		return fmt.Errorf("list %T: %w", into, err)
	}
	return nil
}

func (g *gatherer) get(ctx context.Context, key types.NamespacedName, into client.Object) (found bool, err error) {
	err = g.cache.Get(ctx, key, into, client.UnsafeDisableDeepCopy)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("get %T %s: %w", into, key, err)
	}
	return true, nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}
