package history

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// mapped is the obvious window: every value that was ever set.
type mapped map[int]float64

// series lists the values of the steps in (end-length, end], from the first
// one that has any.
func (m mapped) series(end, length int) []float64 {
	var values []float64
	for i := end - length + 1; i <= end; i++ {
		if v, ok := m[i]; ok {
			values = append(values, v)
		} else if values != nil {
			values = append(values, math.NaN())
		}
	}
	return values
}

// rounding is what a value between 0 and 9 may be off, rounded once more with each
// late value of its two hours.
const rounding = 5 * 9.0 / 65_000

func mustWindow(t interface{ Fatal(args ...any) }, length int) *window {
	w, err := newWindow(time.Minute, length)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func advance(t interface{ Fatal(args ...any) }, w *window, to time.Time) {
	if err := w.advance(to); err != nil {
		t.Fatal(err)
	}
}

func TestWindowAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 12).Draw(t, "length")
		w, m := mustWindow(t, length), mapped{}
		end := rapid.IntRange(0, 5).Draw(t, "first")
		for range rapid.IntRange(1, 30).Draw(t, "rounds") {
			end += rapid.IntRange(0, 15).Draw(t, "on")
			advance(t, w, time.Unix(int64(end)*60, 0))
			// From two steps after the end to the oldest one that is kept.
			back := rapid.SliceOfN(rapid.IntRange(-2, length-1), 0, 4).Draw(t, "back")
			for _, b := range back {
				v := rapid.Float64Range(0, 9).Draw(t, "value")
				w.put(time.Unix(int64(end-b)*60, 0), []float64{v})
				if b >= 0 {
					m[end-b] = v
				}
			}
			want, got := m.series(end, length), w.series()
			if d := cmp.Diff(want, got.Values, cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, rounding)); d != "" {
				t.Fatalf("window of %d at %d (-want +got):\n%s", length, end, d)
			}
			if len(want) > 0 && !got.Origin().Equal(time.Unix(int64(end)*60, 0)) {
				t.Fatalf("series ends at %v, want %d minutes", got.Origin(), end)
			}
		}
	})
}

func TestWindowMovesWithoutCopyingEachTime(t *testing.T) {
	const length = 40_320
	w := mustWindow(t, length)
	now := time.Unix(length*60, 0)
	advance(t, w, now)
	got := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Minute)
		advance(t, w, now)
	})
	if got > 0.01 {
		t.Errorf("%v allocations a step", got)
	}
}
