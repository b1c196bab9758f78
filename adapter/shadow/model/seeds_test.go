package model_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
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
func describe(what string, r rig.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, what)
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
	var all tally
	t.Run("part", func(t *testing.T) {
		parts := uint64(runtime.GOMAXPROCS(0))
		for part := range parts {
			t.Run(strconv.FormatUint(part, 10), func(t *testing.T) {
				t.Parallel()
				for n := first + part; n <= last; n += parts {
					r := runSeed(t, n, rig.Tamper{})
					if !r.OK() {
						t.Error(describe(fmt.Sprintf("seed %d, again by: go test ./adapter/shadow/model -run TestSeeds -seed=%d", n, n), r))
					}
					if all.add(r) >= 5 {
						t.Fatal("5 seeds failed: the rest is left out")
					}
				}
			})
		}
	})
	t.Logf("seeds %d to %d: %d writes, %d activations; %d deaths that nobody can prevent, %d exposures to later selectors", first, last, all.writes, all.activations, all.excused, all.exposed)
	if *seed == 0 && all.activations == 0 {
		t.Error("no seed had an activation: the runs try nothing")
	}
}

// tally sums up runs that happen side by side.
type tally struct {
	mu                                            sync.Mutex
	writes, activations, excused, exposed, failed int
}

// add counts a run and returns how many have failed.
func (s *tally) add(r rig.Report) (failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes, s.activations = s.writes+r.Writes, s.activations+r.Activations
	s.excused, s.exposed = s.excused+r.Excused, s.exposed+r.Exposed
	if !r.OK() {
		s.failed++
	}
	return s.failed
}
