package pools

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clusterPool makes a pool in shop on workload web; each change says what
// matters to a test.
func clusterPool(name string, changes ...func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
	pool := &v1alpha1.ShadowPool{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Generation: 1, CreationTimestamp: metav1.NewTime(start),
	}}
	pool.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	pool.Spec.Load.Query = "up"
	for _, change := range changes {
		change(pool)
	}
	return pool
}

func serving(workload string) func(*v1alpha1.ShadowPool) {
	return func(p *v1alpha1.ShadowPool) { p.Spec.ScaleTargetRef.Name = workload }
}

func createdAfter(d time.Duration) func(*v1alpha1.ShadowPool) {
	return func(p *v1alpha1.ShadowPool) { p.CreationTimestamp = metav1.NewTime(start.Add(d)) }
}

func testScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	return scheme
}

func fakeCluster(t *testing.T, faults interceptor.Funcs, pools ...client.Object) client.WithWatch {
	t.Helper()
	return fake.NewClientBuilder().
		WithScheme(testScheme(t)).
		WithObjects(pools...).
		WithStatusSubresource(&v1alpha1.ShadowPool{}).
		WithIndex(&v1alpha1.ShadowPool{}, workloadIndex, func(o client.Object) []string {
			return []string{o.(*v1alpha1.ShadowPool).Workload()}
		}).
		WithInterceptorFuncs(faults).
		Build()
}

func keyFor(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: name}
}
