package historytest

import (
	"errors"
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func bothEnds(t *testing.T, src history.Source) {
	diff(t, one(t, query(t, src, "conformance_steady", at(10), at(20), time.Minute)), span(10, 20))
}

func offGrid(t *testing.T, src history.Source) {
	diff(t, one(t, query(t, src, "conformance_steady", at(10).Add(59*time.Second), at(20).Add(time.Second), time.Minute)), span(10, 20))
}

func oneStep(t *testing.T, src history.Source) {
	diff(t, one(t, query(t, src, "conformance_steady", at(7), at(7), time.Minute)), span(7, 7))
}

func longRange(t *testing.T, src history.Source) {
	const step = 4 * time.Second
	res := query(t, src, "conformance_steady", at(0), at(minutes-1), step)
	points := res.Series[0].Points
	if want := int(at(minutes-1).Sub(at(0))/step) + 1; len(points) != want {
		t.Fatalf("got %d points, want %d", len(points), want)
	}
	for i, p := range points {
		// The sample for minute m is there from 15 seconds before it on.
		want := (time.Duration(i)*step + early) / time.Minute
		if p.Value != float64(want) {
			t.Fatalf("point %d: got %v, want %v", i, p.Value, float64(want))
		}
	}
}

func noSeries(t *testing.T, src history.Source) {
	if got := query(t, src, "conformance_missing", at(0), at(9), time.Minute); len(got.Series) != 0 {
		t.Errorf("got %d series, want none", len(got.Series))
	}
}

func gap(t *testing.T, src history.Source) {
	want := span(55, 59, span(120, 125))
	for i := 60; i <= 63; i++ {
		want[i] = 59 // the sample of minute 59, less than five minutes old
	}
	diff(t, one(t, query(t, src, "conformance_gap", at(55), at(125), time.Minute)), want)
}

func stale(t *testing.T, src history.Source) {
	diff(t, one(t, query(t, src, "conformance_stale", at(55), at(95), time.Minute)), span(55, 59, span(90, 95)))
}

func nan(t *testing.T, src history.Source) {
	res := query(t, src, "conformance_nan", at(25), at(45), time.Minute)
	diff(t, one(t, res), span(25, 29, span(31, 39, span(42, 45))))
	diff(t, res.Dropped, map[string]int{history.DropNaN: 1, history.DropInf: 2})
}

func onlyNaN(t *testing.T, src history.Source) {
	res := query(t, src, "conformance_only_nan", at(0), at(9), time.Minute)
	diff(t, len(one(t, res)), 0)
	diff(t, res.Dropped, map[string]int{history.DropNaN: 10})
}

func labelSets(t *testing.T, src history.Source) {
	res := query(t, src, "sum by (code) (conformance_by_code)", at(0), at(9), time.Minute)
	var got []map[string]string
	for _, s := range res.Series {
		got = append(got, s.Labels)
	}
	diff(t, got, []map[string]string{{"code": "200"}, {"code": "404"}, {"code": "500"}})
}

func labelValues(t *testing.T, src history.Source) {
	want := awkward()
	delete(want, "empty") // an empty value is no label
	res := query(t, src, "conformance_labels", at(0), at(9), time.Minute)
	diff(t, history.Examples(res.Series), []map[string]string{want})
}

func counterReset(t *testing.T, src history.Source) {
	got := one(t, query(t, src, "rate(conformance_counter[5m])", at(700), at(740), time.Minute))
	for i := 700; i <= 740; i++ {
		if v := got[i]; v < 0.7 || v > 1.1 {
			t.Errorf("minute %d: rate %v, want about 1", i, v)
		}
	}
}

func fixedTimes(t *testing.T, src history.Source) {
	want := map[int]float64{100: 60, 101: 60}
	diff(t, one(t, query(t, src, "conformance_steady @ 1614560400", at(100), at(101), time.Minute)), want)
	want = map[int]float64{100: 100, 101: 100}
	diff(t, one(t, query(t, src, "max_over_time(conformance_steady[30m:5m])", at(100), at(101), time.Minute)), want)
	want = map[int]float64{100: 40, 101: 41}
	diff(t, one(t, query(t, src, "conformance_steady offset 1h", at(100), at(101), time.Minute)), want)
}

func scalar(t *testing.T, src history.Source) {
	res := query(t, src, "42", at(0), at(1), time.Minute)
	diff(t, one(t, res), map[int]float64{0: 42, 1: 42})
	diff(t, res.Series[0].Labels, map[string]string{})
}

func badQuery(t *testing.T, src history.Source) {
	_, err := src.QueryRange(t.Context(), "sum(", history.Range{Start: at(0), End: at(9), Step: time.Minute})
	if !errors.Is(err, history.ErrBadQuery) {
		t.Errorf("got error %v, want history.ErrBadQuery", err)
	}
}

func badRange(t *testing.T, src history.Source) {
	for _, r := range []history.Range{
		{Start: at(9), End: at(0), Step: time.Minute},
		{Start: at(0), End: at(9), Step: time.Millisecond},
		{Start: at(0), End: at(9)},
		{Start: at(0), End: at(9), Step: time.Minute + time.Microsecond},
		{Start: at(0), End: at(9).AddDate(90, 0, 0), Step: time.Second},
	} {
		if _, err := src.QueryRange(t.Context(), "conformance_steady", r); err == nil {
			t.Errorf("range %v is answered", r)
		}
	}
}

func tooManySeries(t *testing.T, src history.Source) {
	_, err := src.QueryRange(t.Context(), "conformance_wide", history.Range{Start: at(0), End: at(9), Step: time.Minute})
	var many *history.ManySeriesError
	if !errors.As(err, &many) || !errors.Is(err, history.ErrTooLarge) || len(many.Examples) != 3 {
		t.Errorf("got error %v, want a ManySeriesError with three examples", err)
	}
}

func moreSeries(t *testing.T, src history.Source) {
	res, err := src.QueryRange(t.Context(), "conformance_wide", history.Range{Start: at(0), End: at(9), Step: time.Minute, MaxSeries: 1000})
	limits := history.Limits{}.WithDefaults()
	if err != nil || len(res.Series) <= limits.MaxSeries {
		t.Errorf("got %d series and error %v, want more than the limit", len(res.Series), err)
	}
	_, err = src.QueryRange(t.Context(), "conformance_wide", history.Range{Start: at(0), End: at(9), Step: time.Minute, MaxSeries: 2})
	if !errors.Is(err, history.ErrTooLarge) {
		t.Errorf("got error %v, want one for more series than were asked for", err)
	}
}
