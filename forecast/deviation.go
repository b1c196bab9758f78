package forecast

import "math"

// scales is the number of spans over which the recent deviation from a curve
// is averaged.
const scales = 5

// halfLives of the averages in steps. The first one is all but the last value;
// the others leave unusual deviations out: those move the last value and the
// jump only, so that an incident is followed while it lasts and forgotten
// when it is over.
var halfLives = [scales]float64{0.25, 2, 8, 32, 128}

// memory is how far back the averages look: older values weigh below 1/30 of
// the slowest average.
const memory = 5 * slowest

// slowest is the greatest of halfLives, and the one that parameters shorten.
const slowest = 128

// calmSpan has about the memory of jumpDecay.
const calmSpan = 2

// usualDecays are 2^(-1/halfLife).
var usualDecays = decaysOf(halfLives)

func decaysOf(halfLives [scales]float64) *[scales]float64 {
	var w [scales]float64
	for k, l := range halfLives {
		w[k] = math.Exp2(-1 / l)
	}
	return &w
}

// decaysTo are those with another slowest half-life; the ones between it and the
// two fastest are spread evenly in logarithms, as usual.
func decaysTo(steps int) *[scales]float64 {
	if steps == slowest {
		return usualDecays
	}
	lives := halfLives
	for k := 2; k < scales; k++ {
		lives[k] = lives[1] * math.Pow(float64(steps)/lives[1], float64(k-1)/(scales-2))
	}
	return decaysOf(lives)
}

// deviation is the state of the averages: for each span k,
// e_k = sum_j w_k^j d(t-j) / sum_j w_k^j over the present d, w_k = 2^(-1/halfLife).
type deviation struct {
	decays   *[scales]float64
	sum, den [scales]float64
	jump     jump
	clips    bool // the slow averages take unusual deviations clipped, not at all

	// calm is the average distance from the average of span calmSpan outside jumps.
	calmSum, calmDen float64

	// unrest is the average distance from the curve over the last hours.
	unrestDecay, unrestSum, unrestDen float64
}

// newDeviation takes the distance from the curve of m that is still ordinary.
func newDeviation(c seasons, m *model, limit float64) deviation {
	d := deviation{decays: m.decays, unrestDecay: math.Exp2(-1 / max(8, float64(c.day)/unrestPart)), clips: !c.fine()}
	if d.decays == nil {
		d.decays = usualDecays
	}
	if c.fine() {
		d.jump.alarm = newCusum(limit)
	}
	return d
}

// addAll is add for steps in a row.
func (d *deviation) addAll(v, clipped []float64, p *powers) {
	for len(v) > 0 {
		n := d.jump.ordinary(v, clipped)
		d.averageAll(v[:n], p)
		if n < len(v) {
			d.add(v[n], clipped[n])
			n++
		}
		v, clipped = v[n:], clipped[n:]
	}
}

// powersUpTo is the number of steps that are averaged at once.
const powersUpTo = 64

// powers are the weights of steps in a row in each average, that of the unrest
// last: by how many steps each lies before the last one, and the sums of those.
type powers struct {
	decays  *[scales]float64
	of, sum [powersUpTo + 1][scales + 1]float64
}

func (d *deviation) powers() *powers {
	p := &powers{decays: d.decays}
	for k := range scales + 1 {
		w := d.unrestDecay
		if k < scales {
			w = d.decays[k]
		}
		p.of[0][k] = 1
		for j := range powersUpTo {
			p.of[j+1][k] = p.of[j][k] * w
			p.sum[j+1][k] = p.sum[j][k]*w + 1
		}
	}
	return p
}

// averageAll is average for ordinary deviations in a row. Sums of products wait
// for nothing, where a step waits for the one before it.
func (d *deviation) averageAll(v []float64, p *powers) {
	for len(v) >= scales {
		n := min(len(v), powersUpTo)
		var a, b, c, e, f, u float64
		for i, x := range v[:n] {
			w := &p.of[n-1-i]
			a += w[0] * x
			b += w[1] * x
			c += w[2] * x
			e += w[3] * x
			f += w[4] * x
			u += w[5] * math.Abs(x)
		}
		w, sum := &p.of[n], &p.sum[n]
		for k, x := range [scales]float64{a, b, c, e, f} {
			d.sum[k] = d.sum[k]*w[k] + x
			d.den[k] = d.den[k]*w[k] + sum[k]
		}
		d.unrestSum = d.unrestSum*w[scales] + u
		d.unrestDen = d.unrestDen*w[scales] + sum[scales]
		v = v[n:]
	}
	for _, x := range v {
		d.average(x, x)
	}
}

