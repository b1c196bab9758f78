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
		y := make([]float64, len(averages))
		for i := range y {
			y[i] = next() + power*u.log[i]
		}
		require.InDelta(t, power, u.gamma(origin, y, 0), 0.1)
		require.InDelta(t, power/2, u.gamma(origin, y, 1), 0.05, "a day ahead it is halved")
	}
	require.Equal(t, u.log[5], u.at(5))
}

func TestUnrestUnknown(t *testing.T) {
	for _, averages := range [][]float64{nil, {0, 0}, {math.Inf(1), 1}, {math.NaN()}} {
		u := newUnrest(averages)
		require.Empty(t, u.log)
		require.Zero(t, u.at(0))
		require.Zero(t, u.gamma([]int{0}, []float64{1}, 0))
	}
}
