package forecast_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// sizes are the two histories that cost is promised for: a week of five
// minutes and four weeks of one minute.
var sizes = []struct {
	points int
	step   time.Duration
}{{2016, 5 * time.Minute}, {40320, time.Minute}}

// traffic is a load with a daily and a weekly cycle and noise that needs no
// random source.
func traffic(points int, step time.Duration) forecast.Series {
	s := forecast.Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: step, Values: make([]float64, points)}
	state := uint64(1)
	for i := range s.Values {
		days := float64(i) * step.Hours() / 24
		state = state*6364136223846793005 + 1442695040888963407
		noise := float64(state>>40)/(1<<24) - 0.5
		s.Values[i] = 100 + 60*math.Sin(2*math.Pi*days) + 15*math.Cos(2*math.Pi*days/7) + 20*noise
	}
	return s
}

func BenchmarkFit(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("points=%d", n.points), func(b *testing.B) {
			s := traffic(n.points, n.step)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := forecast.Fit(s, forecast.Config{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkForecast(b *testing.B) {
	levels := []float64{0.9, 0.95, 0.99}
	for _, n := range sizes {
		for _, horizon := range []int{30, 300, 1440} {
			b.Run(fmt.Sprintf("points=%d/horizon=%d", n.points, horizon), func(b *testing.B) {
				s := traffic(n.points, n.step)
				fit, err := forecast.Fit(s, forecast.Config{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := fit.Forecast(s, horizon, levels); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkNaivePass is the peer of BenchmarkFit: one read of every value and
// of the one a day before it, which any method must pay for.
func BenchmarkNaivePass(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("points=%d", n.points), func(b *testing.B) {
			s := traffic(n.points, n.step)
			m := int(24 * time.Hour / n.step)
			b.ReportAllocs()
			for b.Loop() {
				sum := 0.0
				for i := m; i < len(s.Values); i++ {
					sum += math.Abs(s.Values[i] - s.Values[i-m])
				}
				if math.IsNaN(sum) {
					b.Fatal(sum)
				}
			}
		})
	}
}
