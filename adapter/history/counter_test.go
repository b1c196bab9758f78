package history_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestOnlyRises(t *testing.T) {
	const minutes = 1440
	rnd := rand.New(rand.NewPCG(1, 2))
	daily := func(i int) float64 { return 1000 + 500*math.Sin(2*math.Pi*float64(i)/minutes) }
	count := func(n int, each func(i int, total float64) float64) []float64 {
		out, total := make([]float64, n), 0.0
		for i := range out {
			total = each(i, total)
			out[i] = total
		}
		return out
	}
	requests := func(i int, total float64) float64 { return total + math.Round(daily(i)+10*rnd.NormFloat64()) }
	load := func(n int, of func(i int) float64) []float64 {
		return count(n, func(i int, _ float64) float64 { return of(i) })
	}
	tests := []struct {
		name   string
		values []float64
		step   time.Duration
		want   bool
	}{
		{"a counter", count(7*minutes, requests), time.Minute, true},
		{"a counter of half a day", count(minutes/2, requests), time.Minute, true},
		{"a counter of a morning: too little to tell", count(minutes/2-1, requests), time.Minute, false},
		{"a counter that restarts twice a day", count(7*minutes, func(i int, total float64) float64 {
			if i%(minutes/2) == 0 {
				total = 0
			}
			return requests(i, total)
		}), time.Minute, true},
		{"a sum over pods, of which one ends every six hours", count(7*minutes, func(i int, total float64) float64 {
			if i%(minutes/4) == 0 {
				return 0.9 * total
			}
			return requests(i, total)
		}), time.Minute, true},
		{"a counter with a gap", count(2*minutes, func(i int, total float64) float64 {
			if i >= 600 && i < 700 {
				return math.NaN()
			}
			if math.IsNaN(total) {
				total = 1e6
			}
			return requests(i, total)
		}), time.Minute, true},
		{"a counter that seldom moves", count(7*minutes, func(i int, total float64) float64 {
			if i%60 == 0 {
				total++
			}
			return total
		}), time.Minute, true},
		{"a load with a day in it", load(7*minutes, daily), time.Minute, false},
		{"a load that grows tenfold in four weeks", load(28*minutes, func(i int) float64 {
			return daily(i) * (1 + 9*float64(i)/(28*minutes))
		}), time.Minute, false},
		{"a load without a cycle that grows all the time, with the noise of a load", load(7*minutes, func(i int) float64 {
			return 100 + float64(i)/10 + rnd.NormFloat64()
		}), time.Minute, false},
		{"a queue that fills for an hour and is emptied", load(7*minutes, func(i int) float64 { return float64(i % 60) }), time.Minute, false},
		{"a load that rises for 99 steps", load(100, func(i int) float64 { return float64(i) }), 15 * time.Minute, false},
		{"a load that stays", load(minutes, func(int) float64 { return 5 }), time.Minute, false},
		{"none", nil, time.Minute, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, history.OnlyRises(tt.values, tt.step))
		})
	}
}
