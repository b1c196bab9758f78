package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// forecasting times a fit and a forecast at the two reference sizes, next to a
// pass that only sums the absolute daily differences of the same series.
func forecasting() ([]measurement, error) {
	var out []measurement
	for _, size := range []struct {
		points int
		step   time.Duration
	}{{2016, 5 * time.Minute}, {40320, time.Minute}} {
		m, err := forecastCost(size.points, size.step)
		if err != nil {
			return nil, err
		}
		out = append(out, m...)
	}
	return out, nil
}

func forecastCost(points int, step time.Duration) ([]measurement, error) {
	s := wave(points, step)
	levels := []float64{0.9, 0.95, 0.99}
	horizon := int(80 * time.Minute / step)
	fitted, err := forecast.Fit(s, forecast.Config{Model: forecast.Auto})
	if err != nil {
		return nil, err
	}
	var failed error
	fit := func() {
		if _, err := forecast.Fit(s, forecast.Config{Model: forecast.Auto}); err != nil {
			failed = err
		}
	}
	ahead := func() {
		if _, err := fitted.Forecast(s, horizon, levels); err != nil {
			failed = err
		}
	}
	var sink float64
	naive := func() { sink += naivePass(s) }
	fitNs, aheadNs, naiveNs := median(fit, 20), median(ahead, 200), median(naive, 200)
	fitAllocs, fitBytes := allocated(fit)
	aheadAllocs, aheadBytes := allocated(ahead)
	if failed != nil || math.IsNaN(sink) {
		return nil, fmt.Errorf("forecast %d points: %w", points, failed)
	}
	name := func(what string) string { return fmt.Sprintf("%s_%d_points", what, points) }
	return []measurement{
		{name("fit"), fitNs / 1e6, "ms"},
		{name("fit_to_naive_pass_ratio"), fitNs / naiveNs, "ratio"},
		{name("fit_allocs"), fitAllocs, "allocs"},
		{name("fit_bytes"), fitBytes, "bytes"},
		{name("forecast"), aheadNs / 1e6, "ms"},
		{name("forecast_to_naive_pass_ratio"), aheadNs / naiveNs, "ratio"},
		{name("forecast_allocs"), aheadAllocs, "allocs"},
		{name("forecast_bytes"), aheadBytes, "bytes"},
	}, nil
}

// wave is a load with a day, a week and a ripple that repeats nowhere.
func wave(points int, step time.Duration) forecast.Series {
	s := forecast.Series{Start: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), Step: step, Values: make([]float64, points)}
	for i := range s.Values {
		day := 2 * math.Pi * s.Time(i).Sub(s.Start).Hours() / 24
		s.Values[i] = 1000 + 400*math.Sin(day) + 100*math.Sin(day/7) + 40*math.Sin(float64(i)*1.7) + 20*math.Sin(float64(i*i%977))
	}
	return s
}

func naivePass(s forecast.Series) float64 {
	m := int(24 * time.Hour / s.Step)
	sum := 0.0
	for i := m; i < len(s.Values); i++ {
		sum += math.Abs(s.Values[i] - s.Values[i-m])
	}
	return sum
}

// median returns the middle of n timings of f, in nanoseconds.
func median(f func(), n int) float64 {
	times := make([]float64, n)
	for i := range times {
		began := time.Now()
		f()
		times[i] = float64(time.Since(began).Nanoseconds())
	}
	slices.Sort(times)
	return times[n/2]
}

// allocated returns the allocations and bytes of one call of f.
func allocated(f func()) (allocs, bytes float64) {
	const runs = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}
