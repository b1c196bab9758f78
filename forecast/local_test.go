package forecast

import (
	"math"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"
)

func TestLocalGrid(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	const step = 30 * time.Minute
	nan := math.NaN()
	for _, c := range []struct {
		name, start string
		values      []float64
		first       string // in local time
		want        []float64
	}{
		{"no change of the clock", "2026-07-01T00:00:00Z", []float64{1, 2, 3}, "02:00", []float64{1, 2, 3}},
		{"the hour that is missing is a gap", "2026-03-29T00:00:00Z", []float64{1, 2, 3, 4}, "01:00", []float64{1, 2, nan, nan, 3, 4}},
		{"of the hour that comes twice the second pass counts", "2026-10-24T23:30:00Z", []float64{1, 2, 3, 4, 5, 6}, "01:30", []float64{1, 4, 5, 6}},
		{"but not where it is a gap", "2026-10-24T23:30:00Z", []float64{1, 2, 3, nan, 5, 6}, "01:30", []float64{1, 2, 5, 6}},
		{"within the second pass the rest of the first is not known", "2026-10-24T23:30:00Z", []float64{1, 2, 3, 4}, "01:30", []float64{1, 4}},
		{"a series that begins in the first pass begins with the second", "2026-10-25T00:30:00Z", []float64{1, 2, 3, 4}, "02:00", []float64{2, 3, 4}},
		{"and one that ends in it too", "2026-10-25T00:30:00Z", []float64{1, 2}, "02:00", []float64{2}},
		{"a value alone", "2026-10-25T00:30:00Z", []float64{1}, "02:30", []float64{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, c.start)
			require.NoError(t, err)
			s := Series{Start: start, Step: step, Values: c.values}
			got := newCivil(s, Config{Location: berlin}).local(s, nil)
			require.Equal(t, c.first, got.Start.Format("15:04"))
			require.Len(t, got.Values, len(c.want))
			for i, w := range c.want {
				if got.Values[i] != w && w == w {
					t.Errorf("slot %d is %v, want %v", i, got.Values[i], w)
				}
				require.Equal(t, math.IsNaN(w), math.IsNaN(got.Values[i]), "slot %d", i)
			}
		})
	}
}
