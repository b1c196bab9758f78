package forecast

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// aJob is fourteen days at 15 s of a load of 150 that is 550 for a minute at noon;
// days whose number is in off have no noon.
func aJob(off ...int) []float64 {
	day := int(24 * time.Hour / (15 * time.Second))
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, 14*day)
	for i := range out {
		out[i] = 150
		if at := i%day - day/2; at >= 0 && at < 4 {
			out[i] = 550
			for _, d := range off {
				if i/day == d {
					out[i] = 150
				}
			}
		}
		out[i] *= 1 + 0.003*random.NormFloat64()
	}
	return out
}

// atNoon returns the quantile 0.9 of the minute from the last noon on, forecast a
// minute before it.
func atNoon(t *testing.T, values []float64) (upper float64) {
	t.Helper()
	step := 15 * time.Second
	day := int(24 * time.Hour / step)
	fitted, err := Fit(Series{Start: epoch, Step: step, Values: values[:13*day]}, Config{})
	require.NoError(t, err)
	f, err := fitted.Forecast(Series{Start: epoch, Step: step, Values: values[:13*day+day/2-4]}, 8, []float64{0.9})
	require.NoError(t, err)
	for i := 4; i < 8; i++ {
		upper = max(upper, f.Quantiles[0][i])
	}
	return upper
}

func TestUpperQuantilesCountOnWhatRecursDaily(t *testing.T) {
	upper := atNoon(t, aJob())
	require.InDelta(t, 550, upper, 10)
}

func TestADayWithoutItEndsARecurrence(t *testing.T) {
	upper := atNoon(t, aJob(10))
	require.Less(t, upper, 500.0)
}

func TestWhatRecursShrinksWithTheLoad(t *testing.T) {
	values := aJob()
	for i := len(values) * 13 / 14; i < len(values); i++ {
		values[i] /= 2
	}
	upper := atNoon(t, values)
	require.InDelta(t, 275, upper, 15)
}
