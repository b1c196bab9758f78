package backtest

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// daily is a load with a day in it, and noise.
func daily(n, m int) []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	for i := range out {
		out[i] = 100 + 50*math.Sin(2*math.Pi*float64(i)/float64(m)) + 3*random.NormFloat64()
	}
	return out
}

func BenchmarkWindow(b *testing.B) {
	for _, m := range []int{288, 1440} {
		x := daily(28*m, m)
		for _, p := range peers() {
			b.Run(p.name+"/steps="+strconv.Itoa(len(x)), func(b *testing.B) {
				for b.Loop() {
					p.forecast(x, m, m, ScoreLevel)
				}
			})
		}
	}
}
