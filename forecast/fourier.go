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
	m     int              // steps of a day
	first int              // step at which day 0 begins
	days  [][waves]float64 // coefficients learnt before each day and after the last

	daily  []float64     // the constant and the waves of the day, by phase
	within []float64     // sine and cosine of how far a phase is into a week
	begin  [7][2]float64 // the same of the beginnings of its days
}

// learnFourier learns a curve for each day of h and the one after it; nil
// without a day.
func learnFourier(h *history) *fourier {
	m, n := h.day, len(h.raw)
	if m < 2*dayWaves || n < (fourierLearnt+2)*m {
		return nil
	}
	total := n / m
	f := newFourier(h.arena, m)
	f.first, f.days = n-total*m, make([][waves]float64, total+1)
	size := sizeAt(total) // the rest is zero
	var g fourierGram
	for d := range f.days {
		if d >= fourierLearnt {
			f.days[d] = g.solve(sizeAt(d))
		}
		if d < total {
			g.forget()
			f.learnDay(h, &g, d, size)
		}
	}
	return f
}

// sizeAt is the number of coefficients that are learnt before day d.
func sizeAt(d int) int {
	if d < fourierWeek {
		return ofDay
	}
	return waves
}

// learnDay takes the values of day d, with as many waves as asked.
func (f *fourier) learnDay(h *history, g *fourierGram, d, size int) {
	m := f.m
	every := max(1, m/fourierRows)
	spread := m%every == 0 && m/every > 2*dayWaves && size == ofDay
	if spread {
		g.addDay(m / every)
	}
	var x [waves]float64
	for p := d % every; p < m; p += every {
		y := h.clean(f.first + d*m + p)
		switch {
		case spread && y == y:
			g.addValue(f.daily[p*ofDay:][:ofDay], y)
		case spread:
			g.drop(f.daily[p*ofDay:][:ofDay])
		case y == y:
			f.waves(d*m+p, x[:size])
			g.add(x[:size], y)
		}
	}
}

// newFourier computes the waves that all steps share.
func newFourier(a *arena, m int) *fourier {
	f := &fourier{m: m, daily: a.take(m * ofDay), within: a.take(2 * m)}
	for p := range m {
		x := f.daily[p*ofDay:][:ofDay]
		x[0] = 1
		harmonics(x[1:], p, m)
		harmonics(f.within[2*p:][:2], p, 7*m)
	}
	for d := range f.begin {
		harmonics(f.begin[d][:], d, 7)
	}
	return f
}

// waves fills x with the constant and the harmonics i steps into day 0; those of
// the week where it has room for them.
func (f *fourier) waves(i int, x []float64) {
	p := phaseOf(i, f.m)
	copy(x[:ofDay], f.daily[p*ofDay:])
	if len(x) == waves {
		f.weekly((i-p)/f.m, p, (*[waves - ofDay]float64)(x[ofDay:]))
	}
}

// weekly fills x with the harmonics of the week at a phase of a day. The angle is
// that of the beginning of the day and of the phase together.
func (f *fourier) weekly(day, phase int, x *[waves - ofDay]float64) {
	b := &f.begin[phaseOf(day, 7)]
	s1, c1 := f.within[2*phase], f.within[2*phase+1]
	s1, c1 = b[0]*c1+b[1]*s1, b[1]*c1-b[0]*s1
	s, c := 0.0, 1.0
	for k := 0; k < len(x); k += 2 {
		s, c = s*c1+c*s1, c*c1-s*s1
		x[k], x[k+1] = s, c
	}
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
func (f *fourier) at(t, o int) float64 {
	d := min(max(0, (o+1-f.first)/f.m), len(f.days)-1)
	if d < fourierLearnt {
		return math.NaN()
	}
	p := phaseOf(t-f.first, f.m)
	return f.sum(d, (t-f.first-p)/f.m, p)
}

// sum is the curve with the coefficients of day d at a phase of another day.
func (f *fourier) sum(d, day, phase int) float64 {
	b, x, sum := &f.days[d], (*[ofDay]float64)(f.daily[phase*ofDay:]), 0.0
	for k := range x {
		sum += b[k] * x[k]
	}
	if d >= fourierWeek { // they are zero before
		var weekly [waves - ofDay]float64
		f.weekly(day, phase, &weekly)
		for k := range weekly {
			sum += b[ofDay+k] * weekly[k]
		}
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
		name: "Fourier", season: bySeasonFineDay, corrected: true, coarse: true, days: fourierLearnt + 2,
		base: func(h *history, t, o int) float64 {
			if h.fourier == nil {
				return math.NaN()
			}
			return h.fourier.at(t, o)
		},
		traced: func(h *history, first int, out []float64) {
			if h.fourier != nil {
				h.fourier.trace(first, out)
				return
			}
			for i := range out {
				out[i] = math.NaN()
			}
		},
	}
}

// trace fills in the curve from step first on.
func (f *fourier) trace(first int, out []float64) {
	p := phaseOf(first-f.first, f.m)
	day := (first - f.first - p) / f.m
	for i := range out {
		if d := min(max(0, day), len(f.days)-1); d < fourierLearnt {
			out[i] = math.NaN()
		} else {
			out[i] = f.sum(d, day, p)
		}
		if p++; p == f.m {
			p = 0
			day++
		}
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

// add takes a row, of which what is left out at its end is zero.
func (g *fourierGram) add(x []float64, y float64) {
	g.n++
	for i, v := range x {
		xx, rest := g.xx[i*waves+i:][:len(x)-i], x[i:]
		for j := range xx {
			xx[j] += v * rest[j]
		}
		g.xy[i] += v * y
	}
}

// addDay takes the waves of the day at n steps that are spread over it evenly,
// without their values: more than twice as many as there are waves, and they are
// orthogonal.
func (g *fourierGram) addDay(n int) {
	g.n += float64(n)
	g.xx[0] += float64(n)
	for i := 1; i < ofDay; i++ {
		g.xx[i*waves+i] += float64(n) / 2
	}
}

// addValue adds the value of a step of addDay, drop takes out one without.
func (g *fourierGram) addValue(x []float64, y float64) {
	for i, v := range x {
		g.xy[i] += v * y
	}
}

func (g *fourierGram) drop(x []float64) {
	g.n--
	for i, v := range x {
		for j := i; j < len(x); j++ {
			g.xx[i*waves+j] -= v * x[j]
		}
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
