package forecast

import "math"

const (
	dayWaves      = 6              // harmonics of the day
	weekWaves     = 3              // harmonics of the week
	ofDay         = 1 + 2*dayWaves // the constant and the waves of the day
	waves         = ofDay + 2*weekWaves
	fourierRows   = 96   // most values of one day that are learnt from
	fourierForget = 0.93 // weight of a day one older
	fourierRidge  = 0.01 // pull towards zero, as a share of the weight
	fourierLearnt = 3    // days before the curve counts
	fourierWeek   = 15   // days before harmonics of the week count
)

// fourier is a smooth curve through days and weeks: a constant, six harmonics of
// the day and, from 15 days on, three of the week, by ridge regression on all
// days before (A. Harvey, Forecasting, Structural Time Series Models, 1989,
// section 2.3.4). The deviation from it is carried forward as from any curve,
// which is the autoregression of order one that such a curve needs.
type fourier struct {
	first int              // step at which day 0 begins
	days  [][waves]float64 // coefficients learnt before each day and after the last
}

// learnFourier learns a curve for each day of h and the one after it; nil
// without a day.
func learnFourier(h *history) *fourier {
	m, n := h.day, len(h.raw)
	if m < 2*dayWaves || n < (fourierLearnt+2)*m {
		return nil
	}
	total := n / m
	f := &fourier{first: n - total*m, days: make([][waves]float64, total+1)}
	every := max(1, m/fourierRows)
	var g fourierGram
	for d := range f.days {
		if d >= fourierLearnt {
			size := waves
			if d < fourierWeek {
				size = ofDay
			}
			f.days[d] = g.solve(size)
		}
		if d == total {
			break
		}
		g.forget()
		from := f.first + d*m
		for i := from + d%every; i < from+m; i += every {
			if y := h.clean(i); y == y {
				x := wavesAt(i-f.first, m)
				g.add(&x, y)
			}
		}
	}
	return f
}

// wavesAt returns the constant and the harmonics i steps into day 0.
func wavesAt(i, m int) (x [waves]float64) {
	x[0] = 1
	harmonics(x[1:ofDay], phaseOf(i, m), m)
	harmonics(x[ofDay:], phaseOf(i, 7*m), 7*m)
	return x
}

// harmonics fills x with sines and cosines at a phase of a cycle of m steps.
func harmonics(x []float64, phase, m int) {
	s1, c1 := math.Sincos(2 * math.Pi * float64(phase) / float64(m))
	s, c := 0.0, 1.0
	for ; len(x) >= 2; x = x[2:] {
		s, c = s*c1+c*s1, c*c1-s*s1
		x[0], x[1] = s, c
	}
}

// at returns the curve at step t as known at step o.
func (f *fourier) at(m, t, o int) float64 {
	d := min(max(0, (o+1-f.first)/m), len(f.days)-1)
	if d < fourierLearnt {
		return math.NaN()
	}
	x := wavesAt(t-f.first, m)
	sum := 0.0
	for k, b := range f.days[d] {
		sum += b * x[k]
	}
	return sum
}

func bySeasonFineDay(c seasons) int {
	if !c.fine() {
		return 0
	}
	return c.day
}

func fourierCurve() model {
	return model{
		name: "Fourier", season: bySeasonFineDay, corrected: true, days: fourierLearnt + 2,
		base: func(h *history, t, o int) float64 {
			if h.fourier == nil {
				return math.NaN()
			}
			return h.fourier.at(h.day, t, o)
		},
		traced: func(h *history, first int, out []float64) {
			if h.fourier != nil {
				h.fourier.trace(h.arena, h.day, first, out)
				return
			}
			for i := range out {
				out[i] = math.NaN()
			}
		},
	}
}

// trace fills in the curve from step first on. Each phase of the day has its
// waves computed once.
func (f *fourier) trace(a *arena, m, first int, out []float64) {
	daily := a.take(m * ofDay)
	for p := range m {
		x := daily[p*ofDay:][:ofDay]
		x[0] = 1
		harmonics(x[1:], p, m)
	}
	p := phaseOf(first-f.first, m)
	var weekly [waves - ofDay]float64
	for i := range out {
		x := (*[ofDay]float64)(daily[p*ofDay:])
		if p++; p == m {
			p = 0
		}
		t := first + i - f.first
		d := min(max(0, t/m), len(f.days)-1)
		if d < fourierLearnt {
			out[i] = math.NaN()
			continue
		}
		b, sum := &f.days[d], 0.0
		for k := range x {
			sum += b[k] * x[k]
		}
		if d >= fourierWeek { // they are zero before
			harmonics(weekly[:], phaseOf(t, 7*m), 7*m)
			for k := range weekly {
				sum += b[ofDay+k] * weekly[k]
			}
		}
		out[i] = sum
	}
}

type fourierGram struct {
	xx [waves * waves]float64
	xy [waves]float64
	n  float64
}

func (g *fourierGram) forget() {
	g.n *= fourierForget
	for i := range g.xx {
		g.xx[i] *= fourierForget
	}
	for i := range g.xy {
		g.xy[i] *= fourierForget
	}
}

func (g *fourierGram) add(x *[waves]float64, y float64) {
	g.n++
	for i := range waves {
		for j := i; j < waves; j++ {
			g.xx[i*waves+j] += x[i] * x[j]
		}
		g.xy[i] += x[i] * y
	}
}

// solve returns the first size coefficients; the others are zero.
func (g *fourierGram) solve(size int) (b [waves]float64) {
	a := g.xx
	b = g.xy
	for i := range size {
		if i > 0 {
			a[i*waves+i] += fourierRidge * g.n
		} else {
			a[0] += 1e-9 * g.n
		}
	}
	if !cholesky(a[:], waves, b[:size]) {
		return [waves]float64{}
	}
	for i := size; i < waves; i++ {
		b[i] = 0
	}
	return b
}
