package pools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// freeze makes the writer's client read the pool as it is now, whatever is
// written later: a cache that lags.
func (r *statusRig) freeze(t *testing.T, name string) {
	t.Helper()
	var old v1alpha1.ShadowPool
	require.NoError(t, r.cluster.Get(t.Context(), keyFor(name), &old))
	r.writer.client = interceptor.NewClient(r.cluster.(client.WithWatch), interceptor.Funcs{
		Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
			old.DeepCopyInto(obj.(*v1alpha1.ShadowPool))
			return nil
		},
	})
	r.writer.reader = r.cluster
}

func TestStatusIsNotComparedWithACacheThatLags(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	r.after(t, 0)
	r.freeze(t, "web")
	r.writer.Set(pool, statusOf(metav1.ConditionFalse, "10"))
	require.EqualValues(t, 1, r.after(t, time.Second))
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.EqualValues(t, 1, r.after(t, time.Second), "the cache shows this status, the cluster another")
	got := r.get(t, "web").Conditions[0]
	require.Equal(t, metav1.ConditionTrue, got.Status)
	require.True(t, got.LastTransitionTime.Equal(&metav1.Time{Time: start.Add(2 * time.Second)}), "it turned twice: %v", got.LastTransitionTime)
}

func TestANewLeaderReadsPastItsCache(t *testing.T) {
	pool := clusterPool("web")
	r := newStatusRig(t, pool)
	r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	r.after(t, 0)
	last := r.writer
	again, err := NewStatusWriter(StatusOptions{Client: r.cluster, FieldOwner: "foreshadow", Clock: r.clock})
	require.NoError(t, err)
	r.writer = again
	r.freeze(t, "web")
	last.Set(pool, statusOf(metav1.ConditionFalse, "10"))
	last.flush(t.Context())
	again.Set(pool, statusOf(metav1.ConditionTrue, "10"))
	require.EqualValues(t, 1, r.after(t, 0))
	require.Equal(t, metav1.ConditionTrue, r.get(t, "web").Conditions[0].Status)
}

func TestStatusOfAPoolThatIsGoneIsDropped(t *testing.T) {
	r := newStatusRig(t, clusterPool("web"))
	old := clusterPool("web", func(p *v1alpha1.ShadowPool) { p.UID = "an earlier one" })
	r.writer.Set(old, statusOf(metav1.ConditionTrue, "10"))
	r.writer.Set(clusterPool("none"), statusOf(metav1.ConditionTrue, "10"))
	r.writer.Set(clusterPool("forgotten"), statusOf(metav1.ConditionTrue, "10"))
	r.writer.Forget(keyFor("forgotten"))
	require.Zero(t, r.after(t, 0))
	require.Empty(t, r.writer.entries)
	require.EqualValues(t, 2, testutil.ToFloat64(r.writer.metrics.writes.WithLabelValues(resultGone)))
	require.Empty(t, r.get(t, "web").Conditions)
}

