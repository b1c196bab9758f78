package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The coefficients of R 4.2.2: solve(t(X) %*% (w * X) + P, t(X) %*% (w * y)) with
// X the constant and the harmonics, w 0.93 to the age in days, P 0.01 of the sum
// of w on the diagonal.
func TestFourierMatchesR(t *testing.T) {
	const m = 24
	x := days(16, m, func(d, p int) float64 {
		i := d*m + p
		a := 2 * math.Pi * float64(i) / m
		return 10 + 3*math.Sin(a) + 2*math.Cos(3*a) + 1.5*math.Sin(2*a/7) + float64(i*7919%101)/101
	})
	h := &history{seasons: seasons{day: m, week: 7 * m}, raw: x, inv: 1}
	h.cleaned = x
	got := learnFourier(h).days[16]
	want := []float64{
		10.4948231222, 2.9411235006, 0.0052834939, -0.0030024910, -0.0033684313, 0.0035426042, 1.9647232376, 0.0119318564, 0.0016497410, -0.0062664175, -0.0133525150, 0.0004214260, -0.0065251478, 0.0008582493, 0.0022355616, 1.4690442632, 0.0063981917, 0.0109047436, -0.0061394711,
	}
	require.InDeltaSlice(t, want, got[:], 1e-8)
}

// Weekly harmonics wait for 15 days: until then each day is like the last.
func TestFourierInventsNoWeek(t *testing.T) {
	const m = 48
	x := days(14, m, func(d, p int) float64 {
		if d%7 > 4 {
			return 10
		}
		return 50 + float64(p)
	})
	h := &history{seasons: seasons{day: m, week: 7 * m}, raw: x, inv: 1}
	h.cleaned = x
	f := learnFourier(h)
	for i := range m {
		require.InDelta(t, f.at(14*m+i, 14*m-1), f.at(16*m+i, 14*m-1), 1e-9)
	}
	require.True(t, math.IsNaN(f.at(2*m, 2*m-1)), "two days are too few")
	require.Nil(t, learnFourier(&history{seasons: seasons{day: m}, raw: x[:4*m], inv: 1}))
}
