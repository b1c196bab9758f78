package main

import (
	"math"
	"slices"
)

// seasonalNaive repeats the last day. Its quantiles are those of R's snaive
// (package forecast 8.20): normal, with the root mean square of the in-sample
// errors, growing with the root of the days ahead.
func seasonalNaive(w window) prediction {
	x := fill(w.known.Values, w.m)
	n, h := len(x), len(w.actual)
	sum := 0.0
	for i := w.m; i < n; i++ {
		d := x[i] - x[i-w.m]
		sum += d * d
	}
	sigma := math.Sqrt(sum / float64(n-w.m))
	p := prediction{point: make([]float64, h), quantiles: make([][]float64, len(levels))}
	for i := range p.point {
		p.point[i] = x[n-w.m+i%w.m]
	}
	positive := slices.Min(x) >= 0 && w.file != m4Train // the results that are stored for M4 cut nothing
	for l, level := range levels {
		z := math.Sqrt2 * math.Erfinv(2*level-1)
		q := make([]float64, h)
		for i := range q {
			q[i] = p.point[i] + z*sigma*math.Sqrt(float64(i/w.m+1))
			if positive {
				q[i] = max(q[i], 0)
			}
		}
		p.quantiles[l] = q
	}
	return p
}

// fill closes gaps: up to an hour in a straight line, else with the value a day
// before, else a day after, else the median.
func fill(x []float64, m int) []float64 {
	src, x := x, slices.Clone(x)
	for a := 0; a < len(x); a++ {
		if !math.IsNaN(src[a]) {
			continue
		}
		b := a
		for b < len(x) && math.IsNaN(src[b]) {
			b++
		}
		for i := a; i < b; i++ {
			switch {
			case b-a <= max(1, m/24) && a > 0 && b < len(x):
				x[i] = x[a-1] + (x[b]-x[a-1])*float64(i-a+1)/float64(b-a+1)
			case i >= m && !math.IsNaN(x[i-m]):
				x[i] = x[i-m]
			case i+m < len(x) && !math.IsNaN(x[i+m]):
				x[i] = x[i+m]
			default:
				x[i] = middle(src)
			}
		}
		a = b
	}
	return x
}

func middle(x []float64) float64 {
	x = slices.DeleteFunc(slices.Clone(x), math.IsNaN)
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// naive2 is the benchmark of the M4 competition: the last value, after a
// multiplicative adjustment for the day where the autocorrelation at a day is
// significant at 90 %.
func naive2(w window) prediction {
	x, m := w.known.Values, w.m
	p := prediction{point: make([]float64, len(w.actual)), quantiles: make([][]float64, len(levels))}
	season := slices.Repeat([]float64{1}, m)
	if slices.Min(x) > 0 && seasonal(x, m) {
		season = dayFactors(x, m)
	}
	last := x[len(x)-1] / season[(len(x)-1)%m]
	for i := range p.point {
		p.point[i] = last * season[(len(x)+i)%m]
	}
	return p
}

func seasonal(x []float64, m int) bool {
	mu := 0.0
	for _, v := range x {
		mu += v / float64(len(x))
	}
	acf := func(lag int) float64 {
		sum := 0.0
		for i := lag; i < len(x); i++ {
			sum += (x[i] - mu) * (x[i-lag] - mu)
		}
		return sum
	}
	zero, squares := acf(0), 0.0
	for lag := 1; lag < m; lag++ {
		squares += math.Pow(acf(lag)/zero, 2)
	}
	return math.Abs(acf(m)/zero) > 1.6448536269514722*math.Sqrt((1+2*squares)/float64(len(x)))
}

// dayFactors is R's decompose(type = "multiplicative"): the mean ratio by phase
// to a centred moving average of a day, scaled to mean 1.
func dayFactors(x []float64, m int) []float64 {
	sum, count := make([]float64, m), make([]float64, m)
	for i := m / 2; i+m/2 < len(x); i++ {
		trend := (x[i-m/2] + x[i+m/2]) / 2
		for j := i - m/2 + 1; j < i+m/2; j++ {
			trend += x[j]
		}
		sum[i%m] += x[i] / (trend / float64(m))
		count[i%m]++
	}
	total := 0.0
	for i := range sum {
		sum[i] /= count[i]
		total += sum[i] / float64(m)
	}
	for i := range sum {
		sum[i] /= total
	}
	return sum
}
