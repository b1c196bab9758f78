package history

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestWindowAgainstAMap holds the window against the obvious: a map from
// instant to value.
func TestWindowAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 12).Draw(t, "length")
		w := &window{step: time.Minute, length: length}
		known := map[int]float64{}
		end := rapid.IntRange(0, 5).Draw(t, "first")
		for range rapid.IntRange(1, 30).Draw(t, "rounds") {
			end += rapid.IntRange(0, 15).Draw(t, "on")
			w.advance(time.Unix(int64(end)*60, 0))
			for range rapid.IntRange(0, 4).Draw(t, "values") {
				i, v := end-rapid.IntRange(-2, 14).Draw(t, "back"), rapid.Float64Range(0, 9).Draw(t, "value")
				w.set(time.Unix(int64(i)*60, 0), v)
				if i <= end {
					known[i] = v
				}
			}
			var want []float64
			for i := end - length + 1; i <= end; i++ {
				if v, ok := known[i]; ok {
					want = append(want, v)
				} else if want != nil {
					want = append(want, math.NaN())
				}
			}
			got := w.series()
			if d := cmp.Diff(want, got.Values, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("window of %d at %d (-want +got):\n%s", length, end, d)
			}
			if len(want) > 0 && !got.Origin().Equal(time.Unix(int64(end)*60, 0)) {
				t.Fatalf("series ends at %v, want %d minutes", got.Origin(), end)
			}
			for i := range known {
				if i <= end-length {
					delete(known, i) // what left the window does not come back
				}
			}
		}
	})
}

func TestWindowMovesWithoutCopyingEachTime(t *testing.T) {
	const length = 40_320
	w := &window{step: time.Minute, length: length}
	now := time.Unix(length*60, 0)
	w.advance(now)
	got := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Minute)
		w.advance(now)
	})
	if got > 0.01 {
		t.Errorf("%v allocations a step", got)
	}
}
