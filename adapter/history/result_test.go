package history_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func minuteGrid(points int) history.Range {
	return history.Range{Start: time.Unix(0, 0).UTC(), End: time.Unix(int64(points-1)*60, 0).UTC(), Step: time.Minute}
}

func TestBuilderTreatments(t *testing.T) {
	p := func(minute int64, v float64) history.Point {
		return history.Point{TimeMillis: minute * 60_000, Value: v}
	}
	stale := math.Float64frombits(0x7ff0000000000002)
	for _, c := range []struct {
		name    string
		in      []history.Point
		want    []history.Point
		dropped map[string]int
	}{
		{"good samples stay", []history.Point{p(0, 1), p(1, -2)}, []history.Point{p(0, 1), p(1, -2)}, nil},
		{"NaN is left out", []history.Point{p(0, math.NaN()), p(1, 2)}, []history.Point{p(1, 2)}, map[string]int{history.DropNaN: 1}},
		{"a stale marker is told from NaN", []history.Point{p(0, 1), p(1, stale)}, []history.Point{p(0, 1)}, map[string]int{history.DropStale: 1}},
		{"infinities are left out", []history.Point{p(0, math.Inf(1)), p(1, math.Inf(-1))}, nil, map[string]int{history.DropInf: 2}},
		{"an equal duplicate goes", []history.Point{p(0, 1), p(0, 1)}, []history.Point{p(0, 1)}, map[string]int{history.DropDuplicate: 1}},
		{"of unequal duplicates the higher stays", []history.Point{p(0, 1), p(0, 3), p(0, 2)}, []history.Point{p(0, 3)}, map[string]int{history.DropDuplicate: 2}},
		{"disorder is put in order", []history.Point{p(2, 2), p(0, 0), p(1, 1)}, []history.Point{p(0, 0), p(1, 1), p(2, 2)}, map[string]int{history.DropOutOfOrder: 2}},
		{"a sample beside the grid goes", []history.Point{{TimeMillis: 60_001, Value: 1}}, nil, map[string]int{history.DropOffGrid: 1}},
		{"samples outside the range go", []history.Point{p(-1, 1), p(3, 1)}, nil, map[string]int{history.DropOffGrid: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := history.NewBuilder(minuteGrid(3), 1)
			i, err := b.Series(map[string]string{})
			require.NoError(t, err)
			for _, p := range c.in {
				b.Add(i, p.TimeMillis, p.Value)
			}
			res := b.Result()
			if c.dropped == nil {
				c.dropped = map[string]int{}
			}
			require.Empty(t, cmp.Diff(c.want, res.Series[0].Points))
			require.Empty(t, cmp.Diff(c.dropped, res.Dropped))
		})
	}
}

func TestBuilderIgnoresTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOf(rapid.Custom(func(t *rapid.T) history.Point {
			return history.Point{TimeMillis: 60_000 * rapid.Int64Range(-1, 6).Draw(t, "minute"), Value: rapid.Float64().Draw(t, "value")}
		})).Draw(t, "points")
		build := func() history.Result {
			b := history.NewBuilder(minuteGrid(6), 1)
			i, err := b.Series(nil)
			require.NoError(t, err)
			for _, p := range points {
				b.Add(i, p.TimeMillis, p.Value)
			}
			return b.Result()
		}
		want := build()
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rng.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		if d := cmp.Diff(want.Series, build().Series); d != "" {
			t.Fatal(d)
		}
	})
}

func TestBuilderBoundsSeriesAndWarnings(t *testing.T) {
	b := history.NewBuilder(minuteGrid(1), 2)
	for _, pod := range []string{"b", "a", "b"} {
		_, err := b.Series(map[string]string{"pod": pod})
		require.NoError(t, err)
	}
	_, err := b.Series(map[string]string{"pod": "c"})
	require.EqualError(t, err, `query returned several series: more than 2, such as {pod="b"}, {pod="a"}: wrap it in sum(...)`)
	for i := range 100 {
		b.Warn(string(make([]byte, i*100)))
	}
	require.LessOrEqual(t, len(b.Result().Warnings), 8)
}

func TestFormatLabels(t *testing.T) {
	for _, c := range []struct {
		name string
		in   map[string]string
		want string
	}{
		{"none", nil, `{}`},
		{"sorted and quoted", map[string]string{"b": "2\n", "a": `"`}, `{a="\"", b="2\n"}`},
		{"many are cut", map[string]string{"a": "1", "b": "1", "c": "1", "d": "1", "e": "1", "f": "1", "g": "1"}, `{a="1", b="1", c="1", d="1", e="1", f="1", ...}`},
		{"long values are cut", map[string]string{"a": "0123456789012345678901234567890123456789012345678901234567890"}, `{a="012345678901234567890123456789012345678901234567..."}`},
	} {
		if got := history.FormatLabels(c.in); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
