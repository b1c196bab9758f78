package main

import (
	"fmt"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// planning times decisions about a pool at rest, and about one that is raised by
// as many pods as it has shadows.
func planning() ([]measurement, error) {
	var out []measurement
	sizes := []int{10, 100, 1000}
	for _, what := range []string{"rest", "raise"} {
		ns := map[int]float64{}
		for _, n := range sizes {
			in, actions := shadowtest.Observed(n), 0
			in.Pool.Status = shadow.Plan(shadowtest.Start(), in).Status
			if what == "raise" {
				in.ReplicaSets[0].Replicas *= 2
				actions = n
			}
			if got := len(shadow.Plan(shadowtest.Start(), in).Actions); got != actions {
				return nil, fmt.Errorf("decide about %d shadows (%s): %d actions instead of %d", n, what, got, actions)
			}
			plan := func() { shadow.Plan(shadowtest.Start(), in) }
			ns[n] = median(plan, 200_000/n)
			allocs, _ := allocated(plan)
			name := fmt.Sprintf("plan_%s_%d_shadows", what, n)
			out = append(out, measurement{name, ns[n] / 1e3, "us"}, measurement{name + "_allocs", allocs, "allocs"})
		}
		for i, n := range sizes[1:] {
			out = append(out, measurement{fmt.Sprintf("plan_%s_%d_to_%d_shadows_ratio", what, n, sizes[i]), ns[n] / ns[sizes[i]], "ratio"})
		}
	}
	return out, nil
}
