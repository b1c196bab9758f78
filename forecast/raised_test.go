package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTailsAreRaised(t *testing.T) {
	f := &Fitted{seasons: seasons{day: 1440}}
	require.Equal(t, 0.5, f.raised(0.5, 1440), "the median stays")
	require.InDelta(t, 0.965, f.raised(0.9, 1440), 1e-12, "0.7 of half of the tail")
	require.InDelta(t, 0.035, f.raised(0.1, 1440), 1e-12)
	for p := 0.02; p < 0.99; p += 0.01 {
		require.Less(t, f.raised(p, 1440), f.raised(p+0.01, 1440), "level %v", p)
	}
}

func TestOneSidedErrorsOfFewWindowsAreTakenForBothSides(t *testing.T) {
	resid := make([]float64, 100)
	for i := range resid {
		resid[i] = float64(100 + i)
	}
	own := newPool(resid)
	few := doubted(own, append([]float64(nil), resid...), 100, 300)
	require.Zero(t, few.at(0.5))
	require.InDelta(t, 190, few.at(0.95), 3)
	require.InDelta(t, -190, few.at(0.05), 3)
	many := doubted(own, append([]float64(nil), resid...), 1, 300)
	require.Zero(t, many.at(0.5))
	require.InDelta(t, 45, many.at(0.95), 3, "with many windows the spread is that around the median")
}
