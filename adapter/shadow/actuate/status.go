package actuate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// writeStatus writes the fields of the status that the shadows role owns, where
// they differ from what the pool has. It is conditional on the version of the
// pool: the intent of a leader that has been overtaken must not appear.
func (c *act) writeStatus(ctx context.Context) {
	want := c.d.Status.DeepCopy()
	want.Selector = observe.ScaleSelector(c.w)
	if want.Selector == "" {
		want.Selector = c.w.Pool.Status.Selector
	}
	c.sayDenied(want)
	pool := c.overlay.server(c.w.Pool)
	if sameStatus(&pool.Status, want) {
		c.overlay.drop(pool.Key())
		return
	}
	minor := sameStatus(withoutProgress(&pool.Status), withoutProgress(want))
	wait := max(c.overlay.hold(pool.Key(), want, minor), c.overlay.quietFor(pool.Key()))
	if c.succeeds(&pool.Status) {
		wait = 0
	}
	if wait > 0 || c.Urgent(pool.Key()) {
		c.lookIn(max(wait, time.Millisecond))
		return
	}
	c.tryStatus(ctx, pool, want)
}

// succeeds says that an earlier leader wrote the status last. Until this one has,
// nothing tells the earlier one to stop, so that its status does not wait. A pool
// that has had no shadow has nothing for two leaders to do.
func (c *act) succeeds(server *v1alpha1.ShadowPoolStatus) bool {
	untouched := server.Epoch == 0 && server.Intent == nil && len(server.Shadows) == 0
	return server.Epoch < c.w.Epoch && !untouched
}

// tryStatus writes the status, again where somebody else wrote the pool.
func (c *act) tryStatus(ctx context.Context, pool *v1alpha1.ShadowPool, want *v1alpha1.ShadowPoolStatus) {
	var err error
	for range tries {
		if sameStatus(&pool.Status, want) {
			c.overlay.drop(pool.Key())
			c.status = ResultAlready
			return
		}
		if err = c.applyStatus(ctx, pool, want); err == nil {
			c.overlay.drop(pool.Key())
			c.status = ResultDone
			return
		}
		f := fateOf(err)
		switch {
		case ctx.Err() != nil:
			return
		case f == fateGone:
			c.status = ResultGone
			return
		case apierrors.IsInvalid(err) && c.rereadPool(ctx, pool, want) == nil:
			return // another pool has its name
		case f == fateFinal || waitOf(err) > 0:
			c.statusFailed(err)
			return
		}
		if pool = c.rereadPool(ctx, pool, want); pool == nil {
			return
		}
	}
	c.status = ResultConflict
}

func (c *act) statusFailed(err error) {
	c.status = ResultFailed
	c.fail(fmt.Errorf("write status of pool %s: %w", c.w.Pool.Key(), err))
}

// applyStatus does one write of the status.
func (c *act) applyStatus(ctx context.Context, pool *v1alpha1.ShadowPool, want *v1alpha1.ShadowPoolStatus) error {
	o := &v1alpha1.ShadowPool{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.Kind},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pool.Namespace, Name: pool.Name, UID: pool.UID, ResourceVersion: pool.ResourceVersion,
		},
		Status: *want,
	}
	got, err := c.send(ctx, pointStatus, Write{Verb: VerbApply, Object: o, Subresource: "status"})
	if err != nil {
		return err
	}
	now, ok := got.(*v1alpha1.ShadowPool)
	if !ok || now == nil {
		return errNothingReturned
	}
	c.overlay.status(now)
	if !sameStatus(&now.Status, want) {
		return &differsError{".status"}
	}
	return nil
}

// rereadPool returns the pool as it is now, if what was decided still holds for
// it: only others have written to it, and only what does not matter to us.
func (c *act) rereadPool(ctx context.Context, was *v1alpha1.ShadowPool, want *v1alpha1.ShadowPoolStatus) *v1alpha1.ShadowPool {
	live := &v1alpha1.ShadowPool{}
	err := c.read(ctx, was.Name, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != was.UID:
		c.status = ResultGone
		return nil
	case err != nil:
		c.statusFailed(fmt.Errorf("read it again: %w", err))
		return nil
	case live.Status.Epoch > c.w.Epoch:
		c.stop(ErrFenced)
		return nil
	case sameStatus(&live.Status, want):
		c.overlay.status(live)
		return live
	case live.DeletionTimestamp != nil, live.Generation != was.Generation,
		live.Annotations[v1alpha1.PauseAnnotation] != was.Annotations[v1alpha1.PauseAnnotation], !sameStatus(&live.Status, &was.Status):
		c.status = ResultConflict
		return nil
	}
	return live
}

// sameStatus compares the fields that the shadows role owns.
func sameStatus(have, want *v1alpha1.ShadowPoolStatus) bool {
	h, w := *have, *want
	for i := range w.Conditions {
		c := &w.Conditions[i]
		if is := meta.FindStatusCondition(h.Conditions, c.Type); is == nil || !equality.Semantic.DeepEqual(*is, *c) {
			if ours(c.Type) {
				return false
			}
		}
	}
	for _, s := range []*v1alpha1.ShadowPoolStatus{&h, &w} {
		s.Shadows = byName(s.Shadows)
		s.Conditions, s.ObservedGeneration, s.Forecast, s.Capacity, s.Profile = nil, 0, nil, nil, nil
	}
	return equality.Semantic.DeepEqual(h, w)
}

// withoutProgress returns a status that does not say how far warm-ups are.
func withoutProgress(s *v1alpha1.ShadowPoolStatus) *v1alpha1.ShadowPoolStatus {
	out := *s
	out.Shadows = slices.Clone(s.Shadows)
	for i := range out.Shadows {
		out.Shadows[i].Progress = ""
	}
	return &out
}

// byName returns shadows by their names, as they were decided: the API server
// keeps a list that is a map in an order of its own.
func byName(list []v1alpha1.ShadowStatus) []v1alpha1.ShadowStatus {
	less := func(a, b v1alpha1.ShadowStatus) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(list, less) {
		return list
	}
	return slices.SortedFunc(slices.Values(list), less)
}

// inOrder returns a pool whose status lists its shadows by name.
func inOrder(p *v1alpha1.ShadowPool) *v1alpha1.ShadowPool {
	sorted := byName(p.Status.Shadows)
	if len(sorted) == 0 || &sorted[0] == &p.Status.Shadows[0] {
		return p
	}
	out := *p
	out.Status.Shadows = sorted
	return &out
}

// ours says that a condition is one of the shadows role.
func ours(condition string) bool {
	switch condition {
	case v1alpha1.ConditionForecastReady, v1alpha1.ConditionCapacityUnknown, v1alpha1.ConditionHistoryDegraded, v1alpha1.ConditionRefused:
		return false
	}
	return true
}
