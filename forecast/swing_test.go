package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSwings(t *testing.T) {
	const m = 96
	x := days(10, m, func(d, p int) float64 {
		if p < m/2 {
			return 1 + 0.1*float64(d%2)
		}
		return 100 + 10*float64(d%2)
	})
	h := &history{seasons: seasons{day: m}, raw: x, inv: 1}
	h.precompute()
	s := learnSwings(h)
	night, noon := s.at(len(x)+m/4), s.at(len(x)+3*m/4)
	require.InDelta(t, 0.07, night, 0.01, "a hundredth of the day, and the floor")
	require.InDelta(t, 1.93, noon, 0.01)
	require.Equal(t, night, s.at(m/4), "the same phase on any day")

	flat := swings{}
	require.Equal(t, 1.0, flat.at(7))
	h.raw = make([]float64, 10*m)
	h.precompute()
	require.Equal(t, swings{}, learnSwings(h), "a load of zeros has no unit")
}
