package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Client creates, watches over and configures shadows. It keeps nothing between
// calls and may be used by many goroutines.
type Client struct {
	kube  ctrlclient.Client
	clock clock.PassiveClock
}

// New returns a Client that speaks to the cluster through kube, whose scheme
// knows v1alpha1. Ages are measured by the clock.
func New(kube ctrlclient.Client, c clock.PassiveClock) *Client {
	return &Client{kube: kube, clock: c}
}

// Target names what shadows are for: a pool, or the workload that one serves.
type Target struct {
	// Namespace is that of the pool and of the workload.
	Namespace string
	// Pool is the name of the pool. Where Workload is set too, it is the name
	// that a new pool gets; empty: the workload's.
	Pool string
	// Workload is what the pool serves. Its apiVersion and kind may be left out
	// for a Deployment. Empty: the pool is there and says it.
	Workload v1alpha1.ScaleTargetRef
	// Spec is what the pool is to say besides. What it leaves empty stays as it
	// is in a pool that is there, and takes its default in a new one. A new one
	// needs load.query and backgroundWork at least.
	Spec v1alpha1.ShadowPoolSpec
	// OwnScale makes the pool own the scale of the workload, beginning with the
	// replicas that it has now: autoscalers then target the pool, and while
	// Foreshadow is down that scaling stops.
	OwnScale bool
}

// Pool is the target that is a pool.
func Pool(namespace, name string) Target { return Target{Namespace: namespace, Pool: name} }

// Deployment is the target that is a Deployment, with what a new pool for it is
// to say.
func Deployment(namespace, name string, spec v1alpha1.ShadowPoolSpec) Target {
	return Target{Namespace: namespace, Workload: v1alpha1.ScaleTargetRef{Name: name}, Spec: spec}
}

// FindPool returns the pool of a target, defaulted, or nil if its workload has
// none yet. A pool that is named alone and is not there is an error.
func (c *Client) FindPool(ctx context.Context, t Target) (*v1alpha1.ShadowPool, error) {
	if t.Workload.Name == "" {
		return c.get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.Pool})
	}
	all, err := c.Pools(ctx, t.Namespace)
	if err != nil {
		return nil, err
	}
	want := v1alpha1.ShadowPool{Spec: v1alpha1.ShadowPoolSpec{ScaleTargetRef: t.workload()}}
	want.Namespace = t.Namespace
	var of []*v1alpha1.ShadowPool
	var names []string
	for _, p := range all {
		if p.Workload() == want.Workload() {
			of, names = append(of, p), append(names, p.Name)
		}
	}
	ref := want.Spec.ScaleTargetRef
	switch {
	case len(of) > 1:
		return nil, fmt.Errorf("find pool of %s %s/%s: it has %d pools (%s): delete all but one", ref.Kind, t.Namespace, ref.Name, len(of), strings.Join(names, ", "))
	case len(of) == 1 && t.Pool != "" && t.Pool != of[0].Name:
		return nil, fmt.Errorf("find pool of %s %s/%s: it is %s, not %s: a workload has one pool", ref.Kind, t.Namespace, ref.Name, of[0].Name, t.Pool)
	case len(of) == 1:
		return of[0], nil
	}
	name := t.name()
	if i := slices.IndexFunc(all, func(p *v1alpha1.ShadowPool) bool { return p.Name == name }); i >= 0 {
		other := all[i].Spec.ScaleTargetRef
		return nil, fmt.Errorf("make pool %s/%s: a pool of this name serves %s %s: give the new one another name", t.Namespace, name, other.Kind, other.Name)
	}
	return nil, nil //nolint:nilnil // that there is none is an answer
}

// Pools returns the pools of a namespace, or of all where it is empty, each
// defaulted, by namespace and name.
func (c *Client) Pools(ctx context.Context, namespace string) ([]*v1alpha1.ShadowPool, error) {
	var list v1alpha1.ShadowPoolList
	if err := c.kube.List(ctx, &list, ctrlclient.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list pools: %w", explained(err))
	}
	out := make([]*v1alpha1.ShadowPool, 0, len(list.Items))
	for i := range list.Items {
		list.Items[i].Default()
		out = append(out, &list.Items[i])
	}
	slices.SortFunc(out, func(a, b *v1alpha1.ShadowPool) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// workload returns the target's workload with the defaults of the API.
func (t Target) workload() v1alpha1.ScaleTargetRef {
	p := v1alpha1.ShadowPool{Spec: v1alpha1.ShadowPoolSpec{ScaleTargetRef: t.Workload}}
	p.Default()
	return p.Spec.ScaleTargetRef
}

// name is what a new pool is called.
func (t Target) name() string {
	if t.Pool != "" {
		return t.Pool
	}
	return t.Workload.Name
}

// get returns a pool, defaulted.
func (c *Client) get(ctx context.Context, key types.NamespacedName) (*v1alpha1.ShadowPool, error) {
	var p v1alpha1.ShadowPool
	if err := c.kube.Get(ctx, key, &p); err != nil {
		return nil, fmt.Errorf("get pool %s: %w", key, explained(err))
	}
	p.Default()
	return &p, nil
}

// Replicas returns the spec.replicas of a workload; 1 where it says none, as
// its controller takes it.
func (c *Client) Replicas(ctx context.Context, namespace string, ref v1alpha1.ScaleTargetRef) (int32, error) {
	var u unstructured.Unstructured
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind))
	if err := c.kube.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, &u); err != nil {
		return 0, fmt.Errorf("get %s %s/%s: %w", ref.Kind, namespace, ref.Name, err)
	}
	n, found, err := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if err != nil {
		return 0, fmt.Errorf("read replicas of %s %s/%s: %w", ref.Kind, namespace, ref.Name, err)
	}
	if !found {
		return 1, nil
	}
	return int32(n), nil
}

// explained says of a missing resource what to do about it: the server's own
// words name neither it nor the remedy.
func explained(err error) error {
	noType := meta.IsNoMatchError(err) || apierrors.IsNotFound(err) && strings.Contains(err.Error(), "could not find the requested resource")
	if !noType {
		return err
	}
	return fmt.Errorf("the cluster does not know ShadowPools: install Foreshadow, or its CRD (%s.%s), first: %w", v1alpha1.Resource, v1alpha1.Group, err)
}
