package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHourlyShape(t *testing.T) {
	const hour = 12
	x := days(30, hour, func(h, p int) float64 { return float64(100*(p/11) + h) })
	h := &history{seasons: seasonsOf(300e9), raw: x, inv: 1}
	at := hourlyShape().base
	n := len(x)
	require.Equal(t, 23.5, at(h, n, n-1), "the median of hours 18 to 29")
	require.Equal(t, 123.5, at(h, n+11, n-1), "a job each hour is kept")
	require.Equal(t, 23.5, at(h, n+3*hour, n-1), "further ahead whole hours are skipped")
	require.True(t, math.IsNaN(at(h, 5, 4)), "no hour before it")
	x[n-hour] = math.NaN()
	require.Equal(t, 23.0, at(h, n, n-1), "gaps are left out")
	require.Zero(t, bySeasonHour(seasonsOf(3600e9)), "a step of an hour has no hour")
	require.Zero(t, bySeasonHour(seasonsOf(420e9)), "seven minutes are no part of an hour")
}
