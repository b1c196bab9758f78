package cli

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// policies prints the twins of the policies that hold for the live pods alone,
// for kubectl apply to read. Nothing is written: twins come before shadows.
func (o *createOptions) policies(ctx context.Context, kube ctrlclient.Client, c *client.Client, t client.Target) error {
	pool, err := c.FindPool(ctx, t)
	if err != nil {
		return err
	}
	if pool == nil {
		if pool, err = client.NewPool(t); err != nil {
			return withFlags(err)
		}
	}
	w, err := readWorld(ctx, kube, pool)
	if err != nil {
		return err
	}
	if o.output.format == "" {
		o.output.format = "yaml"
	}
	printer, err := o.output.printer("", "")
	if err != nil {
		return err
	}
	twins := observe.Twins(*w)
	ref := &pool.Spec.ScaleTargetRef
	for _, twin := range twins {
		m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(twin)
		if err != nil {
			return fmt.Errorf("write policy: %w", err)
		}
		delete(m, "status")
		if err := o.show(printer, &unstructured.Unstructured{Object: m}); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("Policies to apply before the shadows of %s %s/%s come: %d. Nothing is written.\n", ref.Kind, pool.Namespace, ref.Name, len(twins))
	if len(twins) == 0 {
		text = fmt.Sprintf("No policy of namespace %s holds for the live pods of %s %s alone: shadows need none of their own.\n", pool.Namespace, ref.Kind, ref.Name)
	}
	_, err = o.Streams.ErrOut.Write([]byte(text))
	return err
}

// readWorld reads what decides whom a policy is for: the workload's templates
// and all that selects pods.
func readWorld(ctx context.Context, kube ctrlclient.Client, pool *v1alpha1.ShadowPool) (*observe.World, error) {
	w := &observe.World{Pool: pool}
	uid, err := readWorkload(ctx, kube, w)
	if err != nil {
		return nil, err
	}
	if err := readReplicaSets(ctx, kube, w, uid); err != nil {
		return nil, err
	}
	return w, readSelectors(ctx, kube, w)
}

// readWorkload reads the workload into w and returns its UID.
func readWorkload(ctx context.Context, kube ctrlclient.Client, w *observe.World) (types.UID, error) {
	ref := &w.Pool.Spec.ScaleTargetRef
	var obj ctrlclient.Object
	switch ref.Kind {
	case "Deployment":
		w.Deployment = &appsv1.Deployment{}
		obj = w.Deployment
	case "ReplicaSet":
		w.ReplicaSet = &appsv1.ReplicaSet{}
		obj = w.ReplicaSet
	default:
		w.Rollout = &unstructured.Unstructured{}
		w.Rollout.SetGroupVersionKind(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind))
		obj = w.Rollout
	}
	if err := kube.Get(ctx, types.NamespacedName{Namespace: w.Pool.Namespace, Name: ref.Name}, obj); err != nil {
		return "", fmt.Errorf("get %s %s/%s: %w", ref.Kind, w.Pool.Namespace, ref.Name, err)
	}
	return obj.GetUID(), nil
}

// readReplicaSets reads those that the workload controls.
func readReplicaSets(ctx context.Context, kube ctrlclient.Client, w *observe.World, owner types.UID) error {
	if w.ReplicaSet != nil {
		w.ReplicaSets = []*appsv1.ReplicaSet{w.ReplicaSet}
		return nil
	}
	var found appsv1.ReplicaSetList
	if err := kube.List(ctx, &found, ctrlclient.InNamespace(w.Pool.Namespace)); err != nil {
		return fmt.Errorf("list ReplicaSets of namespace %s: %w", w.Pool.Namespace, err)
	}
	for i := range found.Items {
		for _, ref := range found.Items[i].OwnerReferences {
			if ref.UID == owner && ref.Controller != nil && *ref.Controller {
				w.ReplicaSets = append(w.ReplicaSets, &found.Items[i])
			}
		}
	}
	if len(w.ReplicaSets) == 0 {
		ref := &w.Pool.Spec.ScaleTargetRef
		return fmt.Errorf("read labels of %s %s/%s: it has no ReplicaSet yet: wait for its first pods", ref.Kind, w.Pool.Namespace, ref.Name)
	}
	return nil
}

// readSelectors reads the objects of the namespace that select pods.
func readSelectors(ctx context.Context, kube ctrlclient.Client, w *observe.World) error {
	var services corev1.ServiceList
	var budgets policyv1.PodDisruptionBudgetList
	var network networkingv1.NetworkPolicyList
	authorization := unstructured.UnstructuredList{}
	authorization.SetGroupVersionKind(schema.GroupVersionKind{Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicyList"})
	for _, l := range []struct {
		what string
		list ctrlclient.ObjectList
	}{
		{"Services", &services}, {"PodDisruptionBudgets", &budgets}, {"NetworkPolicies", &network}, {"AuthorizationPolicies", &authorization},
	} {
		err := kube.List(ctx, l.list, ctrlclient.InNamespace(w.Pool.Namespace))
		if apierrors.IsNotFound(err) && strings.HasPrefix(l.what, "Authorization") {
			continue // a cluster without Istio
		}
		if err != nil {
			return fmt.Errorf("list %s of namespace %s: %w", l.what, w.Pool.Namespace, err)
		}
	}
	w.Services = pointers(services.Items)
	w.PodDisruptionBudgets = pointers(budgets.Items)
	w.NetworkPolicies = pointers(network.Items)
	w.AuthorizationPolicies = pointers(authorization.Items)
	return nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, 0, len(items))
	for i := range items {
		out = append(out, &items[i])
	}
	return out
}
