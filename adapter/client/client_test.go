package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

var (
	now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	web = types.NamespacedName{Namespace: "shop", Name: "web"}
)

// cluster is a fake cluster with some objects; funcs fail what they like.
func cluster(t *testing.T, funcs interceptor.Funcs, objects ...ctrlclient.Object) (*client.Client, ctrlclient.Client) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, appsv1.AddToScheme, corev1.AddToScheme} {
		require.NoError(t, add(scheme))
	}
	kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.ShadowPool{}).WithInterceptorFuncs(funcs).Build()
	return client.New(kube, testingclock.NewFakePassiveClock(now)), kube
}

func deployment(name string, replicas *int32) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: appsv1.DeploymentSpec{Replicas: replicas}}
}

// pool is a defaulted pool of the Deployment web.
func pool(edit ...func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
	p := &v1alpha1.ShadowPool{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	p.Spec.ScaleTargetRef.Name = "web"
	p.Spec.Load.Query = "sum(x)"
	p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
	for _, e := range edit {
		e(p)
	}
	p.Default()
	return p
}

func specWith(edit ...func(*v1alpha1.ShadowPoolSpec)) v1alpha1.ShadowPoolSpec {
	s := v1alpha1.ShadowPoolSpec{BackgroundWork: v1alpha1.BackgroundWorkNone, Load: v1alpha1.Load{Query: "sum(x)"}}
	for _, e := range edit {
		e(&s)
	}
	return s
}

func TestCreateShadowInstances(t *testing.T) {
	for _, tc := range []struct {
		name       string
		replicas   *int32
		percentage int32
		was        *v1alpha1.ShadowPool
		spec       v1alpha1.ShadowPoolSpec
		want       [3]int32 // shadowPercentage, minShadows, maxShadows
		change     client.Change
	}{
		{name: "the percentage is rounded up", replicas: new(int32(11)), percentage: 10, spec: specWith(), want: [3]int32{10, 2, 0}, change: client.Created},
		{name: "a workload that says no replicas has one", percentage: 1, spec: specWith(), want: [3]int32{1, 1, 0}, change: client.Created},
		{name: "no replicas give no shadow", replicas: new(int32(0)), percentage: 100, spec: specWith(), want: [3]int32{100, 0, 0}, change: client.Created},
		{name: "a large workload gets a larger bound", replicas: new(int32(300)), percentage: 20, spec: specWith(), want: [3]int32{20, 60, 60}, change: client.Created},
		{
			name: "a bound that is written holds", replicas: new(int32(300)), percentage: 20,
			spec: specWith(func(s *v1alpha1.ShadowPoolSpec) { s.MaxShadows = new(int32(7)) }), want: [3]int32{20, 7, 7}, change: client.Created,
		},
		{name: "the bound of a pool that is there holds", replicas: new(int32(300)), percentage: 20, was: pool(), want: [3]int32{20, 10, 10}, change: client.Configured},
		{
			name: "a pool that says so already stays", replicas: new(int32(10)), percentage: 20, change: client.Unchanged, want: [3]int32{20, 2, 10},
			was: pool(func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows = new(int32(2)) }),
		},
		{
			name: "a pool that only observes becomes Active", replicas: new(int32(10)), percentage: 50, change: client.Configured, want: [3]int32{50, 5, 10},
			was: pool(func(p *v1alpha1.ShadowPool) { p.Spec.Mode = v1alpha1.ModeObserve }),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			objects := []ctrlclient.Object{deployment("web", tc.replicas)}
			if tc.was != nil {
				objects = append(objects, tc.was)
			}
			c, kube := cluster(t, interceptor.Funcs{}, objects...)
			got, err := c.CreateShadowInstances(t.Context(), client.Deployment("shop", "web", tc.spec), tc.percentage)
			require.NoError(t, err)
			require.Equal(t, tc.change, got.Change)
			var stored v1alpha1.ShadowPool
			require.NoError(t, kube.Get(t.Context(), web, &stored))
			s := &stored.Spec
			require.Equal(t, v1alpha1.ModeActive, s.Mode)
			most := int32(0)
			if s.MaxShadows != nil {
				most = *s.MaxShadows
			}
			require.Equal(t, tc.want, [3]int32{*s.ShadowPercentage, *s.MinShadows, most})
		})
	}
}

