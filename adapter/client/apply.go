package client

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Change is what a write did to a pool.
type Change string

// The changes, in the words of kubectl.
const (
	Created    Change = "created"
	Configured Change = "configured"
	Unchanged  Change = "unchanged"
)

// Result is a pool after a write, as the server answered it.
type Result struct {
	Pool   *v1alpha1.ShadowPool
	Change Change
}

// InvalidError says all that is wrong with a pool before it is sent.
type InvalidError struct {
	Pool types.NamespacedName
	// Fields are the refusals, each with its field, its value and what to write
	// instead.
	Fields field.ErrorList
}

// Error names the pool and every refusal.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("check pool %s: %v", e.Pool, e.Fields.ToAggregate())
}

// create makes a pool of a spec.
func (c *Client) create(ctx context.Context, key types.NamespacedName, spec v1alpha1.ShadowPoolSpec) (Result, error) {
	p := &v1alpha1.ShadowPool{Spec: spec}
	p.Namespace, p.Name = key.Namespace, key.Name
	if err := check(p); err != nil {
		return Result{}, err
	}
	if err := c.kube.Create(ctx, p); err != nil {
		return Result{}, fmt.Errorf("create pool %s: %w", key, explained(err))
	}
	return Result{Pool: p, Change: Created}, nil
}

// merge writes the given fields into a pool that is there, and leaves all
// others to who wrote them.
func (c *Client) merge(ctx context.Context, was *v1alpha1.ShadowPool, patch map[string]any) (Result, error) {
	p, err := merged(was, patch)
	if err != nil {
		return Result{}, fmt.Errorf("change pool %s: %w", was.Key(), err)
	}
	p.Default()
	if err := check(p); err != nil {
		return Result{}, err
	}
	if equality.Semantic.DeepEqual(was, p) {
		return Result{Pool: p, Change: Unchanged}, nil
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return Result{}, fmt.Errorf("write patch of pool %s: %w", was.Key(), err)
	}
	if err := c.kube.Patch(ctx, p, ctrlclient.RawPatch(types.MergePatchType, body)); err != nil {
		return Result{}, fmt.Errorf("patch pool %s: %w", was.Key(), explained(err))
	}
	return Result{Pool: p, Change: Configured}, nil
}

// Annotate sets an annotation of a pool, or removes it where the value is empty.
func (c *Client) Annotate(ctx context.Context, pool types.NamespacedName, key, value string) (Result, error) {
	was, err := c.get(ctx, pool)
	if err != nil {
		return Result{}, err
	}
	var v any
	if value != "" {
		v = value
	}
	if _, there := was.Annotations[key]; !there && v == nil {
		return Result{Pool: was, Change: Unchanged}, nil
	}
	return c.merge(ctx, was, map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: v}}})
}

// Observe asks for a pool that forecasts and does no more, as it suits a
// workload whose shadows would work behind its back. The target is as in
// CreateShadowInstances. A pool that is there keeps its mode: somebody chose it.
func (c *Client) Observe(ctx context.Context, t Target) (Result, error) {
	was, err := c.FindPool(ctx, t)
	if err != nil {
		return Result{}, err
	}
	t.Spec.Mode = v1alpha1.ModeObserve
	if was != nil {
		t.Spec.Mode = was.Spec.Mode
	}
	return c.apply(ctx, t, was)
}

// apply makes the pool of a target, or merges the target's spec into it.
func (c *Client) apply(ctx context.Context, t Target, was *v1alpha1.ShadowPool) (Result, error) {
	if was == nil {
		t.Spec.ScaleTargetRef = t.workload()
		return c.create(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.name()}, t.Spec)
	}
	t.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{} // it is that one's already
	spec, err := object(t.Spec)
	if err != nil {
		return Result{}, fmt.Errorf("write spec of pool %s: %w", was.Key(), err)
	}
	return c.merge(ctx, was, map[string]any{"spec": spec})
}

// check refuses a pool by the rules of the API. The pool itself stays without
// defaults: what nobody wrote is the server's to fill in.
func check(p *v1alpha1.ShadowPool) error {
	full := p.DeepCopy()
	full.Default()
	if errs := append(full.Validate(), full.ValidatePause()...); len(errs) > 0 {
		return &InvalidError{Pool: p.Key(), Fields: errs}
	}
	return nil
}

// merged returns a pool after a JSON merge patch.
func merged(was *v1alpha1.ShadowPool, patch map[string]any) (*v1alpha1.ShadowPool, error) {
	m, err := object(was)
	if err != nil {
		return nil, err
	}
	mergeInto(m, patch)
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out v1alpha1.ShadowPool
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// mergeInto applies a merge patch (RFC 7396): null removes, an object merges,
// anything else replaces.
func mergeInto(dst, patch map[string]any) {
	for key, v := range patch {
		if inner, ok := v.(map[string]any); ok {
			mergeInto(below(dst, key), inner)
			continue
		}
		if dst[key] = v; v == nil {
			delete(dst, key)
		}
	}
}

// overlay adds one merge patch to another: its nulls stay.
func overlay(dst, patch map[string]any) {
	for key, v := range patch {
		if inner, ok := v.(map[string]any); ok {
			overlay(below(dst, key), inner)
			continue
		}
		dst[key] = v
	}
}

// below returns the object at a key, made if there is none.
func below(m map[string]any, key string) map[string]any {
	inner, ok := m[key].(map[string]any)
	if !ok {
		inner = map[string]any{}
		m[key] = inner
	}
	return inner
}

// object returns a value as the JSON object that it is written as.
func object(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(raw, &m)
}
