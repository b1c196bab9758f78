package forecast

import (
	"encoding/binary"
	"math"
)

// learnt is what a fit has learnt in numbers.
type learnt struct {
	bands  bands
	swings swings
	layers []layer
	peaks  []peakLayer

	// tables[k][i] is the curve of model k at step tableStart+i.
	tableStart int
	tables     [][]float64
}

// packed is a learnt as it is kept between forecasts, in two bytes for most
// numbers: the blocks of Samples, and a curve by knots half a window of its
// smoothing apart, with lines between them. What that changes is far below the
// noise of any load that has some; constant loads stay exact.
type packed struct {
	code   []byte
	layers int
	peaks  int
	bins   int // of a layer's scale
	parts  int // of swings; 0: none

	tableStart int
	tables     []packedTable // by model
}

// packedTable is a curve in packed.code.
type packedTable struct {
	at     int // its place there
	knots  int // 0: no curve
	every  int // steps from knot to knot
	repeat int // steps after which the end of the table repeats itself; 0: never
}

// steps is how many steps the knots span.
func (t packedTable) steps() int { return (t.knots-1)*t.every + 1 }

// knotsOver returns a table without numbers for at least the given steps.
func knotsOver(steps, every int) packedTable {
	every = max(every, 1)
	return packedTable{knots: (steps+every-2)/every + 1, every: every}
}

// bandBlocks is the number of blocks of a bound of the bands.
const bandBlocks = 12

// pack returns l in few bytes. The tables are by shape, which says how many steps
// each has.
func (l *learnt) pack(models []model, shape []packedTable, a *arena) packed {
	p := packed{
		layers: len(l.layers), peaks: len(l.peaks), bins: len(l.layers[0].scale), parts: len(l.swings.parts),
		tableStart: l.tableStart, tables: shape,
	}
	w := packer{code: a.code[:0], room: a.take(l.most(shape))[:0]}
	for i := range l.layers {
		w.layer(&l.layers[i], models)
	}
	for i := range l.peaks {
		w.code = binary.LittleEndian.AppendUint32(w.code, uint32(l.peaks[i].window))
		w.block(l.peaks[i].pool.q[:], Wide)
	}
	w.block(l.swings.parts, Wide)
	w.bound(l.bands.lo, -1)
	w.bound(l.bands.hi, 1)
	for k := range p.tables {
		if t := &p.tables[k]; t.knots > 0 {
			t.at = len(w.code)
			w.knots(l.tables[k], t.every)
		}
	}
	p.code = append(make([]byte, 0, len(w.code)), w.code...)
	a.code = w.code
	return p
}

// most is how many numbers are packed at once, at most.
func (l *learnt) most(shape []packedTable) int {
	most := len(l.bands.lo)/bandBlocks + 1
	for _, t := range shape {
		most = max(most, t.knots)
	}
	return most
}

type packer struct {
	code []byte
	room []float64
}

func (w *packer) layer(l *layer, models []model) {
	w.code = binary.LittleEndian.AppendUint32(w.code, uint32(l.horizon))
	w.float(l.gamma)
	w.float(l.delta)
	w.float(l.centre)
	for _, v := range l.weights {
		w.float(v)
	}
	for k := range l.beta {
		if models[k].corrected {
			for _, v := range l.beta[k] {
				w.float(v)
			}
		}
	}
	w.block(l.scale, Wide)
	w.block(l.pool.q[:], Wide)
}

// float takes four bytes: coefficients of a level need more than two.
func (w *packer) float(v float64) {
	v = min(max(v, -math.MaxFloat32), math.MaxFloat32)
	w.code = binary.LittleEndian.AppendUint32(w.code, math.Float32bits(float32(v)))
}

func (w *packer) block(values []float64, width Width) {
	if len(values) == 0 {
		return
	}
	at := len(w.code)
	w.code = append(w.code, make([]byte, width.blockSize(len(values)))...)
	width.encode(values, w.code[at:])
}

// bound takes one side of the bands, moved outward by what a code may be off, so
// that nothing ordinary falls outside. No bound becomes a gap, outside of which
// nothing lies.
func (w *packer) bound(values []float64, outward float64) {
	for b := range bandBlocks {
		part := append(w.room[:0], values[b*len(values)/bandBlocks:(b+1)*len(values)/bandBlocks]...)
		lo, hi := math.Inf(1), math.Inf(-1)
		for i, v := range part {
			if math.IsInf(v, 0) {
				part[i] = math.NaN()
				continue
			}
			lo, hi = min(lo, v), max(hi, v)
		}
		if unit, _ := unitOfRange(lo, hi, Narrow.most()); hi > lo {
			for i := range part {
				part[i] += outward * unit / 2
			}
		}
		w.block(part, Narrow)
		w.room = part
	}
}

