package pools

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func newReconciler(t *testing.T, cluster client.Client) (*reconciler, *recorder) {
	t.Helper()
	status, err := NewStatusWriter(StatusOptions{Client: cluster, FieldOwner: "test"})
	require.NoError(t, err)
	handler := &recorder{}
	return &reconciler{reader: cluster, handler: handler, status: status, logger: log.NewNopLogger()}, handler
}

func reconcileOne(t *testing.T, r *reconciler, name string) {
	t.Helper()
	_, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: keyFor(name)})
	require.NoError(t, err)
}

// condition returns what the reconciler wants to be written of a pool.
func condition(t *testing.T, r *reconciler, name string) metav1.Condition {
	t.Helper()
	entry := r.status.entries[keyFor(name)]
	require.NotNil(t, entry, "no status is wanted")
	require.Len(t, entry.wanted.Conditions, 1)
	return entry.wanted.Conditions[0]
}

func TestReconcileSetsWithDefaults(t *testing.T) {
	r, handler := newReconciler(t, fakeCluster(t, interceptor.Funcs{}, clusterPool("web")))
	reconcileOne(t, r, "web")
	require.Equal(t, v1alpha1.ModeObserve, handler.get("shop", "web").Spec.Mode)
	require.Empty(t, r.status.entries, "a served pool's status is not ours to write")
}

func TestReconcileDeletes(t *testing.T) {
	leaving := clusterPool("leaving", func(p *v1alpha1.ShadowPool) {
		now := metav1.NewTime(start)
		p.DeletionTimestamp, p.Finalizers = &now, []string{"example.com/wait"}
	})
	r, handler := newReconciler(t, fakeCluster(t, interceptor.Funcs{}, leaving))
	reconcileOne(t, r, "gone")
	reconcileOne(t, r, "leaving")
	require.Equal(t, []string{"delete shop/gone", "delete shop/leaving"}, handler.takeEvents())
}

func TestReconcileRefusesWhatAnOlderCRDLetIn(t *testing.T) {
	bad := clusterPool("web", func(p *v1alpha1.ShadowPool) {
		p.Generation = 3
		p.Spec.Prediction.Quantile, p.Spec.Prediction.Cap = "95", "0"
	})
	r, handler := newReconciler(t, fakeCluster(t, interceptor.Funcs{}, bad))
	reconcileOne(t, r, "web")
	require.Equal(t, []string{"delete shop/web"}, handler.takeEvents())
	require.Equal(t, metav1.Condition{
		Type: "Refused", Status: "True", ObservedGeneration: 3, Reason: "SpecInvalid",
		Message: `spec.prediction.quantile: Invalid value: "95": write a probability between 0 and 1, such as "0.95"; ` +
			`spec.prediction.cap: Invalid value: "0": write a factor of at least 1, such as "1.5"`,
	}, condition(t, r, "web"))
}

func TestReconcileGivesAWorkloadToItsOldestPool(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second *v1alpha1.ShadowPool
	}{
		{"the one that came first", clusterPool("z"), clusterPool("a", createdAfter(time.Second))},
		{"the first name where both came in one second", clusterPool("a"), clusterPool("z")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cluster := fakeCluster(t, interceptor.Funcs{}, tt.first, tt.second, clusterPool("api", serving("api")))
			r, handler := newReconciler(t, cluster)
			require.NoError(t, r.all(t.Context()))
			require.NotNil(t, handler.get("shop", tt.first.Name))
			require.NotNil(t, handler.get("shop", "api"))
			require.Nil(t, handler.get("shop", tt.second.Name))
			got := condition(t, r, tt.second.Name)
			require.Equal(t, "WorkloadTaken", got.Reason)
			require.Equal(t, "pool "+tt.first.Name+" is older and serves Deployment web: delete one of them", got.Message)

			// The second one is asked again when the first one goes.
			require.Equal(t, []reconcile.Request{{NamespacedName: keyFor(tt.second.Name)}}, r.rivals(t.Context(), tt.first))
			require.NoError(t, cluster.Delete(t.Context(), tt.first))
			reconcileOne(t, r, tt.second.Name)
			require.NotNil(t, handler.get("shop", tt.second.Name))
		})
	}
}

func TestAnInvalidPoolHoldsNoWorkload(t *testing.T) {
	bad := clusterPool("old", func(p *v1alpha1.ShadowPool) { p.Spec.Mode = "Guess" })
	r, handler := newReconciler(t, fakeCluster(t, interceptor.Funcs{}, bad, clusterPool("young", createdAfter(time.Hour))))
	reconcileOne(t, r, "young")
	require.NotNil(t, handler.get("shop", "young"))
}

func TestReconcileKeepsAPoolThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken cache")
	for name, faults := range map[string]interceptor.Funcs{
		"read pool shop/web: broken cache": {Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return broken
		}},
		"list pools of workload shop/Deployment/web: broken cache": {List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
			return broken
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, handler := newReconciler(t, fakeCluster(t, faults, clusterPool("web")))
			_, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: keyFor("web")})
			require.EqualError(t, err, name)
			require.ErrorIs(t, err, broken)
			require.Empty(t, handler.takeEvents())
		})
	}
}
