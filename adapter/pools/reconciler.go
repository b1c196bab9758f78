package pools

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// reconciler hands one pool over as the cache has it now.
type reconciler struct {
	reader client.Reader
	status *StatusWriter
	logger log.Logger

	mu      sync.Mutex
	handler Handler
}

// Reconcile sets or deletes one pool.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	pool := &v1alpha1.ShadowPool{}
	err := r.reader.Get(ctx, req.NamespacedName, pool)
	if apierrors.IsNotFound(err) || err == nil && !pool.DeletionTimestamp.IsZero() {
		r.handler.Delete(req.Namespace, req.Name)
		r.status.Forget(req.NamespacedName)
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read pool %s: %w", req.NamespacedName, err)
	}
	pool.Default()
	reason, message, err := r.judge(ctx, pool)
	if err != nil {
		return reconcile.Result{}, err
	}
	if reason != "" {
		level.Warn(r.logger).Log("msg", "pool refused", "pool", req.NamespacedName, "reason", reason, "err", message)
		r.handler.Delete(req.Namespace, req.Name)
		r.status.Set(pool, refused(pool, reason, message))
		return reconcile.Result{}, nil
	}
	r.handler.Set(pool)
	return reconcile.Result{}, nil
}

// judge says why a pool is not served, if it is not. The API server has let it
// in, but perhaps by an older CRD; and it cannot compare two pools.
func (r *reconciler) judge(ctx context.Context, pool *v1alpha1.ShadowPool) (reason, message string, err error) {
	if errs := pool.Validate(); len(errs) > 0 {
		said := make([]string, len(errs))
		for i, e := range errs {
			said[i] = e.Error()
		}
		return v1alpha1.ReasonSpecInvalid, strings.Join(said, "; "), nil
	}
	rivals, err := r.poolsOf(ctx, pool)
	if err != nil {
		return "", "", err
	}
	for i := range rivals {
		rivals[i].Default()
		if older(&rivals[i], pool) && len(rivals[i].Validate()) == 0 {
			return v1alpha1.ReasonWorkloadTaken, fmt.Sprintf("pool %s is older and serves %s %s: delete one of them",
				rivals[i].Name, pool.Spec.ScaleTargetRef.Kind, pool.Spec.ScaleTargetRef.Name), nil
		}
	}
	return "", "", nil
}

// rivals lists the pools that an event of one pool may free or hold: those of
// the same workload. It is asked for the old and the new form of a pool.
func (r *reconciler) rivals(ctx context.Context, o client.Object) []reconcile.Request {
	pool, ok := o.(*v1alpha1.ShadowPool)
	if !ok {
		return nil
	}
	list, err := r.poolsOf(ctx, pool)
	if err != nil {
		level.Error(r.logger).Log("msg", "listing the pools of a workload went wrong", "pool", pool.Key(), "err", err)
		return nil
	}
	var out []reconcile.Request
	for i := range list {
		if key := list[i].Key(); key != pool.Key() {
			out = append(out, reconcile.Request{NamespacedName: key})
		}
	}
	return out
}

func (r *reconciler) poolsOf(ctx context.Context, pool *v1alpha1.ShadowPool) ([]v1alpha1.ShadowPool, error) {
	var list v1alpha1.ShadowPoolList
	err := r.reader.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingFields{workloadIndex: pool.Workload()})
	if err != nil {
		return nil, fmt.Errorf("list pools of workload %s: %w", pool.Workload(), err)
	}
	return list.Items, nil
}

// all hands over every pool that the cache has.
func (r *reconciler) all(ctx context.Context) error {
	var list v1alpha1.ShadowPoolList
	if err := r.reader.List(ctx, &list); err != nil {
		return fmt.Errorf("list pools: %w", err)
	}
	for i := range list.Items {
		if _, err := r.Reconcile(ctx, reconcile.Request{NamespacedName: list.Items[i].Key()}); err != nil {
			return err
		}
	}
	return nil
}

// older says that a came before b, by name where both came in one second. A
// pool that is being deleted holds nothing.
func older(a, b *v1alpha1.ShadowPool) bool {
	if a.Key() == b.Key() || !a.DeletionTimestamp.IsZero() {
		return false
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

func refused(pool *v1alpha1.ShadowPool, reason, message string) v1alpha1.ShadowPoolStatus {
	return v1alpha1.ShadowPoolStatus{
		ObservedGeneration: pool.Generation,
		Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionRefused, Status: metav1.ConditionTrue,
			ObservedGeneration: pool.Generation, Reason: reason, Message: message,
		}},
	}
}
