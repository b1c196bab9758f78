package observe_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func ExampleObserve() {
	pool, deployment := shadowtest.Pool(), shadowtest.Deployment(1)
	rs := shadowtest.ReplicaSet(deployment)
	w := observe.World{Pool: pool, Deployment: deployment, InstallationRoom: -1, NamespaceRoom: -1, Now: shadowtest.Start()}
	w.ReplicaSets = append(w.ReplicaSets, rs)
	w.Pods = append(w.Pods, shadowtest.Pod(rs, "live"), shadowtest.Shadow(pool, rs, "warm", v1alpha1.ShadowReady))

	in := observe.Observe(w)
	for _, p := range in.Pods {
		fmt.Printf("%s: owner %s, ready %t, warm %t\n", p.UID, p.Owner, p.Ready(), !p.WarmedAt.IsZero())
	}
	// Output:
	// pod-live: owner ReplicaSet, ready true, warm false
	// pod-warm: owner Pool, ready true, warm true
}

func ExampleHideKeys() {
	set := map[string]string{"app": "web", "tier": "front", v1alpha1.PoolLabel: "web"}
	keys, unhideable := observe.HideKeys(set, []observe.SelectorRef{
		{Kind: "Service", Name: "web", Selector: labels.SelectorFromSet(labels.Set{"app": "web"})},
		{Kind: "Service", Name: "front", Selector: labels.SelectorFromSet(labels.Set{"app": "web", "tier": "front"})},
		{Kind: "PodDisruptionBudget", Name: "all", Selector: labels.Everything()},
	}, nil)
	fmt.Println(keys, unhideable)
	// Output:
	// [app] [PodDisruptionBudget/all]
}
