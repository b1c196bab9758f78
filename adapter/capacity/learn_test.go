package capacity

import (
	"math"
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func series(start time.Time, n int, f func(i int) float64) forecast.Series {
	s := forecast.Series{Start: start, Step: time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = f(i)
	}
	return s
}

func TestLearn(t *testing.T) {
	constant := func(v float64) func(int) float64 { return func(int) float64 { return v } }
	for _, tc := range []struct {
		name           string
		load, replicas forecast.Series
		want           float64
		ok             bool
	}{
		{
			name: "a steady workload carries load over replicas",
			load: series(origin, 200, constant(500)), replicas: series(origin, 200, constant(5)),
			want: 100, ok: true,
		},
		{
			name: "the busiest instants within the 0.95-quantile count",
			load: series(origin, 200, func(i int) float64 { return float64(i + 1) }), replicas: series(origin, 200, constant(1)),
			want: 190, ok: true,
		},
		{
			name:     "one instant with too few replicas does not",
			load:     series(origin, 200, constant(500)),
			replicas: series(origin, 200, func(i int) float64 { return map[bool]float64{true: 1, false: 5}[i == 7] }),
			want:     100, ok: true,
		},
		{
			name:     "series that start at different times are matched by time",
			load:     series(origin.Add(100*time.Minute), 200, func(i int) float64 { return float64(i+100) * 10 }),
			replicas: series(origin, 300, func(i int) float64 { return float64(max(i, 1)) }),
			want:     10, ok: true,
		},
		{
			name: "gaps, no load and no replicas teach nothing",
			load: series(origin, 200, constant(500)), replicas: series(origin, 200, func(i int) float64 {
				return []float64{0, math.NaN()}[i%2]
			}),
		},
		{
			name: "too few samples teach nothing",
			load: series(origin, MinLearnSamples-1, constant(500)), replicas: series(origin, 200, constant(5)),
		},
		{
			name: "another step teaches nothing",
			load: series(origin, 200, constant(500)), replicas: forecast.Series{Start: origin, Step: time.Hour, Values: make([]float64, 200)},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := Learn(tc.load, tc.replicas, 0)
			if ok != tc.ok {
				t.Fatalf("ok = %v, want %v", ok, tc.ok)
			}
			if ok && math.Abs(got-tc.want) > 1e-9 {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestLearnAddsTheHeadroomThatTheReplicasWereRunWith(t *testing.T) {
	load := series(origin, 200, func(int) float64 { return 900 })
	replicas := series(origin, 200, func(int) float64 { return 10 })
	if got, ok := Learn(load, replicas, 0.1); !ok || math.Abs(got-100) > 1e-9 {
		t.Errorf("got %v, %v; want 100", got, ok)
	}
}
