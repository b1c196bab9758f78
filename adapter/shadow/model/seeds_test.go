package model_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

var (
	seed  = flag.Uint64("seed", 0, "the one seed that TestSeeds is to run; 0: all")
	seeds = flag.Uint64("seeds", 1000, "how many seeds TestSeeds runs")
)

// runSeed lets one random run happen in a bubble of its own.
func runSeed(t *testing.T, n uint64, tamper rig.Tamper) rig.Report {
	t.Helper()
	var out rig.Report
	synctest.Test(t, func(*testing.T) {
		out = rig.Random(synctest.Wait, rand.New(rand.NewPCG(n, 42)), tamper)
	})
	return out
}

// describe is what a person needs to go on from a failed run.
func describe(n uint64, r rig.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, again by: go test ./adapter/shadow/model -run TestSeeds -seed=%d\n", n, n)
	for _, l := range r.Log {
		fmt.Fprintln(&b, "  ", l)
	}
	for _, v := range r.Violations {
		fmt.Fprintln(&b, "broken:", v)
	}
	if r.Unsettled != "" {
		fmt.Fprintf(&b, "the end (-want +got):\n%s", r.Unsettled)
	}
	return b.String()
}

// Every order of things keeps the promises and comes to rest.
func TestSeeds(t *testing.T) {
	first, last := uint64(1), *seeds
	if *seed != 0 {
		first, last = *seed, *seed
	}
	var activations, writes, excused, exposed, failed int
	for n := first; n <= last; n++ {
		r := runSeed(t, n, rig.Tamper{})
		activations, writes, excused, exposed = activations+r.Activations, writes+r.Writes, excused+r.Excused, exposed+r.Exposed
		if r.OK() {
			continue
		}
		t.Error(describe(n, r))
		if failed++; failed == 5 {
			t.Fatal("5 seeds failed: the rest is left out")
		}
	}
	t.Logf("seeds %d to %d: %d writes, %d activations; %d deaths that nobody can prevent, %d exposures to later selectors", first, last, writes, activations, excused, exposed)
	if *seed == 0 && activations == 0 {
		t.Error("no seed had an activation: the runs try nothing")
	}
}
