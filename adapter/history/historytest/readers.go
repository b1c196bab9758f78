package historytest

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

func reader(t *testing.T, src history.Source, expr string, window time.Duration) *history.Reader {
	t.Helper()
	r, err := history.NewReader(src, history.ReaderConfig{Expr: expr, Window: window, Step: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *history.Reader, now time.Time) forecast.Series {
	t.Helper()
	load, err := r.Read(t.Context(), now)
	if err != nil {
		t.Fatalf("read at %v: %v", now, err)
	}
	if got, want := load.Series.Origin(), history.Align(now, time.Minute); !got.Equal(want) {
		t.Fatalf("series ends at %v, want %v", got, want)
	}
	return load.Series
}

func deltas(t *testing.T, src history.Source) {
	const window = 3 * time.Hour
	for _, expr := range []string{"conformance_gap", "conformance_nan", "rate(conformance_counter[5m])"} {
		r := reader(t, src, expr, window)
		for i := 20; i < 360; i += 7 {
			now := at(i).Add(30 * time.Second)
			got, want := read(t, r, now), read(t, reader(t, src, expr, window), now)
			if !same(got, want) {
				t.Fatalf("%s at minute %d: deltas give %v from %v, the whole %v from %v", expr, i, got.Values, got.Start, want.Values, want.Start)
			}
			if expr == "conformance_nan" && i > 110 {
				break
			}
		}
	}
}

func same(a, b forecast.Series) bool {
	if !a.Start.Equal(b.Start) || a.Step != b.Step || len(a.Values) != len(b.Values) {
		return false
	}
	for i, v := range a.Values {
		// A window rounds what it keeps, its oldest values as what lay before them bids.
		if w := b.Values[i]; !(math.Abs(v-w) <= 1e-4*math.Abs(w)) && !(math.IsNaN(v) && math.IsNaN(w)) {
			return false
		}
	}
	return true
}

func vanishes(t *testing.T, src history.Source) { vanishesAt(t, src, 363) }

// vanishesAt holds that the series whose last sample is of minute 359 is seen up
// to the minute last, and that gaps follow.
func vanishesAt(t *testing.T, src history.Source, last int) {
	t.Helper()
	r := reader(t, src, "conformance_vanishes", 2*time.Hour)
	read(t, r, at(350))
	for _, minute := range []int{380, 420} {
		s := read(t, r, at(minute))
		v, seen, ok := s.Last()
		if want := at(last); !ok || v != 359 || !seen.Equal(want) {
			t.Errorf("at minute %d: last value %v at %v, want 359 at %v", minute, v, seen, want)
		}
		if got, want := s.Present(), last-(minute-119)+1; got != want {
			t.Errorf("at minute %d: %d values, want %d", minute, got, want)
		}
	}
}

func readerErrors(t *testing.T, src history.Source) { readerErrorsBut(t, src, history.ErrOnlyNaN) }

// readerErrorsBut takes the error of a series of NaN alone.
func readerErrorsBut(t *testing.T, src history.Source, onlyNaN error) {
	t.Helper()
	for expr, want := range map[string]error{
		"conformance_missing":  history.ErrNoSeries,
		"conformance_by_code":  history.ErrManySeries,
		"conformance_wide":     history.ErrManySeries,
		"conformance_only_nan": onlyNaN,
		"sum(":                 history.ErrBadQuery,
	} {
		_, err := reader(t, src, expr, time.Hour).Read(t.Context(), at(30))
		if !errors.Is(err, want) {
			t.Errorf("%s: got error %v, want %v", expr, err, want)
		}
	}
}
