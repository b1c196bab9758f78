package client_test

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// A Deployment of ten replicas gets two shadows, and its forecast a higher
// quantile. In a program of yours, kube is client.New(config, ...) of
// sigs.k8s.io/controller-runtime, and the clock is clock.RealClock{}.
func Example() {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, appsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			fmt.Println(err)
			return
		}
	}
	web := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(10))}}
	kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(web).Build()

	ctx := context.Background()
	c := client.New(kube, testingclock.NewFakePassiveClock(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)))
	target := client.Deployment("shop", "web", v1alpha1.ShadowPoolSpec{
		BackgroundWork: v1alpha1.BackgroundWorkNone,
		Load:           v1alpha1.Load{Query: `sum(rate(http_requests_total{service="web"}[2m]))`},
	})
	made, err := c.CreateShadowInstances(ctx, target, 15)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(made.Change, made.Pool.Key(), "minShadows", *made.Pool.Spec.MinShadows)

	pool := types.NamespacedName{Namespace: "shop", Name: "web"}
	changed, err := c.ConfigureShadowingAlgorithm(ctx, pool, "Auto", map[string]string{"quantile": "0.95"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(changed.Change, changed.Pool.Key(), "quantile", changed.Pool.Spec.Prediction.Quantile)

	status, err := c.GetShadowInstanceStatus(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status.Counts.Ready, "ready.", status.Next)
	// Output:
	// created shop/web minShadows 2
	// configured shop/web quantile 0.95
	// 0 ready. The controller looks at the pool, which it has not done yet: if this stays so, see that foreshadow-adapter runs with --roles=shadows.
}
