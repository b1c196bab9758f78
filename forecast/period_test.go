package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A week is not invented from less than nine days, whatever they hold: no model
// that knows weeks has a weight, and days that are alike are forecast alike.
func TestNoWeekIsInvented(t *testing.T) {
	const m = 144
	for _, days := range []int{2, 5, 8} {
		s := traffic(days*m, 10*time.Minute)
		for i := range s.Values {
			if i/m%7 == 2 {
				s.Values[i] *= 0.3 // looks like a Sunday
			}
		}
		f := mustForecast(t, s, 2*m)
		for _, w := range f.Weights {
			require.NotContains(t, []string{"SeasonalNaiveWeek", "WeeklyShape"}, w.Model, "%d days", days)
		}
	}
}

// Three weeks without a weekly cycle: the forecast of each of two days is that
// of any other, within the noise.
func TestNoWeekIsLearntWhereThereIsNone(t *testing.T) {
	const m = 144
	s := traffic(21*m, 10*time.Minute)
	state := uint64(9)
	for i := range s.Values {
		state = state*6364136223846793005 + 1442695040888963407
		s.Values[i] = 100 + 60*math.Sin(2*math.Pi*float64(i)/m) + 20*(float64(state>>40)/(1<<24)-0.5)
	}
	f := mustForecast(t, s, 2*m)
	for i := range m {
		require.InDelta(t, f.Point[i], f.Point[m+i], 8)
		require.InDelta(t, 100+60*math.Sin(2*math.Pi*float64(i)/m), f.Point[i], 8)
	}
}

// Counters that begin anew show as a step of zeros or a gap: neither moves what
// comes next.
func TestResetsAreForgotten(t *testing.T) {
	const m = 288
	want := mustForecast(t, traffic(12*m, 5*time.Minute), m)
	for name, v := range map[string]float64{"zero": 0, "gap": math.NaN()} {
		t.Run(name, func(t *testing.T) {
			s := traffic(12*m, 5*time.Minute)
			for i := 40; i < 11*m; i += 331 {
				s.Values[i] = v
			}
			got := mustForecast(t, s, m)
			moved, total := 0.0, 0.0
			for i := range want.Point {
				moved += math.Abs(got.Point[i] - want.Point[i])
				total += want.Point[i]
			}
			require.Less(t, moved/total, 0.02)
		})
	}
}
