package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSeasonalNaive(t *testing.T) {
	h := &history{seasons: seasons{day: 4, week: 28}, inv: 1, raw: []float64{1, 2, 3, 4, 5, nan, 7, 8, 9, 10, nan, 12}}
	m := seasonalNaive("x", bySeasonDay)
	for _, tc := range []struct {
		name string
		t, o int
		want float64
	}{
		{"the value one day before", 12, 11, 9},
		{"a gap gives way to the median of the days before it", 14, 11, 5},
		{"past one day the last known day repeats", 17, 11, 10},
		{"nothing after the origin is read", 11, 6, 4},
		{"before the first day there is nothing to say", 3, 2, nan},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := m.base(h, tc.t, tc.o)
			require.True(t, got == tc.want || math.IsNaN(got) && math.IsNaN(tc.want), "got %v, want %v", got, tc.want)
		})
	}
}

// Values after the origin, whatever they are, change no forecast from it.
func TestModelsDoNotLookAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const m = 480
		h := &history{seasons: seasons{day: m, week: 7 * m, half: 2}, inv: 1}
		h.raw = days(15, m, func(d, p int) float64 { return float64(d*31%11) + math.Sin(float64(p)) })
		h.precompute()
		o := rapid.IntRange(0, len(h.raw)-2).Draw(t, "origin")
		step := rapid.IntRange(o+1, len(h.raw)-1).Draw(t, "step")
		want := make([]float64, 0, 8)
		for _, k := range catalogue() {
			want = append(want, k.base(h, step, o))
		}
		for i := o + 1; i < len(h.raw); i++ {
			h.raw[i] = -1e6
		}
		h.precompute()
		for i, k := range catalogue() {
			got := k.base(h, step, o)
			require.True(t, got == want[i] || math.IsNaN(got) && math.IsNaN(want[i]), "%s: got %v, want %v", k.name, got, want[i])
		}
	})
}

// The shapes against their definition, written the slow way: clean, smooth,
// walk back whole cycles.
func TestShapesMatchTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const m = 400
		n := rapid.IntRange(m, 9*m).Draw(t, "n")
		c := seasons{day: m, week: 7 * m, half: 2}
		x := make([]float64, n)
		for i := range x {
			x[i] = float64((i*7919 + i/m*31) % 101)
			if rapid.IntRange(0, 999).Draw(t, "gap") == 0 {
				x[i] = nan
			}
		}
		lazy := &history{seasons: c, raw: x, inv: 1, bands: newBands(x, m, nil)}
		h, _, _ := newHistory(x, c, 1)
		o := n - 1
		step := o + rapid.IntRange(1, 2*m).Draw(t, "h")
		if cut, _ := lazy.findShift(); cut > 0 {
			return // a moved history has other values than x
		}
		known := func(lag int) (v float64, ok bool) {
			sum, k := 0.0, 0
			for i := step - lag - c.half; i <= step-lag+c.half; i++ {
				if i >= 0 && i < n && x[i] == x[i] {
					sum, k = sum+lazy.clean(i), k+1
				}
			}
			return sum / float64(k), k > 0 && step-lag >= 0
		}
		var vals []float64
		num, den := 0.0, 0.0
		w, used := 1.0, 0
		for lag := m; used < 7 && lag <= step; lag += m {
			if step-lag+c.half > o {
				continue
			}
			if v, ok := known(lag); ok {
				vals = append(vals, v)
				num, den = num+w*v, den+w
			}
			w, used = w*0.7, used+1
		}
		if len(vals) == 0 {
			require.True(t, math.IsNaN(dailyShape().base(h, step, o)))
			return
		}
		require.InDelta(t, num/den, dailyShape().base(h, step, o), 1e-9)
		require.InDelta(t, slowMedian(vals), dailyMedian().base(h, step, o), 1e-9)
		require.InDelta(t, num/den, dailyShape().base(lazy, step, o), 1e-9)
	})
}

// What is traced at once is what the curve says step by step.
func TestTracedIsBaseStepByStep(t *testing.T) {
	s := seasonsOf(300e9)
	x := make([]float64, 20*s.day+17)
	for i := range x {
		x[i] = 50 + 20*math.Sin(float64(i)/46) + float64(i*7919%101)/7
		if i%173 < 3 || i%12 == 5 && i > 3000 && i < 3400 {
			x[i] = math.NaN()
		}
	}
	h, _, _ := newHistory(x, s, 50)
	h.fourier = learnFourier(h)
	for _, m := range []model{hourlyShape(), fourierCurve()} {
		for _, first := range []int{0, 7, 500, 4321} {
			got := make([]float64, len(x)-first)
			m.trace(h, first, got)
			for i, v := range got {
				want := m.base(h, first+i, first+i-1)
				if math.Float64bits(want) != math.Float64bits(v) {
					t.Fatalf("%s from %d: step %d is %v, want %v", m.name, first, i, v, want)
				}
			}
		}
	}
}
