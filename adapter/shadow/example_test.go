package shadow_test

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// A workload is raised from 2 to 3 replicas beside a warm shadow that the intent
// lists: it goes live, and nothing else happens in the same moment.
func ExamplePlan() {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	pool := &v1alpha1.ShadowPool{}
	pool.Name, pool.Namespace, pool.UID = "web", "shop", "pool-uid"
	pool.Spec.Mode = v1alpha1.ModeActive
	pool.Default()
	pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: "rs-uid", Epoch: 1, PodUIDs: []types.UID{"s-uid"}}

	pod := func(name string, owner shadow.Owner) shadow.Pod {
		return shadow.Pod{
			Name: name, UID: types.UID(name[:1] + "-uid"), Owner: owner, ReplicaSetUID: "rs-uid", Template: "hash",
			Phase: shadow.PhaseRunning, CreatedAt: now.Add(-time.Hour), ReadyAt: now.Add(-time.Hour),
		}
	}
	s := pod("shadow", shadow.OwnerPool)
	s.Label, s.WarmedAt = v1alpha1.ShadowReady, now.Add(-time.Minute)

	d := shadow.Plan(now, shadow.Observed{
		Pool: pool, Epoch: 1,
		Workload:    shadow.Workload{Kind: "Deployment", Name: "web", Exists: true, Replicas: 3},
		ReplicaSets: []shadow.ReplicaSet{{Name: "web-6d4", UID: "rs-uid", Replicas: 3, Template: "hash"}},
		Pods:        []shadow.Pod{pod("a", shadow.OwnerReplicaSet), pod("b", shadow.OwnerReplicaSet), s},
		Published:   shadow.Published{Known: true, Value: 3, NowTerm: 3, ShadowNeed: 4},
		Room:        shadow.Room{Pods: -1},
	})
	for _, a := range d.Actions {
		fmt.Printf("%s %s: %s\n", a.Kind, a.Pod, a.Message)
	}
	for _, h := range d.Held {
		fmt.Printf("hold %s: %s\n", h.Kind, h.Message)
	}
	// Output:
	// Activate shadow: ReplicaSet web-6d4 asks for 3 pods and lacks 1
	// hold Create: shadows go live in this very moment: new ones are made afterwards
}
