package shadow

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// shadowPod is a ready shadow.
func shadowPod(rs *ReplicaSet, i int) Pod {
	name := fmt.Sprintf("%s-shadow%04d", rs.Name, i)
	return Pod{
		Name: name, UID: types.UID(name), Owner: OwnerPool, ReplicaSetUID: rs.UID, Template: rs.Template, Label: v1alpha1.ShadowReady,
		Phase: PhaseRunning, Node: fmt.Sprintf("node%d", i%50), Zone: string(rune('a' + i%3)),
		CreatedAt: t0.Add(-time.Hour), ReadyAt: t0.Add(-50 * time.Minute), WarmedAt: t0.Add(-time.Duration(i%40+5) * time.Minute),
		WarmUp: Progress{Ratio: 1, Done: true},
	}
}

// poolOf is a pool with n ready shadows beside n live pods, its status written.
func poolOf(n int) Observed {
	var s script
	s.reset()
	in := &s.in
	in.ReplicaSets = []ReplicaSet{{Name: "web", UID: "web", Template: "t", Generation: 1, ObservedGeneration: 1, Replicas: int32(n)}}
	in.Workload.Replicas = int32(n)
	in.Published = Published{Known: true, Value: int32(n), NowTerm: int32(n), ShadowNeed: int32(2 * n)}
	*in.Pool.Spec.MaxShadows = int32(n)
	for i := range n {
		s.addLive(&in.ReplicaSets[0], "live", t0.Add(-time.Hour), string(rune('a'+i%3)))
		in.Pods = append(in.Pods, shadowPod(&in.ReplicaSets[0], i))
	}
	in.Pool.Status = Plan(t0, *in).Status
	return *in
}

// BenchmarkPlan decides about a pool at rest, and about one that is raised by as
// many pods as it has shadows.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		rest := poolOf(n)
		raised := poolOf(n)
		raised.ReplicaSets[0].Replicas *= 2
		b.Run(fmt.Sprintf("rest/shadows=%d", n), func(b *testing.B) { benchmarkPlan(b, rest, 0) })
		b.Run(fmt.Sprintf("raise/shadows=%d", n), func(b *testing.B) { benchmarkPlan(b, raised, n) })
	}
}

func benchmarkPlan(b *testing.B, in Observed, activations int) {
	b.ReportAllocs()
	for b.Loop() {
		d := Plan(t0, in)
		if len(d.Actions) != activations {
			b.Fatalf("%d actions instead of %d: %+v", len(d.Actions), activations, d.Held)
		}
	}
}
