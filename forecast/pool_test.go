package forecast

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestOrderStatistic(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tc := range []struct {
		name string
		x    []float64
		p    float64
		want float64
	}{
		{"the ninth of ten is the 0.8 quantile", ten, 0.8, 9},
		{"ceil((n+1)p)", ten, 0.9, 10},
		{"beyond the sample the greatest is widened", ten, 0.95, 12.5},
		{"below the sample the least is kept when positive", ten, 0.01, 1},
		{"a negative greatest value is not lowered", []float64{-4, -2}, 0.99, -2},
		{"a negative least value is widened", []float64{-4, -2}, 0.01, -5},
		{"one residual", []float64{2}, 0.9, 2.5},
		{"the middle", ten, 0.5, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, orderStatistic(tc.x, tc.p))
		})
	}
}

func TestPoolIsMonotoneAndExactOnItsGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-10, 10), 1, 300).Draw(t, "x")
		p := newPool(slices.Clone(x))
		slices.Sort(x)
		for _, prob := range poolGrid {
			require.Equal(t, orderStatistic(x, prob), p.at(prob))
		}
		a := rapid.Float64Range(0.0001, 0.9999).Draw(t, "a")
		b := rapid.Float64Range(0.0001, 0.9999).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		require.LessOrEqual(t, p.at(a), p.at(b))
	})
}

func TestScaleAt(t *testing.T) {
	scale := []float64{1, 2, 3, 2}
	require.Equal(t, 1.0, scaleAt(scale, 0.125), "the centre of the first bin")
	require.Equal(t, 1.5, scaleAt(scale, 0.25), "halfway between two bins")
	require.Equal(t, 1.5, scaleAt(scale, 0), "the day is a circle")
	require.Equal(t, 7.0, scaleAt([]float64{7}, 0.9))
}

func TestBlendWeights(t *testing.T) {
	for _, tc := range []struct {
		name string
		mae  []float64
		want []float64
	}{
		{"one model has all", []float64{3}, []float64{1}},
		{"equals share", []float64{2, 2}, []float64{0.5, 0.5}},
		{"twice the error weighs 1/64", []float64{1, 2}, []float64{64.0 / 65, 1.0 / 65}},
		{"no error leaves nothing to the others", []float64{0, 1, 0}, []float64{0.5, 0, 0.5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.InDeltaSlice(t, tc.want, blendWeights(tc.mae), 1e-12)
		})
	}
}

func TestOriginsMeetAllPhasesOfTheDay(t *testing.T) {
	h := &history{seasons: seasons{day: 1440}, raw: make([]float64, 14*1440+1)}
	got := pickOrigins(h, 0, len(h.raw)-1)
	require.Greater(t, len(got), maxOrigins*9/10)
	require.LessOrEqual(t, len(got), maxOrigins)
	seen := map[int]bool{}
	for _, o := range got {
		seen[o%1440] = true
	}
	require.Greater(t, len(seen), maxOrigins/3, "few phases would calibrate few phases")
	h.raw[len(h.raw)-2] = math.NaN()
	require.NotContains(t, pickOrigins(h, 0, len(h.raw)-1), len(h.raw)-2, "a gap is no origin")
}