// TestStatusRefusedIsNotAlwaysGone refuses a second write: only a look at the
// cluster says whether the pool is still there.
func TestStatusRefusedIsNotAlwaysGone(t *testing.T) {
	resource := v1alpha1.GroupVersion().WithResource(v1alpha1.Resource).GroupResource()
	conflict := apierrors.NewConflict(resource, "web", errors.New("the object has been modified"))
	notFound := apierrors.NewNotFound(resource, "web")
	for _, tt := range []struct {
		name    string
		refusal error
		change  func(t *testing.T, c client.Client, pool *v1alpha1.ShadowPool)
		gone    bool
	}{
		{name: "a conflict alone is tried again", refusal: conflict},
		{name: "a path that is not found for now is tried again", refusal: notFound},
		{name: "a pool made anew", refusal: conflict, gone: true, change: func(t *testing.T, c client.Client, pool *v1alpha1.ShadowPool) {
			require.NoError(t, c.Delete(t.Context(), pool.DeepCopy()))
			require.NoError(t, c.Create(t.Context(), clusterPool("web", func(p *v1alpha1.ShadowPool) { p.UID = "another" })))
		}},
		{name: "a deleted pool", refusal: notFound, gone: true, change: func(t *testing.T, c client.Client, pool *v1alpha1.ShadowPool) {
			require.NoError(t, c.Delete(t.Context(), pool.DeepCopy()))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pool := clusterPool("web")
			r := newStatusRig(t, pool)
			r.writer.Set(pool, statusOf(metav1.ConditionTrue, "10"))
			r.after(t, 0)
			if tt.change != nil {
				tt.change(t, r.cluster, pool)
			}
			r.fail.Store(&tt.refusal)
			r.writer.Set(pool, statusOf(metav1.ConditionFalse, "11"))
			require.EqualValues(t, 1, r.after(t, 0))
			r.fail.Store(nil)
			if tt.gone {
				require.Empty(t, r.writer.entries)
				return
			}
			require.EqualValues(t, 1, r.after(t, time.Second))
			require.Equal(t, v1alpha1.Decimal("11"), r.get(t, "web").Forecast.ObservedLoad)
		})
	}
}

func TestUrgentStatusesComeFirst(t *testing.T) {
	var all []client.Object
	for i := range 3 * writeBatch {
		all = append(all, clusterPool(fmt.Sprintf("pool-%02d", i)))
	}
	r := newStatusRig(t, all...)
	set := func(i int, condition metav1.ConditionStatus, load v1alpha1.Decimal) {
		r.writer.Set(all[i].(*v1alpha1.ShadowPool), statusOf(condition, load))
	}
	for i := range all {
		set(i, metav1.ConditionTrue, "10")
	}
	require.EqualValues(t, len(all), r.after(t, 0), "one flush writes them all")

	var mu sync.Mutex
	var order []string
	r.writer.client = interceptor.NewClient(r.cluster.(client.WithWatch), interceptor.Funcs{
		SubResourceApply: func(ctx context.Context, c client.Client, sub string, obj runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
			mu.Lock()
			defer mu.Unlock()
			name := obj.(interface{ GetName() string }).GetName()
			if order = append(order, name); len(order) == 1 {
				set(len(all)-1, metav1.ConditionFalse, "10")
			}
			return c.SubResource(sub).Apply(ctx, obj, opts...)
		},
	})
	for i := range all {
		set(i, metav1.ConditionTrue, "11")
	}
	set(len(all)-2, metav1.ConditionFalse, "11")
	require.EqualValues(t, len(all), r.after(t, 10*time.Minute))
	// Within a batch the order is open.
	require.Less(t, slices.Index(order, "pool-94"), writeBatch, "a condition goes before values")
	require.Less(t, slices.Index(order, "pool-95"), 2*writeBatch, "a condition that turns during a flush goes before the next batch")
}

func TestStatusesAreWrittenInParallel(t *testing.T) {
	var all []client.Object
	for i := range 2 * parallelWrites {
		all = append(all, clusterPool(fmt.Sprintf("pool-%d", i)))
	}
	r := newStatusRig(t, all...)
	// Nobody leaves before parallelWrites have come.
	arrived := make(chan struct{}, len(all))
	leave := make(chan struct{})
	r.writer.client = interceptor.NewClient(r.cluster.(client.WithWatch), interceptor.Funcs{
		SubResourceApply: func(ctx context.Context, c client.Client, sub string, obj runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
			arrived <- struct{}{}
			<-leave
			return c.SubResource(sub).Apply(ctx, obj, opts...)
		},
	})
	for _, pool := range all {
		r.writer.Set(pool.(*v1alpha1.ShadowPool), statusOf(metav1.ConditionTrue, "10"))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.writer.flush(t.Context())
	}()
	poll(t, func() string { return strconv.Itoa(len(arrived)) + " writes" }, func() bool { return len(arrived) == parallelWrites })
	close(leave)
	<-done
	require.EqualValues(t, len(all), r.writes.Load())
}
