package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCentre(t *testing.T) {
	for _, tc := range []struct {
		name         string
		sorted, days []float64
		want         float64
	}{
		{"days that agree are believed", []float64{-3, -2, -1}, []float64{-2, -2, -2, -2}, -2},
		// 4 days of variance 4/3: s^2 = 1/3, so 4/(4 + 4/3) = 3/4.
		{"days that do not count less", []float64{1, 2, 3}, []float64{1, 1, 3, 3}, 1.5},
		{"two days say nothing", []float64{1, 2, 3}, []float64{2, 2}, 0},
		{"a median of zero stays", []float64{-1, 0, 4}, []float64{1, 1, 1}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.InDelta(t, tc.want, centreOf(tc.sorted, tc.days), 1e-12)
		})
	}
}
