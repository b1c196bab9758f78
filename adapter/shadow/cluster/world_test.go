package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// A World has what concerns the pool, all of its namespace and nothing of
// another.
func TestGather(t *testing.T) {
	s := newShop(3, 3, 2)
	other := shadowtest.ReplicaSet(s.dep, func(rs *appsv1.ReplicaSet) {
		rs.Name, rs.UID = "other-1", "other"
		rs.OwnerReferences[0].Name, rs.OwnerReferences[0].UID = "other", "other-deployment"
	})
	orphan := shadowtest.Pod(s.rs, "orphan", func(p *corev1.Pod) {
		p.OwnerReferences = nil
		p.Labels[v1alpha1.PoolLabel] = s.pool.Name
	})
	stranger := shadowtest.Pod(other, "stranger")
	s.node.Status.Conditions[0].Status = corev1.ConditionFalse
	g := &gatherer{cache: newCluster(t, s.objects(append(surroundings(), other, orphan, stranger)...)...)}
	w, err := g.gather(t.Context(), s.pool)
	require.NoError(t, err)

	require.Equal(t, s.dep.UID, w.Deployment.UID)
	require.Len(t, w.ReplicaSets, 1)
	require.Len(t, w.Pods, 6)
	require.True(t, slices.ContainsFunc(w.Pods, func(p *corev1.Pod) bool { return p.UID == orphan.UID }))
	require.Equal(t, "a", w.Nodes[shadowtest.Node].Labels[corev1.LabelTopologyZone])
	require.True(t, w.NodesNotReady[shadowtest.Node])
	require.Len(t, w.Services, 1)
	require.Len(t, w.PodDisruptionBudgets, 1)
	require.Len(t, w.NetworkPolicies, 1)
	require.Len(t, w.HPAs, 1)
	require.Len(t, w.Quotas, 1)
	require.Len(t, w.PVCs, 1)
	require.Empty(t, w.TakenBy)
	require.Negative(t, w.InstallationRoom)
	require.Negative(t, w.NamespaceRoom)
}

// Where the Deployment is gone, what it leaves for the garbage collector is
// there.
func TestGatherWithoutWorkload(t *testing.T) {
	s := newShop(3, 3, 2)
	g := &gatherer{cache: newCluster(t, slices.DeleteFunc(s.objects(), func(o client.Object) bool { return o == client.Object(s.dep) })...)}
	w, err := g.gather(t.Context(), s.pool)
	require.NoError(t, err)
	require.Nil(t, w.Deployment)
	require.Len(t, w.ReplicaSets, 1)
	require.Len(t, w.Pods, 5)
}

// A Deployment that was made anew does not have the ReplicaSets of the old one.
func TestGatherAfterRemake(t *testing.T) {
	s := newShop(3, 3, 2)
	s.dep.UID = "made-anew"
	g := &gatherer{cache: newCluster(t, s.objects()...)}
	w, err := g.gather(t.Context(), s.pool)
	require.NoError(t, err)
	require.Empty(t, w.ReplicaSets)
	require.Len(t, w.Pods, 2, "the shadows are the pool's all the same")
}

func TestGatherBareReplicaSet(t *testing.T) {
	s := newShop(3, 3, 2)
	s.pool.Spec.ScaleTargetRef.Kind, s.pool.Spec.ScaleTargetRef.Name = "ReplicaSet", s.rs.Name
	g := &gatherer{cache: newCluster(t, s.objects()...)}
	w, err := g.gather(t.Context(), s.pool)
	require.NoError(t, err)
	require.NotNil(t, w.ReplicaSet)
	require.Len(t, w.Pods, 5)
}

// A Rollout is not asked for where the API server does not know any.
func TestGatherRolloutThatIsNotServed(t *testing.T) {
	s := newShop(3, 3, 2)
	s.pool.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{APIVersion: "argoproj.io/v1alpha1", Kind: "Rollout", Name: "web"}
	g := &gatherer{cache: newCluster(t, s.objects()...)}
	w, err := g.gather(t.Context(), s.pool)
	require.NoError(t, err)
	require.Nil(t, w.Rollout)
	require.Empty(t, w.ReplicaSets)
}

// The oldest of several pools has the workload.
func TestRivals(t *testing.T) {
	pool := func(name string, at time.Duration, alter ...func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
		return shadowtest.Pool(append(alter, func(p *v1alpha1.ShadowPool) {
			p.Name, p.UID = name, types.UID("uid-of-"+name)
			p.CreationTimestamp = metav1.NewTime(shadowtest.Start().Add(at))
		})...)
	}
	broken := func(p *v1alpha1.ShadowPool) { p.Spec.Load.Query = " " }
	tests := []struct {
		name   string
		others []*v1alpha1.ShadowPool
		want   string
	}{
		{"alone", nil, ""},
		{"an older one", []*v1alpha1.ShadowPool{pool("a", -time.Hour)}, "a"},
		{"a younger one", []*v1alpha1.ShadowPool{pool("a", time.Hour)}, ""},
		{"one of the same second, by name", []*v1alpha1.ShadowPool{pool("a", 0), pool("z", 0)}, "a"},
		{"an older one of another workload", []*v1alpha1.ShadowPool{pool("a", -time.Hour, func(p *v1alpha1.ShadowPool) { p.Spec.ScaleTargetRef.Name = "api" })}, ""},
		{"an older one that nobody serves", []*v1alpha1.ShadowPool{pool("a", -time.Hour, broken)}, ""},
		{"an older one that names no kind", []*v1alpha1.ShadowPool{pool("a", -time.Hour, func(p *v1alpha1.ShadowPool) { p.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{Name: "web"} })}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(3, 0, 0)
			objects := s.objects()
			for _, o := range tt.others {
				objects = append(objects, o)
			}
			g := &gatherer{cache: newCluster(t, objects...)}
			w, err := g.gather(t.Context(), s.pool)
			require.NoError(t, err)
			require.Equal(t, tt.want, w.TakenBy)
		})
	}
}