func TestCreateKeepsWhatOthersWrote(t *testing.T) {
	was := pool(func(p *v1alpha1.ShadowPool) {
		p.Name = "front"
		p.Labels = map[string]string{"team": "shop"}
		p.Spec.Prediction.Quantile = "0.95"
		p.Spec.BackgroundWork = v1alpha1.BackgroundWorkGated
	})
	c, kube := cluster(t, interceptor.Funcs{}, deployment("web", new(int32(10))), was)
	_, err := c.CreateShadowInstances(t.Context(), client.Deployment("shop", "web", v1alpha1.ShadowPoolSpec{}), 30)
	require.NoError(t, err)
	var got v1alpha1.ShadowPool
	require.NoError(t, kube.Get(t.Context(), was.Key(), &got))
	was.Spec.ShadowPercentage, was.Spec.MinShadows = new(int32(30)), new(int32(3))
	if diff := cmp.Diff(was.Spec, got.Spec); diff != "" {
		t.Errorf("spec after create (-want +got):\n%s", diff)
	}
	require.Equal(t, was.Labels, got.Labels)
}

func TestOwnScaleBeginsWithTheReplicasThatAreThere(t *testing.T) {
	c, _ := cluster(t, interceptor.Funcs{}, deployment("web", new(int32(10))), deployment("idle", new(int32(0))))
	target := client.Deployment("shop", "web", specWith())
	target.OwnScale = true
	got, err := c.CreateShadowInstances(t.Context(), target, 20)
	require.NoError(t, err)
	require.EqualValues(t, 10, *got.Pool.Spec.Replicas)

	target.Workload.Name = "idle"
	_, err = c.CreateShadowInstances(t.Context(), target, 20)
	require.EqualError(t, err, "let pool shop/idle own the scale of Deployment idle: it has 0 replicas, with which the pool would begin: scale it up first")
}

