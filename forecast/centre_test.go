package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCentre(t *testing.T) {
	for _, tc := range []struct {
		name   string
		median float64
		days   []float64
		want   float64
	}{
		{"days that agree are believed", -2, []float64{-2, -2, -2, -2}, -2},
		// 4 days of variance 4/3: s^2 = 1/3, so 4/(4 + 4/3) = 3/4.
		{"days that do not count less", 2, []float64{1, 1, 3, 3}, 1.5},
		{"two days say nothing", 2, []float64{2, 2}, 0},
		{"a median of zero stays", 0, []float64{1, 1, 1}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.InDelta(t, tc.want, centreOf(tc.median, tc.days), 1e-12)
		})
	}
}