// add takes the deviation of the next step, and what of it is ordinary; NaN
// marks a gap. It is all but the calm.
func (d *deviation) add(v, clipped float64) {
	if v == v {
		d.jump.alarm.add(v)
		if d.jump.run > 0 || v != clipped {
			d.jump.add(v, clipped)
		}
		d.average(v, clipped)
		return
	}
	for k, w := range d.decays {
		d.sum[k] *= w
		d.den[k] *= w
	}
	d.unrestSum *= d.unrestDecay
	d.unrestDen *= d.unrestDecay
}

// addEach is add for steps in a row, to the bit.
func (d *deviation) addEach(v, clipped []float64) {
	for len(v) > 0 {
		n := d.jump.ordinary(v, clipped)
		for _, x := range v[:n] {
			d.average(x, x)
		}
		if n < len(v) {
			d.add(v[n], clipped[n])
			n++
		}
		v, clipped = v[n:], clipped[n:]
	}
}

// calmOf returns the calm after steps in a row, which only a forecast asks for.
func (d *deviation) calmOf(v, clipped []float64) float64 {
	for i, x := range v {
		d.addCalm(x, clipped[i])
	}
	return d.calm()
}

// addCalm is add and the calm.
func (d *deviation) addCalm(v, clipped float64) {
	before := d.sum[calmSpan] / d.den[calmSpan] // NaN before the first value
	d.add(v, clipped)
	if d.jump.run == 0 && v == v && before == before {
		w := d.decays[scales-1]
		d.calmSum = d.calmSum*w + math.Abs(v-before)
		d.calmDen = d.calmDen*w + 1
	}
}

// average is written out: it is called for each step and model.
func (d *deviation) average(v, clipped float64) {
	w, s, n := d.decays, &d.sum, &d.den
	s[0], n[0] = s[0]*w[0]+v, n[0]*w[0]+1
	if v == clipped || d.clips {
		s[1], n[1] = s[1]*w[1]+clipped, n[1]*w[1]+1
		s[2], n[2] = s[2]*w[2]+clipped, n[2]*w[2]+1
		s[3], n[3] = s[3]*w[3]+clipped, n[3]*w[3]+1
		s[4], n[4] = s[4]*w[4]+clipped, n[4]*w[4]+1
	} else {
		s[1], n[1] = s[1]*w[1], n[1]*w[1]
		s[2], n[2] = s[2]*w[2], n[2]*w[2]
		s[3], n[3] = s[3]*w[3], n[3]*w[3]
		s[4], n[4] = s[4]*w[4], n[4]*w[4]
	}
	d.unrestSum = d.unrestSum*d.unrestDecay + math.Abs(clipped)
	d.unrestDen = d.unrestDen*d.unrestDecay + 1
}

// ordinaryPart clips the deviation d of step i from the curve of m: to the
// limit, and where the curve is zero, which makes d the value itself, to the
// band of its phase.
func (h *history) ordinaryPart(m *model, i int, d, limit float64) float64 {
	if m.season(h.seasons) == 0 {
		return h.clean(i)
	}
	return min(max(d, -limit), limit)
}

func (d *deviation) calm() float64 {
	if d.calmDen == 0 {
		return 0
	}
	return d.calmSum / d.calmDen
}

func (d *deviation) unrest() float64 {
	if d.unrestDen == 0 {
		return 0
	}
	return d.unrestSum / d.unrestDen
}

// features returns the averages as steps between neighbouring spans, the
// slowest last: (e1-e2, e2-e3, ..., eK). Coefficients between 0 and 1 then mean
// how much of each part lives on. Without any value all are 0.
func (d *deviation) features() (f [scales]float64) {
	var e [scales]float64
	for k := range e {
		if d.den[k] > 0 {
			e[k] = d.sum[k] / d.den[k]
		}
	}
	for k := range scales - 1 {
		f[k] = e[k] - e[k+1]
	}
	f[scales-1] = e[scales-1]
	return f
}

func dot(a, b *[scales]float64) float64 {
	return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] + a[3]*b[3] + a[4]*b[4]
}

// gram holds the normal equations of one regression: X'WX and X'Wy.
type gram struct {
	xx [scales * scales]float64
	xy [scales]float64
}