func TestCreateRefuses(t *testing.T) {
	other := pool(func(p *v1alpha1.ShadowPool) { p.Name = "api"; p.Spec.ScaleTargetRef.Name = "backend" })
	twin := pool(func(p *v1alpha1.ShadowPool) { p.Name = "web-2" })
	for _, tc := range []struct {
		name       string
		objects    []ctrlclient.Object
		target     client.Target
		percentage int32
		want       string
	}{
		{
			"a pool that is not there", nil, client.Pool("shop", "web"), 20,
			`get pool shop/web: shadowpools.foreshadow.dev "web" not found`,
		},
		{
			"a workload that is not there", nil, client.Deployment("shop", "web", specWith()), 20,
			`get Deployment shop/web: deployments.apps "web" not found`,
		},
		{
			"a workload with two pools",
			[]ctrlclient.Object{pool(), twin},
			client.Deployment("shop", "web", specWith()), 20,
			"find pool of Deployment shop/web: it has 2 pools (web, web-2): delete all but one",
		},
		{
			"a pool of another name",
			[]ctrlclient.Object{pool()},
			client.Target{Namespace: "shop", Pool: "front", Workload: v1alpha1.ScaleTargetRef{Name: "web"}},
			20,
			"find pool of Deployment shop/web: it is web, not front: a workload has one pool",
		},
		{
			"a name that another workload's pool has",
			[]ctrlclient.Object{other, deployment("api", nil)},
			client.Deployment("shop", "api", specWith()), 20,
			"make pool shop/api: a pool of this name serves Deployment backend: give the new one another name",
		},
		{
			"a percentage of nothing", nil, client.Deployment("shop", "web", specWith()), 0,
			"check pool shop/web: spec.shadowPercentage: Invalid value: 0: write a percentage from 1 to 100, such as 20",
		},
		{
			"a kind without ReplicaSets", nil,
			client.Target{Namespace: "shop", Workload: v1alpha1.ScaleTargetRef{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"}},
			20,
			"check pool shop/db: spec.scaleTargetRef.kind: Invalid value: write Deployment or ReplicaSet with apiVersion apps/v1, or Rollout with apiVersion argoproj.io/v1alpha1: shadows join through a ReplicaSet",
		},
		{
			"a new pool without its load",
			[]ctrlclient.Object{deployment("web", nil)},
			client.Deployment("shop", "web", v1alpha1.ShadowPoolSpec{BackgroundWork: v1alpha1.BackgroundWorkNone}), 20,
			"check pool shop/web: spec.load: Required value: write at least query, the workload's load in PromQL",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := cluster(t, noWrites(t), tc.objects...)
			_, err := c.CreateShadowInstances(t.Context(), tc.target, tc.percentage)
			require.EqualError(t, err, tc.want)
		})
	}
}

// noWrites fails a test that writes.
func noWrites(t *testing.T) interceptor.Funcs {
	t.Helper()
	return interceptor.Funcs{
		Create: func(context.Context, ctrlclient.WithWatch, ctrlclient.Object, ...ctrlclient.CreateOption) error {
			t.Error("a refused call creates something")
			return nil
		},
		Patch: func(context.Context, ctrlclient.WithWatch, ctrlclient.Object, ctrlclient.Patch, ...ctrlclient.PatchOption) error {
			t.Error("a refused call patches something")
			return nil
		},
	}
}

func TestWhatTheServerRefusesIsNamed(t *testing.T) {
	broken := errors.New("the server is out")
	funcs := interceptor.Funcs{
		Create: func(context.Context, ctrlclient.WithWatch, ctrlclient.Object, ...ctrlclient.CreateOption) error {
			return broken
		},
		Patch: func(context.Context, ctrlclient.WithWatch, ctrlclient.Object, ctrlclient.Patch, ...ctrlclient.PatchOption) error {
			return broken
		},
	}
	c, _ := cluster(t, funcs, deployment("web", nil), deployment("api", nil), pool())
	_, err := c.CreateShadowInstances(t.Context(), client.Deployment("shop", "api", specWith()), 20)
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "create pool shop/api: the server is out")
	_, err = c.ConfigureShadowingAlgorithm(t.Context(), web, "", map[string]string{"quantile": "0.8"})
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "patch pool shop/web: the server is out")
}

func TestAClusterWithoutShadowPools(t *testing.T) {
	for _, missing := range []error{
		&meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: v1alpha1.Group, Kind: v1alpha1.Kind}},
		apierrors.NewGenericServerResponse(404, "get", schema.GroupResource{Group: v1alpha1.Group, Resource: v1alpha1.Resource}, "", "404 page not found", 0, true),
	} {
		c, _ := cluster(t, interceptor.Funcs{
			Get: func(context.Context, ctrlclient.WithWatch, ctrlclient.ObjectKey, ctrlclient.Object, ...ctrlclient.GetOption) error {
				return missing
			},
		})
		_, err := c.GetShadowInstanceStatus(t.Context(), web)
		require.ErrorIs(t, err, missing)
		require.ErrorContains(t, err, "get pool shop/web: the cluster does not know ShadowPools: install Foreshadow, or its CRD (shadowpools.foreshadow.dev), first: ")
	}
}

func TestObserveLeavesAChosenMode(t *testing.T) {
	c, _ := cluster(t, interceptor.Funcs{}, deployment("web", nil), deployment("api", nil), pool())
	made, err := c.Observe(t.Context(), client.Deployment("shop", "api", v1alpha1.ShadowPoolSpec{Load: v1alpha1.Load{Query: "sum(x)"}}))
	require.NoError(t, err)
	require.Equal(t, v1alpha1.ModeObserve, made.Pool.Spec.Mode)
	kept, err := c.Observe(t.Context(), client.Deployment("shop", "web", v1alpha1.ShadowPoolSpec{Load: v1alpha1.Load{Query: "sum(y)"}}))
	require.NoError(t, err)
	require.Equal(t, v1alpha1.ModeActive, kept.Pool.Spec.Mode)
	require.Equal(t, "sum(y)", kept.Pool.Spec.Load.Query)
}
