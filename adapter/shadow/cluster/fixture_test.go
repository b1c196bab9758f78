package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// now is two minutes after everything is warm.
var now = shadowtest.Start().Add(2 * time.Minute)

func testScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)))
	return scheme
}

// builderIndexer gives the indexes that a cache is asked for to a fake client.
type builderIndexer struct{ b *fake.ClientBuilder }

func (i builderIndexer) IndexField(_ context.Context, o client.Object, field string, f client.IndexerFunc) error {
	i.b.WithIndex(o, field, f)
	return nil
}

// newCluster returns a client that has objects and answers as the caches do.
func newCluster(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	b := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.ShadowPool{}, &corev1.Pod{})
	require.NoError(t, index(t.Context(), builderIndexer{b}))
	return b.Build()
}

// shop is a pool with a raised workload and warm shadows.
type shop struct {
	pool *v1alpha1.ShadowPool
	dep  *appsv1.Deployment
	rs   *appsv1.ReplicaSet
	live []*corev1.Pod
	warm []*corev1.Pod
	node *corev1.Node
}

func newShop(replicas int32, live, warm int) *shop {
	s := &shop{pool: shadowtest.Pool(), dep: shadowtest.Deployment(replicas)}
	s.rs = shadowtest.ReplicaSet(s.dep)
	s.node = &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: shadowtest.Node, Labels: map[string]string{corev1.LabelTopologyZone: "a"}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	s.pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: s.rs.UID, Epoch: 1}
	s.rs.Status.Replicas = int32(live)
	for i := range live {
		s.live = append(s.live, shadowtest.Pod(s.rs, "live"+string(rune('a'+i))))
	}
	for i := range warm {
		p := shadowtest.Shadow(s.pool, s.rs, "warm"+string(rune('a'+i)), v1alpha1.ShadowReady)
		s.warm = append(s.warm, p)
		s.pool.Status.Intent.PodUIDs = append(s.pool.Status.Intent.PodUIDs, p.UID)
	}
	return s
}

// objects are all of the shop and what else is in its namespace.
func (s *shop) objects(more ...client.Object) []client.Object {
	out := []client.Object{s.pool, s.dep, s.rs, s.node}
	for _, p := range append(append([]*corev1.Pod(nil), s.live...), s.warm...) {
		out = append(out, p)
	}
	return append(out, more...)
}

func in(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// surroundings are one object of each kind that is looked at.
func surroundings() []client.Object {
	ns := shadowtest.Namespace
	return []client.Object{
		&corev1.Service{ObjectMeta: in(ns, "web"), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}},
		&policyv1.PodDisruptionBudget{ObjectMeta: in(ns, "web")},
		&networkingv1.NetworkPolicy{ObjectMeta: in(ns, "web")},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: in(ns, "web")},
		&corev1.ResourceQuota{ObjectMeta: in(ns, "team")},
		&corev1.PersistentVolumeClaim{ObjectMeta: in(ns, "data")},
		&corev1.Service{ObjectMeta: in("elsewhere", "web")},
	}
}
