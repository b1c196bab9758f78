package forecast

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// An incident is clipped while it may be a new level, and leaves no trace once
// ordinary values have followed for six hours.
func TestEndedIncidentLeavesNoTrace(t *testing.T) {
	const m = 96
	x := days(10, m, func(d, p int) float64 { return 100 + float64(p%7) + float64(d%3) })
	c := seasons{day: m, week: 7 * m}
	cleaned := func(from, to int) []float64 {
		y := slices.Clone(x)
		for i := from; i < to; i++ {
			y[i] = 1000
		}
		h, cut, _ := newHistoryIn(nil, y, c, 1)
		require.Zero(t, cut)
		return h.cleaned
	}
	ended := cleaned(9*m+20, 9*m+40)
	for i := 9*m + 20; i < 9*m+40; i++ {
		require.InDelta(t, x[i], ended[i], 2, "step %d", i)
	}
	lasting := cleaned(10*m-4, 10*m)
	for i := 10*m - 4; i < 10*m; i++ {
		require.Greater(t, lasting[i], x[i]+4, "step %d", i)
	}
}
