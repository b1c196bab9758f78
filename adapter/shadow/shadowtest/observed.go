package shadowtest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Observed returns what a look at Start finds of a pool with all that it wants: n
// ready shadows beside n live pods, on fifty nodes in three zones. What its status
// should say the caller has to write.
func Observed(n int) shadow.Observed {
	replicas := int32(n)
	in := shadow.Observed{
		Pool: Pool(func(p *v1alpha1.ShadowPool) {
			p.Spec.ShadowPercentage, p.Spec.MaxShadows = new(int32(100)), &replicas
		}),
		Epoch:       1,
		Workload:    shadow.Workload{Kind: "Deployment", Name: Name, UID: Name, Exists: true, Stable: true, Replicas: replicas},
		ReplicaSets: []shadow.ReplicaSet{{Name: Name, UID: Name, Template: "t", Generation: 1, ObservedGeneration: 1, Replicas: replicas}},
		Published:   shadow.Published{Known: true, Value: replicas, NowTerm: replicas, ShadowNeed: 2 * replicas},
		Leads:       shadow.Leads{ColdStart: time.Minute, ColdStartMin: 20 * time.Second, WarmUp: 10 * time.Second, Refresh: time.Minute},
		Room:        shadow.Room{Pods: -1},
	}
	for i := range n {
		in.Pods = append(in.Pods, observedPod(i, "live"), observedShadow(i))
	}
	return in
}

// observedPod is a pod of the ReplicaSet, an hour old.
func observedPod(i int, what string) shadow.Pod {
	name := fmt.Sprintf("%s-%s%04d", Name, what, i)
	made := Start().Add(-time.Hour)
	return shadow.Pod{
		Name: name, UID: types.UID(name), Owner: shadow.OwnerReplicaSet, ReplicaSetUID: Name, Template: "t", Live: true,
		Phase: shadow.PhaseRunning, Node: fmt.Sprintf("node%d", i%50), Zone: string(rune('a' + i%3)),
		CreatedAt: made, ReadyAt: made.Add(startTime),
	}
}

// observedShadow is one that has been warm for some minutes.
func observedShadow(i int) shadow.Pod {
	p := observedPod(i, "shadow")
	p.Owner, p.Live, p.Label = shadow.OwnerPool, false, v1alpha1.ShadowReady
	p.WarmedAt, p.WarmUp = Start().Add(-time.Duration(i%40+5)*time.Minute), shadow.Progress{Ratio: 1, Done: true}
	return p
}
