package shadow_test

import (
	"fmt"
	"testing"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// atRest is a pool with n ready shadows beside n live pods, its status written.
func atRest(n int) shadow.Observed {
	in := shadowtest.Observed(n)
	in.Pool.Status = shadow.Plan(shadowtest.Start(), in).Status
	return in
}

// BenchmarkPlan decides about a pool at rest, and about one that is raised by as
// many pods as it has shadows.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		rest := atRest(n)
		raised := atRest(n)
		raised.ReplicaSets[0].Replicas *= 2
		b.Run(fmt.Sprintf("rest/shadows=%d", n), func(b *testing.B) { benchmarkPlan(b, rest, 0) })
		b.Run(fmt.Sprintf("raise/shadows=%d", n), func(b *testing.B) { benchmarkPlan(b, raised, n) })
	}
}

func benchmarkPlan(b *testing.B, in shadow.Observed, activations int) {
	b.ReportAllocs()
	for b.Loop() {
		d := shadow.Plan(shadowtest.Start(), in)
		if len(d.Actions) != activations {
			b.Fatalf("%d actions instead of %d: %+v", len(d.Actions), activations, d.Held)
		}
	}
}
