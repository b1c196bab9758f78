package forecast_test

import (
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Three days of a load that swings between 100 and 300 requests per second are
// forecast for the next ten minutes.
func Example() {
	s := forecast.Series{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: time.Minute}
	for i := range 3 * 1440 {
		ramp := float64(i%1440) / 1440
		s.Values = append(s.Values, 100+200*ramp+float64(i*7%5))
	}

	fit, err := forecast.Fit(s, forecast.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := fit.Forecast(s, 10, []float64{0.9, 0.99})
	if err != nil {
		fmt.Println(err)
		return
	}
	peak, err := f.Peak(0.9, f.Origin, f.Origin.Add(5*time.Minute))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Maturity, "-", f.Note)
	fmt.Printf("at %s: %.0f requests/s\n", f.Origin.Add(f.Step).Format("15:04"), f.Point[0])
	fmt.Printf("the next five minutes stay below %.0f with probability 0.9\n", peak)
	// Output:
	// NoWeeklyCycle - 3d of history: no weekly cycle yet
	// at 00:00: 100 requests/s
	// the next five minutes stay below 104 with probability 0.9
}
