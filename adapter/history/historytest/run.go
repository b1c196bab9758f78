package historytest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Open stores the samples, which may be NaN, infinite or stale markers, and
// returns a Source with default limits that reads them. It cleans up with t.
type Open func(t *testing.T, stored []history.Samples) history.Source

// Difference is what an engine is known to do otherwise than Prometheus.
type Difference struct {
	// Case is the case that it stands in for.
	Case string
	// Why says what is otherwise, and what it is worth to a pool.
	Why string
	// Check holds what the engine does instead.
	Check func(*testing.T, history.Source)
}

// Run runs the suite against one implementation. Where the implementation is
// known to differ, what it does instead is checked: no case is left out.
func Run(t *testing.T, name string, open Open, differences ...Difference) {
	t.Helper()
	instead := map[string]Difference{}
	for _, d := range differences {
		instead[d.Case] = d
	}
	t.Run(name, func(t *testing.T) {
		src := open(t, dataset())
		for _, c := range cases() {
			check := c.check
			if d, ok := instead[c.name]; ok {
				check = d.Check
				delete(instead, c.name)
			}
			t.Run(c.name, func(t *testing.T) { check(t, src) })
		}
		for unknown := range instead {
			t.Errorf("there is no case %q to differ in", unknown)
		}
	})
}

type conformanceCase struct {
	name  string
	check func(*testing.T, history.Source)
}

func cases() []conformanceCase {
	return []conformanceCase{
		{"both ends of a range belong to it", bothEnds},
		{"a range off the grid moves down to it", offGrid},
		{"a range of one step is one point", oneStep},
		{"a range over the limit of one request comes whole", longRange},
		{"an answer without series is no error", noSeries},
		{"a gap is a gap after the lookback", gap},
		{"a stale marker ends a series at once", stale},
		{"NaN and infinite values are left out and counted", nan},
		{"a series of NaN alone has no points", onlyNaN},
		{"each label set is a series, sorted", labelSets},
		{"label values come as they are", labelValues},
		{"a counter's reset is no fall", counterReset},
		{"evaluation is at the times asked, not at the clock's", fixedTimes},
		{"a scalar comes as one series without labels", scalar},
		{"a query that does not parse is a bad query", badQuery},
		{"an impossible range is refused", badRange},
		{"too many series are refused with examples", tooManySeries},
		{"a range may ask for more series", moreSeries},
		{"a cancelled context ends the query", cancelled},
		{"many queries at a time answer alike", concurrent},
		{"reading deltas gives what reading the whole gives", deltas},
		{"a series that vanishes leaves gaps, not zeros", vanishes},
		{"a reader of a missing metric says so", readerErrors},
	}
}

func query(t *testing.T, src history.Source, expr string, start, end time.Time, step time.Duration) history.Result {
	t.Helper()
	res, err := src.QueryRange(t.Context(), expr, history.Range{Start: start, End: end, Step: step})
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	if res.Degraded() {
		t.Fatalf("query %s: unexpected warnings %q", expr, res.Warnings)
	}
	for _, s := range res.Series {
		for i, p := range s.Points {
			if p.TimeMillis%step.Milliseconds() != 0 || i > 0 && p.TimeMillis <= s.Points[i-1].TimeMillis {
				t.Fatalf("query %s: point %d at %d is off the grid or out of order", expr, i, p.TimeMillis)
			}
		}
	}
	return res
}

// one is the points of the only series, values by minute.
func one(t *testing.T, res history.Result) map[int]float64 {
	t.Helper()
	if len(res.Series) != 1 {
		t.Fatalf("got %d series, want 1", len(res.Series))
	}
	got := map[int]float64{}
	for _, p := range res.Series[0].Points {
		got[int(time.UnixMilli(p.TimeMillis).Sub(origin)/time.Minute)] = p.Value
	}
	return got
}

// span is i -> i for the minutes from first to last, and what else there is.
func span(first, last int, others ...map[int]float64) map[int]float64 {
	m := map[int]float64{}
	for i := first; i <= last; i++ {
		m[i] = float64(i)
	}
	for _, other := range others {
		maps.Copy(m, other)
	}
	return m
}

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("wrong answer (-want +got):\n%s", d)
	}
}

func cancelled(t *testing.T, src history.Source) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := src.QueryRange(ctx, "conformance_steady", history.Range{Start: at(0), End: at(9), Step: time.Minute})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
}

func concurrent(t *testing.T, src history.Source) {
	want := query(t, src, "conformance_steady", at(0), at(600), time.Minute)
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			got, err := src.QueryRange(t.Context(), "conformance_steady", history.Range{Start: at(0), End: at(600), Step: time.Minute})
			if err != nil || !cmp.Equal(want, got) {
				t.Errorf("got error %v, or another answer than alone", err)
			}
		})
	}
	wg.Wait()
}
