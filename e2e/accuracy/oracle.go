package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// resamples are the bootstrap draws behind the oracle.
const resamples = 200

// strip is what a forecast's bound and the truth look like next to each other
// in one window, in units of the band: y <= bound iff the entry is <= 1.
type strip []float64

// strips returns y - point over quantile - point for the first n steps; where
// the band has no width it says only on which side y lies.
func strips(w window, p prediction, level, n int) strip {
	out := make(strip, 0, n)
	for i, y := range w.actual[:n] {
		if y != y {
			continue
		}
		f, q := p.point[i], p.quantiles[level][i]
		switch {
		case q > f:
			out = append(out, (y-f)/(q-f))
		case y <= q:
			out = append(out, 0)
		default:
			out = append(out, math.Inf(1))
		}
	}
	return out
}

// oracle says how far a perfectly calibrated bound spreads by series. The bound
// of each series is moved until it covers the level on all its windows
// together; then windows of the same number and length are drawn from it in
// blocks of a quarter of a window (H. R. Künsch, Annals of Statistics 17,
// 1989), which keep the runs in which bounds are missed. What is left is chance
// alone. It returns the mean share of series within the tolerance, and the mean
// over the draws of the worst series.
func oracle(bySeries [][]strip, level, tolerance float64) (within, worst float64) {
	source := rand.New(rand.NewPCG(1, 2)) // the same draws in each run
	for range resamples {
		least := 1.0
		for _, windows := range bySeries {
			c := redraw(windows, level, source)
			least = min(least, c)
			if math.Abs(c-level) <= tolerance {
				within += 1 / float64(len(bySeries))
			}
		}
		worst += least
	}
	return within / resamples, worst / resamples
}

// redraw returns the coverage of one bootstrap copy of a series' windows: the
// mean over windows, as it is scored.
func redraw(windows []strip, level float64, source *rand.Rand) float64 {
	all := slices.Concat(windows...)
	sorted := slices.Sorted(slices.Values(all))
	bound := sorted[min(int(math.Ceil(level*float64(len(sorted))))-1, len(sorted)-1)]
	sum := 0.0
	for _, w := range windows {
		block := max(len(w)/4, 1)
		hit, n := 0, 0
		for n < len(w) {
			from := windows[source.IntN(len(windows))]
			at := source.IntN(len(from))
			for i := range min(block, len(w)-n) {
				if from[(at+i)%len(from)] <= bound {
					hit++
				}
				n++
			}
		}
		sum += float64(hit) / float64(len(w))
	}
	return sum / float64(len(windows))
}
