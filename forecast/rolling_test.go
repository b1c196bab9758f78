package forecast

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is ordinary of a constant load with bursts does not hang on its rounding.
func TestRoundingIsOrdinary(t *testing.T) {
	limits := func(noise float64) map[string]float64 {
		rng := rand.New(rand.NewPCG(3, 3))
		s := Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: make([]float64, 10*288)}
		for i := range s.Values {
			s.Values[i] = 5 * (1 + noise*rng.NormFloat64())
			if i%250 < 6 {
				s.Values[i] *= 4
			}
		}
		fit, err := Fit(s, Config{})
		require.NoError(t, err)
		out := map[string]float64{}
		for k, m := range fit.models {
			out[m.name] = fit.limits[k]
		}
		return out
	}
	for _, noise := range []float64{0, 1e-16, 1e-15, 1e-14} {
		got := limits(noise)
		for _, name := range []string{"SeasonalNaiveDay", "SeasonalNaiveWeek", "DailyMedian"} {
			require.Greater(t, got[name], 0.1, "%s, noise %g: bursts are rare, but ordinary", name, noise)
		}
	}
}
