package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCusum(t *testing.T) {
	feed := func(limit, v float64, steps int) cusum {
		c := newCusum(limit)
		for range steps {
			c.add(v)
		}
		return c
	}
	for _, tc := range []struct {
		name  string
		limit float64
		v     float64
		steps int
		alarm bool
	}{
		{"two standard deviations never add up", 6, 2, 500, false},
		{"five add up to 12 in six steps", 6, 5, 6, false},
		{"and to more in seven", 6, 5, 7, true},
		{"downwards alike", 6, -5, 7, true},
		{"a step counts six at most", 6, 1e9, 4, false},
		{"and a fifth alarms", 6, 1e9, 5, true},
		{"without a scale it is silent", math.Inf(1), 1e9, 500, false},
		{"likewise where all distances are zero", 0, 1, 500, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := feed(tc.limit, tc.v, tc.steps)
			require.Equal(t, tc.alarm, c.alarmed())
		})
	}
	c := feed(6, 5, 60)
	require.InDelta(t, 5, c.carry(0, 1), 0.1, "the height is carried forward")
	require.Less(t, c.carry(0, 1000), 1.0, "and fades")
	for range 9 {
		c.add(0)
	}
	require.False(t, c.alarmed(), "an alarm ends with its reason")
	require.Equal(t, 0.3, c.carry(0.3, 1))
}