// addRows takes one row of so many with its weights in X'X and in X'y, the latter
// times y.
func (g *gram) addRows(rows [][scales]float64, xx, xy []float64, every int) {
	i, n := 0, len(rows)
	for ; i+3*every < n; i += 4 * every {
		j, k, l := i+every, i+2*every, i+3*every
		g.add([4]*[scales]float64{&rows[i], &rows[j], &rows[k], &rows[l]}, [4]float64{xx[i], xx[j], xx[k], xx[l]}, [4]float64{xy[i], xy[j], xy[k], xy[l]})
	}
	if i >= n {
		return
	}
	var none [scales]float64
	last, lastXX, lastXY := [4]*[scales]float64{&none, &none, &none, &none}, [4]float64{}, [4]float64{}
	for j := 0; i < n; i += every {
		last[j], lastXX[j], lastXY[j] = &rows[i], xx[i], xy[i]
		j++
	}
	g.add(last, lastXX, lastXY)
}

// add takes four rows, so that each sum is read and written a quarter as often. It is
// written out: most of a fit's multiplications are here.
func (g *gram) add(rows [4]*[scales]float64, xx, xy [4]float64) {
	x, y, s, t := rows[0], rows[1], rows[2], rows[3]
	a, b, c, d := xx[0], xx[1], xx[2], xx[3]
	var u, v, w, z float64
	u, v, w, z = a*x[0], b*y[0], c*s[0], d*t[0]
	g.xx[0] += u*x[0] + v*y[0] + (w*s[0] + z*t[0])
	g.xx[1] += u*x[1] + v*y[1] + (w*s[1] + z*t[1])
	g.xx[2] += u*x[2] + v*y[2] + (w*s[2] + z*t[2])
	g.xx[3] += u*x[3] + v*y[3] + (w*s[3] + z*t[3])
	g.xx[4] += u*x[4] + v*y[4] + (w*s[4] + z*t[4])
	u, v, w, z = a*x[1], b*y[1], c*s[1], d*t[1]
	g.xx[6] += u*x[1] + v*y[1] + (w*s[1] + z*t[1])
	g.xx[7] += u*x[2] + v*y[2] + (w*s[2] + z*t[2])
	g.xx[8] += u*x[3] + v*y[3] + (w*s[3] + z*t[3])
	g.xx[9] += u*x[4] + v*y[4] + (w*s[4] + z*t[4])
	u, v, w, z = a*x[2], b*y[2], c*s[2], d*t[2]
	g.xx[12] += u*x[2] + v*y[2] + (w*s[2] + z*t[2])
	g.xx[13] += u*x[3] + v*y[3] + (w*s[3] + z*t[3])
	g.xx[14] += u*x[4] + v*y[4] + (w*s[4] + z*t[4])
	u, v, w, z = a*x[3], b*y[3], c*s[3], d*t[3]
	g.xx[18] += u*x[3] + v*y[3] + (w*s[3] + z*t[3])
	g.xx[19] += u*x[4] + v*y[4] + (w*s[4] + z*t[4])
	u, v, w, z = a*x[4], b*y[4], c*s[4], d*t[4]
	g.xx[24] += u*x[4] + v*y[4] + (w*s[4] + z*t[4])
	a, b, c, d = xy[0], xy[1], xy[2], xy[3]
	g.xy[0] += a*x[0] + b*y[0] + (c*s[0] + d*t[0])
	g.xy[1] += a*x[1] + b*y[1] + (c*s[1] + d*t[1])
	g.xy[2] += a*x[2] + b*y[2] + (c*s[2] + d*t[2])
	g.xy[3] += a*x[3] + b*y[3] + (c*s[3] + d*t[3])
	g.xy[4] += a*x[4] + b*y[4] + (c*s[4] + d*t[4])
}

func (g *gram) plus(o *gram) gram {
	r := *g
	for i := range r.xx {
		r.xx[i] += o.xx[i]
	}
	for i := range r.xy {
		r.xy[i] += o.xy[i]
	}
	return r
}

// ridge is the weight of the prior, as a share of the mean diagonal.
const ridge = 1e-3

// solve returns the coefficients b that minimise |y - Xb|^2 + r|b - prior|^2
// with r = ridge * trace(X'X)/K; the prior itself where X says nothing.
func (g *gram) solve(prior *[scales]float64) [scales]float64 {
	trace := 0.0
	for i := range scales {
		trace += g.xx[i*scales+i]
	}
	if !(trace > 0) || math.IsInf(trace, 0) {
		return *prior
	}
	a, b := g.xx, g.xy
	for i := range scales {
		// A part that hardly ever moves must not get a wild coefficient.
		r := ridge * (trace/scales*0.1 + g.xx[i*scales+i])
		a[i*scales+i] += r
		b[i] += r * prior[i]
	}
	if !cholesky(a[:], scales, b[:]) {
		return *prior
	}
	for i := range b {
		if b[i] != b[i] {
			return *prior
		}
		b[i] = min(max(b[i], -0.5), 1.5)
	}
	return b
}
