package forecast

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// An incident is clipped while it may be a new level, and leaves no trace once
// ordinary values have followed for six hours; one of two hours is a gap then (ended.go).
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
	ended := cleaned(9*m+20, 9*m+26)
	for i := 9*m + 20; i < 9*m+26; i++ {
		require.InDelta(t, x[i], ended[i], 2, "step %d", i)
	}
	lasting := cleaned(10*m-4, 10*m)
	for i := 10*m - 4; i < 10*m; i++ {
		require.Greater(t, lasting[i], x[i]+4, "step %d", i)
	}
}

// An hour that leant to one side, each value within its band, is no part of the
// shape of a day once it is over, unless it comes back with the week.
func TestHoursThatLeanLeaveTheShape(t *testing.T) {
	const m = 288
	c := seasons{day: m, week: 7 * m, half: 1}
	x := days(14, m, func(d, p int) float64 { return 100 + float64((7*d+3*p)%11) })
	raised := func(from, to, more int) *history {
		y := slices.Clone(x)
		for _, at := range slices.Compact([]int{from, from + more}) {
			for i := at; i < at+to-from; i++ {
				y[i] += 16
			}
		}
		h, cut, _ := newHistoryIn(nil, y, c, 1)
		require.Zero(t, cut)
		for i := from; i < to; i++ {
			require.Zero(t, h.side(i), "step %d is ordinary by itself", i)
			require.InDelta(t, y[i], h.cleaned[i], 0, "what is followed within hours knows it")
		}
		return h
	}
	plain, _, _ := newHistoryIn(nil, x, c, 1)
	moved := func(h *history, from, to int) float64 {
		sum := 0.0
		for i := from; i < to; i++ {
			sum += h.smooth[i] - plain.smooth[i]
		}
		return sum / float64(to-from)
	}
	// Hours are counted back from six hours before the end.
	from := 12*m - 24
	require.Less(t, moved(raised(from, from+24, 0), from, from+24), 4.0)
	require.InDelta(t, 16, moved(raised(14*m-30, 14*m-6, 0), 14*m-29, 14*m-7), 2, "it may not be over")
	require.InDelta(t, 16, moved(raised(from-7*m, from-7*m+24, 7*m), from, from+24), 2, "it comes each week")
}
