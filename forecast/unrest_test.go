package forecast

import (
	"math"
	"slices"
	"testing"
	"time"

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

// An hour as restless as none before widens what follows.
func TestARestlessHourWidensTheBand(t *testing.T) {
	const m = 288
	next := noise()
	x := days(15, m, func(_, p int) float64 { return 100 + 30*math.Sin(2*math.Pi*float64(p)/m) + 2*next() })
	for i := range x { // restless hours come in rows
		if i/72%5 == 0 {
			x[i] += 15 * next()
		}
	}
	calm := Series{Step: 5 * time.Minute, Values: x[:len(x)-m/2]}
	f, err := Fit(calm, Config{})
	require.NoError(t, err)
	width := func(stirred float64) float64 {
		s := Series{Step: calm.Step, Values: slices.Clone(calm.Values)}
		for i := len(s.Values) - 12; i < len(s.Values); i++ {
			s.Values[i] = 100 + 30*math.Sin(2*math.Pi*float64(i%m)/m) + stirred*float64(1-i%2*2)
		}
		out, err := f.Forecast(s, 6, []float64{0.95})
		require.NoError(t, err)
		return out.Quantiles[0][5] - out.Point[5]
	}
	require.Greater(t, width(12), 1.5*width(1))
}
