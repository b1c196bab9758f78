package shadow

import (
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestPlan plays the scripts of testdata/plan. After a change of the planner run
// `go test ./adapter/shadow -run TestPlan -rewrite` and judge the difference.
func TestPlan(t *testing.T) {
	datadriven.Walk(t, "testdata/plan", func(t *testing.T, path string) {
		var s script
		s.now = t0
		s.reset()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.run(t, d) })
	})
}
