package main

import (
	"math"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// levels are the quantiles that are scored; the outer two are the 95 % interval
// of MSIS.
var levels = []float64{0.025, 0.9, 0.95, 0.975, 0.99}

// The places of the upper quantiles in levels.
const (
	lower = iota
	p90
	p95
	upper
	p99
)

// scored are the levels with pinball and coverage of their own.
var scored = []int{p90, p95, p99}

// prediction is what a model says of a window: a point and a quantile for each
// of levels, or nil where it has none.
type prediction struct {
	point     []float64
	quantiles [][]float64
}

// score holds the figures of one window, of a series, or of all: NaN where
// there is none.
type score struct {
	mase, smape, msis float64
	pinball, cover    [5]float64 // by level
	idle, missing     float64    // at P95, as shares of the mean load
}

// scale is the mean absolute error of the daily seasonal naive forecast over
// the history, in sample; NaN where it is 0.
func scale(w window) float64 {
	d := naiveError(w.known.Values, w.m)
	if d == 0 {
		return math.NaN()
	}
	return d
}

func naiveError(x []float64, m int) float64 {
	sum, n := 0.0, 0
	for i := m; i < len(x); i++ {
		if d := math.Abs(x[i] - x[i-m]); d == d {
			sum += d
			n++
		}
	}
	return sum / float64(n)
}

// rate scores the first n steps of p.
func rate(w window, p prediction, n int) score {
	y, f := w.actual[:n], p.point[:n]
	d := scale(w)
	s := score{mase: meanAbs(y, f) / d, smape: forecast.SMAPE(y, f), msis: math.NaN(), idle: math.NaN(), missing: math.NaN()}
	for l := range levels {
		s.pinball[l], s.cover[l] = math.NaN(), math.NaN()
		if p.quantiles[l] != nil {
			q := p.quantiles[l][:n]
			s.pinball[l] = forecast.MeanPinballLoss(levels[l], y, q) / d
			s.cover[l] = forecast.Coverage(y, q)
		}
	}
	if q := p.quantiles[p95]; q != nil {
		load := meanAbs(w.known.Values, make([]float64, len(w.known.Values)))
		over, under := 0.0, 0.0
		k := 0
		for i, v := range y {
			if v == v {
				over, under, k = over+max(q[i]-v, 0), under+max(v-q[i], 0), k+1
			}
		}
		if load > 0 {
			s.idle, s.missing = over/float64(k)/load, under/float64(k)/load
		}
	}
	if l, u := p.quantiles[lower], p.quantiles[upper]; l != nil && u != nil {
		s.msis = interval(y, l, u) / d
	}
	return s
}

// interval is the mean interval score of the 95 % interval [l, u].
func interval(y, l, u []float64) float64 {
	sum, n := 0.0, 0
	for i, v := range y {
		if v == v {
			sum += u[i] - l[i] + 40*max(l[i]-v, 0) + 40*max(v-u[i], 0)
			n++
		}
	}
	return sum / float64(n)
}

func meanAbs(y, f []float64) float64 {
	sum, n := 0.0, 0
	for i := range y {
		if d := math.Abs(y[i] - f[i]); d == d {
			sum += d
			n++
		}
	}
	return sum / float64(n)
}

// mean averages each figure over the scores that have it.
func mean(x []score) score {
	var out score
	pick := func(get func(*score) *float64) {
		sum, n := 0.0, 0
		for i := range x {
			if v := *get(&x[i]); !math.IsNaN(v) && !math.IsInf(v, 0) {
				sum, n = sum+v, n+1
			}
		}
		*get(&out) = sum / float64(n)
	}
	pick(func(s *score) *float64 { return &s.mase })
	pick(func(s *score) *float64 { return &s.smape })
	pick(func(s *score) *float64 { return &s.msis })
	pick(func(s *score) *float64 { return &s.idle })
	pick(func(s *score) *float64 { return &s.missing })
	for l := range levels {
		pick(func(s *score) *float64 { return &s.pinball[l] })
		pick(func(s *score) *float64 { return &s.cover[l] })
	}
	return out
}

// ratio is the geometric mean over series of a figure's ratio to that of peer;
// series without one, or where it is 0, are left out.
func ratio(x, peer []score, get func(score) float64) float64 {
	sum, n := 0.0, 0
	for i := range x {
		if r := get(x[i]) / get(peer[i]); r > 0 && !math.IsInf(r, 0) {
			sum, n = sum+math.Log(r), n+1
		}
	}
	return math.Exp(sum / float64(n))
}
