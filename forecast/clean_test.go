package forecast

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func slowMedian(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

func TestMedianMatchesSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 20).Draw(t, "x")
		want := slowMedian(x)
		dist := make([]float64, len(x))
		for i, v := range x {
			dist[i] = math.Abs(v - want)
		}
		wantMAD := slowMedian(dist)
		mid, mad := medianMAD(x)
		// Halves are added instead of a sum halved: one rounding apart.
		require.InDelta(t, want, mid, 1e-9)
		require.InDelta(t, wantMAD, mad, 1e-9)
	})
}

// days repeats a pattern of m steps.
func days(n, m int, at func(day, phase int) float64) []float64 {
	x := make([]float64, 0, n*m)
	for d := range n {
		for p := range m {
			x = append(x, at(d, p))
		}
	}
	return x
}

func TestBands(t *testing.T) {
	const m = 96
	x := days(10, m, func(d, p int) float64 { return 100 + float64(p%7) + float64(d%3) })
	for _, tc := range []struct {
		name string
		v    float64
		clip bool
	}{
		{"an ordinary value stays", 101, false},
		{"a spike is clipped", 1000, true},
		{"a drop to zero is clipped", 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			y := slices.Clone(x)
			i := 5*m + 40
			y[i] = tc.v
			b := newBands(y, m, nil)
			got := b.clip(y[i], i)
			require.Equal(t, tc.clip, got != tc.v, "clipped to %v", got)
			require.InDelta(t, 104, got, 12)
			require.True(t, math.IsNaN(b.clip(nan, i)), "a gap stays a gap")
		})
	}
	t.Run("fewer than four days give no bands", func(t *testing.T) {
		b := newBands(x[:3*m+m/2], m, nil)
		require.Equal(t, 1e9, b.clip(1e9, 7))
	})
	t.Run("a partial first day does not move the phases", func(t *testing.T) {
		y := days(8, m, func(_, p int) float64 { return float64(p) })[17:]
		b := newBands(y, m, nil)
		for i, v := range y {
			require.Equal(t, v, b.clip(v, i), "step %d", i)
		}
	})
	t.Run("bands follow a series that begins later", func(t *testing.T) {
		b := newBands(x, m, nil)
		for i := range 200 {
			require.Equal(t, b.clip(1e9, i+31), b.shifted(31).clip(1e9, i))
		}
	})
}

func TestFindShift(t *testing.T) {
	const m = 96
	quiet := func(d, p int) float64 { return 100 + 20*math.Sin(2*math.Pi*float64(p)/m) + float64((d*7+p*3)%5) }
	find := func(x []float64) (int, float64) {
		h := &history{seasons: seasons{day: m, week: 7 * m}, raw: x, inv: 1, bands: newBands(x, m, nil)}
		return h.findShift()
	}
	base := days(10, m, quiet)

	cut, _ := find(base)
	require.Zero(t, cut, "an ordinary series has no shift")

	up := slices.Clone(base)
	for i := len(up) - m/12 - 4; i < len(up); i++ {
		up[i] += 300
	}
	cut, offset := find(up)
	require.InDelta(t, len(up)-m/12-4, cut, 2)
	require.InDelta(t, 300, offset, 6)

	down := slices.Clone(base)
	for i := len(down) - 30; i < len(down); i++ {
		down[i] -= 90
	}
	cut, offset = find(down)
	require.InDelta(t, len(down)-30, cut, 2)
	require.InDelta(t, -90, offset, 6)

	over := slices.Clone(base)
	for i := len(over) - 60; i < len(over)-20; i++ {
		over[i] += 300
	}
	cut, _ = find(over)
	require.Zero(t, cut, "an incident that is over is no shift")
}

func TestTheWeekIsNoAnomaly(t *testing.T) {
	const m = 96
	x := days(21, m, func(d, p int) float64 {
		if d%7 == 6 {
			return 10 + float64(p%3)
		}
		return 500 + float64((p+d)%9)
	})
	spike := 15*m + 50
	x[spike] = 5000
	h, cut, _ := newHistory(x, seasons{day: m, week: 7 * m}, 1)
	require.Zero(t, cut, "a quiet Sunday is no level shift")
	for i, v := range x {
		if i == spike {
			require.Less(t, h.clean(i), 600.0)
			continue
		}
		require.Equal(t, v, h.clean(i), "step %d of day %d", i%m, i/m)
	}
}
