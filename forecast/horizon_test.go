package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A horizon of whole days has the phase of the last value, so that a level seems to
// know the day there. It does not know it in between.
func TestWholeDaysDoNotFlatterTheLevel(t *testing.T) {
	const m = 288
	next := noise()
	for _, days := range []int{6, 10, 28} { // 6 and 10: a third of what is scored is a day; 28: two days are the end
		x := make([]float64, days*m)
		wave := func(i int) float64 { return 100 + 60*math.Sin(2*math.Pi*float64(i)/m) }
		for i := range x {
			x[i] = wave(i) + next()
		}
		s := Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: x}
		fit, err := Fit(s, Config{})
		require.NoError(t, err)
		f, err := fit.Forecast(s, 2*m, []float64{0.9})
		require.NoError(t, err)
		for h := range 2 * m {
			require.InDelta(t, wave(len(x)+h), f.Point[h], 3, "%d days, %d steps ahead", days, h+1)
		}
	}
}

// Auto has one shape of the day; the other is there for who asks for it, and
// learns from its own unrest.
func TestAutoHasOneShapeOfTheDay(t *testing.T) {
	const m = 288
	f := Fitted{seasons: seasonsOf(5 * time.Minute), n: 14 * m}
	names := func(c Config) (out []string) {
		for _, k := range f.choose(c) {
			out = append(out, k.name)
		}
		return out
	}
	require.NotContains(t, names(Config{Model: Auto}), "DailyShape")
	require.Contains(t, names(Config{Model: Auto}), "DailyMedian")
	for _, model := range []string{"DailyShape", "DailyMedian"} {
		c := Config{Model: model}
		require.Equal(t, []string{model}, names(c))
		h, _, _ := newHistory(days(14, m, func(d, p int) float64 { return 100 + float64(d*31%7) + math.Sin(float64(p)) }), f.seasons, 1)
		require.NotEmpty(t, newRolling(h, f.choose(c)).unrest.log, model)
	}
}

func TestHorizons(t *testing.T) {
	fine, coarse := seasonsOf(5*time.Minute), seasonsOf(time.Hour)
	require.Equal(t, []int{1}, horizons(0, fine))
	require.Equal(t, []int{1, 3, 8, 20, 40, 80, 160, 320, 576}, horizons(math.MaxInt, fine))
	require.Equal(t, []int{1, 2, 3, 5, 8, 12, 20, 40}, horizons(math.MaxInt, coarse))
	require.Equal(t, []int{1, 3, 8, 11}, horizons(11, fine))
}
