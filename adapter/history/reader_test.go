package history_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// scripted is a Source whose answers are samples by minute, and which
// remembers what it was asked.
type scripted struct {
	answer func(r history.Range) (history.Result, error)
	asked  []history.Range
}

func (s *scripted) QueryRange(_ context.Context, _ string, r history.Range) (history.Result, error) {
	s.asked = append(s.asked, r)
	return s.answer(r)
}

func minute(i int) time.Time { return time.Unix(int64(i)*60, 0).UTC() }

// counting answers each minute in [from, to] that is asked for with its number.
func counting(from, to int, warnings ...string) func(history.Range) (history.Result, error) {
	return func(r history.Range) (history.Result, error) {
		b := history.NewBuilder(r, 20)
		b.Warn(warnings...)
		for i := from; i <= to; i++ {
			if minute(i).Before(r.Start) || minute(i).After(r.End) {
				continue
			}
			s, err := b.Series(map[string]string{"job": "web"})
			if err != nil {
				return history.Result{}, err
			}
			b.Add(s, minute(i).UnixMilli(), float64(i))
		}
		return b.Result(), nil
	}
}

func newReader(t *testing.T, src history.Source, minutes int) *history.Reader {
	t.Helper()
	r, err := history.NewReader(src, history.ReaderConfig{Expr: "up", Window: time.Duration(minutes) * time.Minute, Step: time.Minute})
	require.NoError(t, err)
	return r
}

func mustRead(t *testing.T, r *history.Reader, now time.Time) history.Load {
	t.Helper()
	load, err := r.Read(t.Context(), now)
	require.NoError(t, err)
	return load
}

func wantValues(t *testing.T, load history.Load, start int, want ...float64) {
	t.Helper()
	if d := cmp.Diff(want, load.Series.Values, cmpopts.EquateNaNs()); d != "" || !load.Series.Start.Equal(minute(start)) {
		t.Errorf("series starts at %v, want %v; values (-want +got):\n%s", load.Series.Start, minute(start), d)
	}
}

func wantAsked(t *testing.T, src *scripted, from, to int) {
	t.Helper()
	if d := cmp.Diff(history.Range{Start: minute(from), End: minute(to), Step: time.Minute}, src.asked[len(src.asked)-1]); d != "" {
		t.Errorf("asked for another range (-want +got):\n%s", d)
	}
}

var nan = math.NaN()

func TestReaderReadsTheWindowThenDeltas(t *testing.T) {
	src := &scripted{answer: counting(95, 1000)}
	r := newReader(t, src, 10)
	wantValues(t, mustRead(t, r, minute(100).Add(59*time.Second)), 95, 95, 96, 97, 98, 99, 100)
	wantAsked(t, src, 91, 100)
	wantValues(t, mustRead(t, r, minute(102)), 95, 95, 96, 97, 98, 99, 100, 101, 102)
	wantAsked(t, src, 96, 102) // five late steps and two new ones
	wantValues(t, mustRead(t, r, minute(107)), 98, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107)
	wantAsked(t, src, 98, 107)
	mustRead(t, r, minute(500)) // away for longer than the window
	wantAsked(t, src, 491, 500)
	wantValues(t, mustRead(t, r, minute(499)), 490, 490, 491, 492, 493, 494, 495, 496, 497, 498, 499)
	wantAsked(t, src, 490, 499) // the clock went back
}

func TestReaderTakesLateSamples(t *testing.T) {
	src := &scripted{answer: counting(90, 97)}
	r := newReader(t, src, 10)
	wantValues(t, mustRead(t, r, minute(100)), 91, 91, 92, 93, 94, 95, 96, 97, nan, nan, nan)
	src.answer = counting(90, 101)
	wantValues(t, mustRead(t, r, minute(101)), 92, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101)
}

func TestReaderKeepsWhatItHas(t *testing.T) {
	src := &scripted{answer: counting(90, 100)}
	r := newReader(t, src, 5)
	first := mustRead(t, r, minute(100))

	down := errors.New("connection refused")
	src.answer = func(history.Range) (history.Result, error) { return history.Result{}, down }
	_, err := r.Read(t.Context(), minute(101))
	require.ErrorIs(t, err, down)

	src.answer = counting(0, -1)
	load := mustRead(t, r, minute(102))
	wantValues(t, load, 98, 98, 99, 100, nan, nan)
	_, at, ok := load.Series.Last()
	require.True(t, ok)
	require.Equal(t, minute(100), at)
	wantValues(t, first, 96, 96, 97, 98, 99, 100) // the caller's own

	_, err = r.Read(t.Context(), minute(200)) // nothing in the whole window
	require.ErrorIs(t, err, history.ErrNoSeries)
	src.answer = counting(90, 300)
	wantValues(t, mustRead(t, r, minute(201)), 197, 197, 198, 199, 200, 201)
	wantAsked(t, src, 197, 201)
}

