package model_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

// tell lets a scene happen in a bubble of its own.
func tell(t *testing.T, sc rig.Scene, tamper rig.Tamper, fault func(int, actuate.Write) rig.Fault) (rig.Report, rig.Summary) {
	t.Helper()
	var report rig.Report
	var summary rig.Summary
	synctest.Test(t, func(*testing.T) {
		report, summary = sc.Tell(synctest.Wait, rand.New(rand.NewPCG(7, 7)), tamper, fault)
	})
	return report, summary
}

// Whatever happens to whichever write, the story ends as it does without: the
// leader is killed before or after it, it is refused, it is lost on the way back.
func TestFailpoints(t *testing.T) {
	var points atomic.Int64
	t.Run("scene", func(t *testing.T) {
		for i, sc := range rig.Scenes() {
			t.Run(sc.Name, func(t *testing.T) {
				t.Parallel()
				points.Add(int64(failpoints(t, sc, i == 0 || sc.Pool != nil)))
			})
		}
	})
	t.Logf("%d failpoints", points.Load())
}

// kinds are the faults of the n-th write that differ for who wrote: a leader that
// is killed before a write has done those before it, as one that is killed after
// the last of them, and an error of the server says no more than a timeout.
func kinds(n int) []rig.Fault {
	out := []rig.Fault{rig.CrashAfter, rig.Conflict, rig.Throttled, rig.Timeout, rig.Lost}
	if n == 1 {
		out = append(out, rig.CrashBefore)
	}
	return out
}

// failpoints lets each fault happen to each write of a scene, until one of them
// makes a difference. Before the story, pools that are equal have equal writes:
// those of the warm-up fail in one scene only.
func failpoints(t *testing.T, sc rig.Scene, warmUp bool) (points int) {
	t.Helper()
	whole, want := tell(t, sc, rig.Tamper{}, nil)
	if !whole.OK() {
		t.Fatal(describe("without a fault", whole))
	}
	if whole.Writes == 0 {
		t.Fatal("the story has no write of ours")
	}
	first := whole.WarmUp + 1
	if warmUp {
		first = 1
	}
	for n := first; n <= whole.Writes; n++ {
		for _, f := range kinds(n) {
			points++
			var hit string
			report, got := tell(t, sc, rig.Tamper{}, func(i int, w actuate.Write) rig.Fault {
				if i != n {
					return rig.None
				}
				hit = fmt.Sprintf("%s %s %T %s", w.Kind, w.Verb, w.Object, w.Subresource)
				return f
			})
			if !report.OK() {
				t.Error(describe(fmt.Sprintf("write %d (%s) meets %s", n, hit, f), report))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("write %d (%s) meets %s: the end (-without +with):\n%s", n, hit, f, diff)
			}
			if t.Failed() {
				return points
			}
		}
	}
	return points
}
