package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// noise is a reproducible sequence of mean 0 within -1..1.
func noise() func() float64 {
	state := uint64(11)
	return func() float64 {
		state = state*6364136223846793005 + 1442695040888963407
		return float64(int64(state>>11))/(1<<52) - 1
	}
}

// x(t) = x(t-7d) + 0.8 (x(t-1d) - x(t-8d)) + noise: the weights of one, seven
// and eight days before are known.
func TestLaggedFindsTheWeights(t *testing.T) {
	const m, n = 24, 60 * 24
	next := noise()
	x := make([]float64, n)
	for i := range 8 * m {
		x[i] = 100 + 10*math.Sin(float64(i)) + 20*float64(i/m%7)
	}
	for i := 8 * m; i < n; i++ {
		x[i] = x[i-7*m] + 0.8*(x[i-m]-x[i-8*m]) + next()
	}
	h, cut, _ := newHistory(x, seasons{day: m, week: 7 * m}, 1)
	require.Zero(t, cut)
	l := learnLags(h)
	// What is added to the prior's mean is weighed in distances from it.
	w, rest, sum := l.days[0][n/m], 1.0, 0.0
	for _, b := range w {
		rest -= b
	}
	for k, p := range l.prior[0] {
		w[k] += p * rest
	}
	for k, d := range lagDays {
		sum += w[k]
		switch d {
		case 1:
			require.InDelta(t, 0.8, w[k], 0.2)
		case 7:
			require.InDelta(t, 1, w[k], 0.2)
		case 8:
			require.InDelta(t, -0.8, w[k], 0.2)
		}
	}
	require.InDelta(t, 1, sum, 1e-9, "a load that moves as a whole is followed")
}

func TestLaggedDoesNotLookAhead(t *testing.T) {
	const m = 48
	x := days(20, m, func(d, p int) float64 { return 100 + float64((d*31+p*7)%13) })
	at := func(o, step int) float64 {
		h := &history{seasons: seasons{day: m, week: 7 * m}, raw: x, inv: 1}
		h.precompute()
		return learnLags(h).at(h, step, lagsNeeded(step-o+h.half, m))
	}
	for _, o := range []int{15*m - 1, 15*m + 17, 17*m + 40} {
		for _, ahead := range []int{1, m, m + 1, 2 * m} {
			want := at(o, o+ahead)
			kept := append([]float64(nil), x[o+1:]...)
			for i := o + 1; i < len(x); i++ {
				x[i] = -1e6
			}
			require.Equal(t, want, at(o, o+ahead), "origin %d, %d steps ahead", o, ahead)
			copy(x[o+1:], kept)
		}
	}
}

func TestLaggedNeedsDays(t *testing.T) {
	h := &history{seasons: seasons{day: 24}, raw: make([]float64, (lagHistory+lagLeast)*24-1), inv: 1}
	require.Nil(t, learnLags(h))
	require.Nil(t, learnLags(&history{raw: make([]float64, 5000), inv: 1}), "a step too coarse for a day")
}