func (w *packer) knots(curve []float64, every int) {
	w.room = w.room[:0]
	for i := 0; i < len(curve); i += every {
		w.room = append(w.room, curve[i])
	}
	w.block(w.room, Wide)
}

// unpack returns what pack was given, with the tables from step from up to step
// to, or all of them where that goes past their end. Its arrays are those of a.
func (f *Fitted) unpack(a *arena, from, to int) learnt {
	p := &f.packed
	r := unpacker{code: p.code, arena: a}
	l := learnt{layers: a.takeLayers(p.layers), peaks: a.takePeaks(p.peaks), tables: make([][]float64, len(p.tables))}
	for i := range l.layers {
		r.layer(&l.layers[i], f.models, p.bins)
	}
	for i := range l.peaks {
		l.peaks[i].window = int(r.uint32())
		r.blockIn(l.peaks[i].pool.q[:], Wide)
	}
	if p.parts > 0 {
		l.swings = swings{byPhase: scaleSteps(r.block(p.parts, Wide), f.day, a), n: f.n}
	}
	if f.banded {
		l.bands = bands{lo: r.bound(f.day), hi: r.bound(f.day), phase0: phaseOf(-f.n, f.day)}
	}
	end := f.n + 2*f.day
	if to > end {
		from, to = p.tableStart, end
	}
	l.tableStart = max(from, p.tableStart)
	for k, t := range p.tables {
		if t.knots > 0 {
			l.tables[k] = a.take(max(to-l.tableStart, 0))
			t.fill(p.code[t.at:], l.tableStart-p.tableStart, l.tables[k])
		}
	}
	return l
}

type unpacker struct {
	code  []byte
	arena *arena
}

func (r *unpacker) layer(l *layer, models []model, bins int) {
	l.horizon = int(r.uint32())
	l.gamma, l.delta, l.centre = r.float(), r.float(), r.float()
	l.weights = r.arena.take(len(models))
	sum := 0.0
	for k := range l.weights {
		l.weights[k] = r.float()
		sum += l.weights[k]
	}
	for k := range l.weights {
		l.weights[k] /= sum
	}
	if cap(l.beta) < len(models) {
		l.beta = make([][scales]float64, len(models))
	}
	l.beta = l.beta[:len(models)]
	for k := range l.beta {
		l.beta[k] = [scales]float64{}
		if models[k].corrected {
			for i := range l.beta[k] {
				l.beta[k][i] = r.float()
			}
		}
	}
	l.scale = r.block(bins, Wide)
	r.blockIn(l.pool.q[:], Wide)
}

func (r *unpacker) uint32() uint32 {
	v := binary.LittleEndian.Uint32(r.code)
	r.code = r.code[4:]
	return v
}

func (r *unpacker) float() float64 { return float64(math.Float32frombits(r.uint32())) }

func (r *unpacker) block(n int, width Width) []float64 {
	out := r.arena.take(n)
	r.blockIn(out, width)
	return out
}

func (r *unpacker) blockIn(out []float64, width Width) {
	if len(out) == 0 {
		return
	}
	width.decode(r.code, out)
	r.code = r.code[width.blockSize(len(out)):]
}

func (r *unpacker) bound(n int) []float64 {
	out := r.arena.take(n)
	for b := range bandBlocks {
		r.blockIn(out[b*n/bandBlocks:(b+1)*n/bandBlocks], Narrow)
	}
	return out
}

// fill reads the curve at the steps of the table from first on.
func (t packedTable) fill(code []byte, first int, out []float64) {
	if over := first + len(out) - t.steps(); over > 0 && t.repeat > 0 {
		inside := max(len(out)-over, 0)
		t.fill(code, first+inside-t.repeat, out[inside:])
		out = out[:inside]
	}
	if len(out) == 0 {
		return
	}
	c := newCode(code)
	q, r := first/t.every, first%t.every
	a, b := c.wide(q), c.wide(min(q+1, t.knots-1))
	for i := range out {
		switch {
		case r == 0 || b != b:
			out[i] = a
		case a != a:
			out[i] = b
		default:
			out[i] = lerp(a, b, float64(r)/float64(t.every))
		}
		if r++; r == t.every {
			r = 0
			q++
			a, b = b, c.wide(min(q+1, t.knots-1))
		}
	}
}
