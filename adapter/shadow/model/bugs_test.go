package model_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

// TestBugs plants bugs in the product, each of which the checker has to find in
// what happens then, and nothing where there is none.
func TestBugs(t *testing.T) {
	var table strings.Builder
	caught := 0
	for _, b := range rig.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			c, ok := b.Catch(func(do func(wait func())) {
				synctest.Test(t, func(*testing.T) { do(synctest.Wait) })
			})
			switch {
			case !c.Clean:
				t.Fatal(describe(fmt.Sprintf("without the bug, seed %d", c.Seed), c.Without))
			case !ok:
				t.Fatalf("%s was not found to be broken, only %v", b.Breaks, c.Others)
			}
			caught++
			fmt.Fprintf(&table, "%-4s seed %-3d %-66s %s\n", b.Breaks, c.Seed, b.Name, c.First)
		})
	}
	t.Logf("%d of %d bugs were caught\n%s", caught, len(rig.Bugs()), &table)
}