func TestReaderReadsDegradedRangesAgain(t *testing.T) {
	src := &scripted{answer: counting(0, 1000, "store-2 is down")}
	r := newReader(t, src, 60)
	load := mustRead(t, r, minute(100))
	require.True(t, load.Degraded)
	require.Equal(t, []string{"store-2 is down"}, load.Warnings)

	// With the next read, then ever more rarely while it does not help.
	wholes := 0
	for i := 101; i <= 120; i++ {
		require.True(t, mustRead(t, r, minute(i)).Degraded)
		if src.asked[len(src.asked)-1].Points() > 50 {
			wholes++
		}
	}
	require.Equal(t, 5, wholes)

	src.answer = counting(0, 1000)
	healed := 0
	for i := 121; healed == 0 && i < 140; i++ {
		if !mustRead(t, r, minute(i)).Degraded {
			healed = i
		}
	}
	require.Equal(t, 137, healed, "only the whole range without a warning heals")
	wantAsked(t, src, healed-59, healed)
	require.False(t, mustRead(t, r, minute(healed+1)).Degraded)
	wantAsked(t, src, healed-4, healed+1)
}

func TestReaderDegradedDelta(t *testing.T) {
	src := &scripted{answer: counting(0, 1000)}
	r := newReader(t, src, 60)
	mustRead(t, r, minute(100))
	src.answer = counting(0, 1000, "partial")
	require.True(t, mustRead(t, r, minute(110)).Degraded)
	src.answer = counting(0, 1000)
	require.False(t, mustRead(t, r, minute(120)).Degraded)
	wantAsked(t, src, 96, 120)
}

func TestReaderSeesAnotherSeriesTakeOver(t *testing.T) {
	labels := map[string]string{"pod": "a"}
	two := false
	src := &scripted{answer: func(r history.Range) (history.Result, error) {
		b := history.NewBuilder(r, 20)
		s, _ := b.Series(labels)
		b.Add(s, r.End.UnixMilli(), 1)
		if two && r.Points() == 10 {
			s, _ = b.Series(map[string]string{"pod": "a"})
			b.Add(s, r.Start.UnixMilli(), 1)
		}
		return b.Result(), nil
	}}
	r := newReader(t, src, 10)
	mustRead(t, r, minute(100))
	labels, two = map[string]string{"pod": "b"}, true
	_, err := r.Read(t.Context(), minute(101))
	require.EqualError(t, err, `query returned several series: 2, such as {pod="a"}, {pod="b"}: wrap it in sum(...)`)
	wantAsked(t, src, 92, 101)
	two = false
	wantValues(t, mustRead(t, r, minute(102)), 102, 1)
}

func TestReaderRefuses(t *testing.T) {
	series := func(labels map[string]string, dropped string, values ...float64) history.Result {
		b := history.NewBuilder(minuteGrid(10), 20)
		s, _ := b.Series(labels)
		for i, v := range values {
			b.Add(s, minute(i).UnixMilli(), v)
		}
		if dropped != "" {
			b.Drop(dropped, 1)
		}
		return b.Result()
	}
	several := history.Result{}
	for _, code := range []string{"200", "404", "500", "503"} {
		several.Series = append(several.Series, history.Samples{Labels: map[string]string{"code": code}})
	}
	for _, c := range []struct {
		name   string
		answer history.Result
		want   string
	}{
		{"nothing", history.Result{}, "query returned nothing: no sample in the last 10m: check the metric's name, its labels and that it is scraped"},
		{"many series", several, `query returned several series: 4, such as {code="200"}, {code="404"}, {code="500"}: wrap it in sum(...)`},
		{"only NaN", series(nil, "", nan, math.Inf(1)), "query returned only NaN: every value in the last 10m is NaN or infinite: check for a division by zero"},
		{"histograms", series(nil, history.DropHistogram), "query returned native histograms: write histogram_count(...) for their rate of events, or histogram_quantile(0.9, ...)"},
		{"negative values", series(nil, "", -1, 1e300), "bad query: every value is negative or above 1e+15: write an expression for a load, 0 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &scripted{answer: func(history.Range) (history.Result, error) { return c.answer, nil }}
			_, err := newReader(t, src, 10).Read(t.Context(), minute(9))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestReaderLeavesOutWhatNoLoadCanBe(t *testing.T) {
	src := &scripted{answer: func(r history.Range) (history.Result, error) {
		b := history.NewBuilder(r, 1)
		s, err := b.Series(nil)
		for i, v := range []float64{1, -1, 1e300, 0, 2} {
			b.Add(s, minute(i).UnixMilli(), v)
		}
		return b.Result(), err
	}}
	load := mustRead(t, newReader(t, src, 5), minute(4))
	wantValues(t, load, 0, 1, nan, nan, 0, 2)
	require.Equal(t, map[string]int{history.DropOutOfRange: 2}, load.Dropped)
}

func TestNewReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  history.ReaderConfig
		want string
	}{
		{"no expression", history.ReaderConfig{Step: time.Minute, Window: time.Hour}, "query is empty: write an expression such as sum(rate(http_requests_total[2m]))"},
		{"a short step", history.ReaderConfig{Expr: "up", Step: time.Millisecond, Window: time.Hour}, "step 1ms: write whole milliseconds, at least 1s"},
		{"a window below the step", history.ReaderConfig{Expr: "up", Step: time.Minute, Window: time.Second}, "window 1s: write at least the step, 1m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := history.NewReader(&scripted{}, c.cfg)
			require.EqualError(t, err, c.want)
		})
	}
}
