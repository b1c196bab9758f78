package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnrestFindsThePower(t *testing.T) {
	next := noise()
	averages, origin := make([]float64, 4000), make([]int, 4000)
	for i := range averages {
		averages[i], origin[i] = 3*math.Exp(next()), i
	}
	u := newUnrest(averages)
	for _, power := range []float64{0, 0.5, 0.8} {
		resid := make([]float64, len(averages))
		for i := range resid {
			resid[i] = next() * math.Exp(power*u.log[i])
		}
		// The floor under the logarithm takes a little.
		require.InDelta(t, power, u.gamma(origin, resid, 0), 0.16)
		require.InDelta(t, power/2, u.gamma(origin, resid, 1), 0.08, "a day ahead it is halved")
	}
	require.Zero(t, u.gamma(origin, make([]float64, len(origin)), 0), "no residual, no power")
	require.Equal(t, 1.0, u.stir(0, 5))
	require.Equal(t, math.Exp(u.log[5]), u.stir(1, 5))
}

func TestUnrestUnknown(t *testing.T) {
	for _, averages := range [][]float64{nil, {0, 0}, {math.Inf(1), 1}, {math.NaN()}} {
		u := newUnrest(averages)
		require.Empty(t, u.log)
		require.Equal(t, 1.0, u.stir(0.5, 0))
		require.Zero(t, u.gamma([]int{0}, []float64{1}, 0))
	}
}
