package client

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// defaultMaxShadows is the API's default of maxShadows.
const defaultMaxShadows = 10

// CreateShadowInstances asks for shadows beside a workload: percentage of its
// replicas, from 1 to 100, rounded up. The pool of the target is made if there
// is none; one that is there keeps all else that it says.
//
// It sets mode Active, shadowPercentage, and minShadows to the number of shadows
// that the percentage is of the workload's spec.replicas now, so that they
// appear at once and stay whatever the forecast says; lower minShadows to leave
// their number to the forecast. maxShadows bounds it: that of the pool, or of
// target.Spec, or for a new pool 10 or that number, whichever is more.
//
// The result is the pool as the server has it. It is an error if the workload
// is not there, or has several pools; a *InvalidError, with the fields, if the
// pool would break a rule: a new one needs target.Spec.Load.Query and
// target.Spec.BackgroundWork.
func (c *Client) CreateShadowInstances(ctx context.Context, target Target, percentage int32) (Result, error) {
	was, err := c.FindPool(ctx, target)
	if err != nil {
		return Result{}, err
	}
	ref := target.workload()
	key := types.NamespacedName{Namespace: target.Namespace, Name: target.name()}
	if was != nil {
		ref, key = was.Spec.ScaleTargetRef, was.Key()
	}
	if err := refuse(key, append(checkPercentage(percentage), checkWorkload(key, ref)...)); err != nil {
		return Result{}, err
	}
	replicas, err := c.Replicas(ctx, target.Namespace, ref)
	if err != nil {
		return Result{}, err
	}
	if target.OwnScale {
		if replicas == 0 {
			return Result{}, fmt.Errorf("let pool %s own the scale of %s %s: it has 0 replicas, with which the pool would begin: scale it up first", key, ref.Kind, ref.Name)
		}
		target.Spec.Replicas = new(replicas)
	}
	target.Spec.Mode = v1alpha1.ModeActive
	target.Spec.ShadowPercentage = new(percentage)
	setMinShadows(&target.Spec, was, share(replicas, percentage))
	return c.apply(ctx, target, was)
}

// NewPool returns the pool that a target without one would get, as far as the
// target says it, with its defaults. It is an *InvalidError if the target's
// workload can have no shadows.
func NewPool(t Target) (*v1alpha1.ShadowPool, error) {
	p := &v1alpha1.ShadowPool{Spec: t.Spec}
	p.Namespace, p.Name, p.Spec.ScaleTargetRef = t.Namespace, t.name(), t.workload()
	p.Default()
	if errs := checkWorkload(p.Key(), p.Spec.ScaleTargetRef); len(errs) > 0 {
		return nil, &InvalidError{Pool: p.Key(), Fields: errs}
	}
	return p, nil
}

// checkWorkload refuses a workload of a kind that can have no shadows.
func checkWorkload(key types.NamespacedName, ref v1alpha1.ScaleTargetRef) (errs field.ErrorList) {
	p := v1alpha1.ShadowPool{Spec: v1alpha1.ShadowPoolSpec{ScaleTargetRef: ref}}
	p.Namespace, p.Name = key.Namespace, key.Name
	p.Default()
	for _, err := range p.Validate() {
		if strings.HasPrefix(err.Field, "spec.scaleTargetRef") {
			errs = append(errs, err)
		}
	}
	return errs
}

// setMinShadows asks for n shadows at least, as far as maxShadows allows.
func setMinShadows(spec *v1alpha1.ShadowPoolSpec, was *v1alpha1.ShadowPool, n int32) {
	switch {
	case spec.MaxShadows != nil:
		n = min(n, *spec.MaxShadows)
	case was != nil:
		n = min(n, *was.Spec.MaxShadows)
	case n > defaultMaxShadows:
		spec.MaxShadows = new(n)
	}
	spec.MinShadows = new(n)
}

// share is a percentage of the replicas, rounded up.
func share(replicas, percentage int32) int32 {
	return int32((int64(replicas)*int64(percentage) + 99) / 100)
}
