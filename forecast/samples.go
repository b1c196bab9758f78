package forecast

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unsafe"
)

const (
	blockMost   = 120 // values of a block
	blockSpan   = 2 * time.Hour
	samplesMost = 1 << 22 // values that may be kept
)

// Width is the number of bytes of a value in Samples.
type Width int

// The widths. A value is off by less than a 250th of the range of its block with
// one byte, and by less than a 65,000th with two.
const (
	Narrow Width = 1
	Wide   Width = 2
)

// Samples holds the newest values of a grid in little more than a byte or two
// each.
//
// They are coded by the block: the least value, a power of two, and how many
// times it each value lies above the least. What that is off by is below the
// noise of any load. Whole numbers in a narrow range are exact, and a power of
// two times a load is coded alike. Blocks span two hours at most and lie between
// fixed instants; the last value of a day ends one. A complete block reads as
// coded; the newest two are kept as they came as well, so that late values can
// still be put right. So what is read is a function of the values, not of when
// they came.
//
// Samples is for one goroutine.
type Samples struct {
	step   time.Duration
	length int // values that are kept
	block  int // values of a block; 1 where a day is no multiple of the step
	width  Width

	offset time.Duration // of the grid from whole steps since 1970
	end    int64         // number of the newest step since 1970
	n      int           // values that are known, gaps included
	coded  [][]byte      // a ring of blocks, in parts
	newest []float64     // from the start of a block on, at most two of them
}

// NewSamples returns room for the newest length values of a grid, and for the
// rest of the block of the oldest one.
func NewSamples(step time.Duration, length int, width Width) (*Samples, error) {
	switch {
	case width != Narrow && width != Wide:
		return nil, fmt.Errorf("samples width %d: write %d or %d", width, Narrow, Wide)
	case step <= 0 || step > day:
		return nil, fmt.Errorf("samples step %v: write a positive duration, at most %v", step, day)
	case length < 1 || length > samplesMost:
		return nil, fmt.Errorf("samples length %d: write 1 to %d", length, samplesMost)
	}
	s := &Samples{step: step, length: length, block: 1, width: width}
	if m := int64(day / step); time.Duration(m)*step == day {
		for b := int64(2); b <= min(blockMost, int64(blockSpan/step)); b++ {
			if m%b == 0 {
				s.block = int(b)
			}
		}
	}
	return s, nil
}

// Len returns how many values are known, gaps included.
func (s *Samples) Len() int { return s.n }

// End returns the instant of the newest value; it is zero before the first one.
func (s *Samples) End() time.Time {
	if s.n == 0 {
		return time.Time{}
	}
	return s.time(s.end)
}

func (s *Samples) time(number int64) time.Time {
	return time.Unix(0, number*int64(s.step)+int64(s.offset)).UTC()
}

// Add appends the value of instant t, NaN for a gap; steps between the newest
// value and t are gaps. The first value fixes the grid.
func (s *Samples) Add(t time.Time, v float64) error {
	if math.IsInf(v, 0) {
		return fmt.Errorf("value at %s is infinite: mark it as a gap (NaN)", stamp(t))
	}
	nano := t.UnixNano()
	number := floorDiv(nano, int64(s.step))
	offset := time.Duration(nano - number*int64(s.step))
	switch {
	case s.n == 0 || number-s.end > int64(s.length+s.block):
		s.restart(number, offset)
	case offset != s.offset:
		return fmt.Errorf("instant %s: not on the grid of %v that ends at %s", t.UTC().Format(time.RFC3339Nano), s.step, stamp(s.End()))
	case number <= s.end:
		return fmt.Errorf("instant %s: not after the newest value, of %s", stamp(t), stamp(s.End()))
	}
	for s.end < number-1 {
		s.push(math.NaN())
	}
	s.push(v)
	return nil
}

// Reset forgets all values; the next one fixes the grid anew.
func (s *Samples) Reset() { s.n, s.end, s.newest = 0, 0, s.newest[:0] }

// restart forgets all; the next value is that of step number.
func (s *Samples) restart(number int64, offset time.Duration) {
	if s.newest == nil {
		s.newest = make([]float64, 0, 2*s.block)
	}
	s.offset, s.end, s.n, s.newest = offset, number-1, 0, s.newest[:0]
	for i := s.firstOf(s.blockOf(number)); i < number; i++ {
		s.newest = append(s.newest, math.NaN())
	}
}

func (s *Samples) push(v float64) {
	if len(s.newest) == 2*s.block {
		s.width.encode(s.newest[:s.block], s.record(s.blockOf(s.firstNewest())))
		s.newest = s.newest[:copy(s.newest, s.newest[s.block:])]
	}
	s.newest = append(s.newest, v)
	s.end++
	s.n = min(s.n+1, int(s.end-s.firstOf(s.blockOf(s.end-int64(s.length)+1)))+1)
}

// Correct replaces the values from start on by those that are no gap. What is
// older or newer than what is kept is left out.
func (s *Samples) Correct(start time.Time, values []float64) {
	if s.n == 0 {
		return
	}
	number := floorDiv(start.UnixNano()-int64(s.offset), int64(s.step))
	if before := s.first() - number; before > 0 {
		values = values[min(before, int64(len(values))):]
		number = s.first()
	}
	for len(values) > 0 && number < s.firstNewest() {
		b := s.blockOf(number)
		k := min(len(values), int(s.firstOf(b+1)-number))
		var buf [blockMost]float64
		all := buf[:s.block]
		s.width.decode(s.record(b), all)
		overlay(all[number-s.firstOf(b):], values[:k])
		s.width.encode(all, s.record(b))
		number, values = number+int64(k), values[k:]
	}
	if at := number - s.firstNewest(); at >= 0 && at < int64(len(s.newest)) {
		overlay(s.newest[at:], values)
	}
}

func overlay(dst, src []float64) {
	for i, v := range src[:min(len(src), len(dst))] {
		if v == v && !math.IsInf(v, 0) {
			dst[i] = v
		}
	}
}

// Newest returns the newest value, NaN for a gap or none.
func (s *Samples) Newest() float64 {
	if s.n == 0 {
		return math.NaN()
	}
	return s.newest[len(s.newest)-1]
}

// Series returns a copy of all values.
func (s *Samples) Series() Series { return s.seriesIn(make([]float64, s.n)) }

// seriesIn is Series in an array of Len values.
func (s *Samples) seriesIn(out []float64) Series {
	var buf [blockMost]float64
	all := buf[:s.block]
	first := s.first()
	for b := s.blockOf(first); len(out) > 0 && b <= s.blockOf(s.end); b++ {
		from := s.firstOf(b)
		have := all
		switch at := int(from - s.firstNewest()); {
		case at < 0:
			s.width.decode(s.record(b), all)
		case at+s.block <= len(s.newest):
			var room [headerSize + 2*blockMost]byte
			s.width.encode(s.newest[at:at+s.block], room[:s.blockSize()])
			s.width.decode(room[:s.blockSize()], all)
		default:
			have = s.newest[at:]
		}
		if from < first {
			have = have[first-from:]
			from = first
		}
		copy(out[from-first:], have)
	}
	return Series{Start: s.time(first), Step: s.step, Values: out}
}

// headerSize is that of the least value of a block and of the power of two.
const headerSize = 8 + 2

func (s *Samples) blockSize() int { return s.width.blockSize(s.block) }

// blocks is the most coded ones that are kept.
func (s *Samples) blocks() int { return (s.length+s.block-1)/s.block + 1 }

// codedBlocks is how many there are.
func (s *Samples) codedBlocks() int {
	if s.n == 0 {
		return 0
	}
	return max(0, int(s.blockOf(s.firstNewest())-s.blockOf(s.first())))
}

// blockOf is the block of a step. It begins with step firstOf and ends with a
// multiple of the block.
func (s *Samples) blockOf(number int64) int64 { return floorDiv(number-1, int64(s.block)) }
func (s *Samples) firstOf(b int64) int64      { return b*int64(s.block) + 1 }

func (s *Samples) first() int64       { return s.end - int64(s.n) + 1 }
func (s *Samples) firstNewest() int64 { return s.end - int64(len(s.newest)) + 1 }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// chunkSize is a size class of the allocator: values of four weeks in one array
// would take a twelfth more.
const chunkSize = 6528

// record is the place of a coded block, made if there is none yet: a young
// history takes little.
func (s *Samples) record(b int64) []byte {
	size, k := s.blockSize(), int64(s.blocks())
	per := max(1, min(chunkSize/size, int(k)))
	if s.coded == nil {
		s.coded = make([][]byte, (int(k)+per-1)/per)
	}
	at := int(b - floorDiv(b, k)*k)
	chunk, at := at/per, at%per
	if s.coded[chunk] == nil {
		s.coded[chunk] = make([]byte, per*size)
	}
	return s.coded[chunk][at*size:][:size]
}

// most is the greatest code; the one above it is a gap.
func (w Width) most() float64 {
	if w == Wide {
		return math.MaxUint16 - 1
	}
	return math.MaxUint8 - 1
}

// blockSize is the number of bytes of n values.
func (w Width) blockSize(n int) int { return headerSize + int(w)*n }

// encode writes a block.
func (w Width) encode(values []float64, to []byte) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	unit, exp := unitOfRange(lo, hi, w.most())
	binary.LittleEndian.PutUint64(to, math.Float64bits(lo))
	binary.LittleEndian.PutUint16(to[8:], uint16(exp))
	to = to[headerSize:]
	for i, v := range values {
		c := uint16(math.MaxUint16)
		if v == v {
			c = uint16(min((v-lo)/unit+0.5, w.most()))
			for hi > math.MaxFloat64/2 && lo+unit*float64(c) > math.MaxFloat64 {
				c--
			}
		}
		if w == Wide {
			binary.LittleEndian.PutUint16(to[2*i:], c)
		} else {
			to[i] = uint8(c)
		}
	}
}

// unitOfRange is the least power of two of which most reach from lo to hi.
func unitOfRange(lo, hi, most float64) (unit float64, exp int16) {
	part := finite(hi-lo) / most
	if !(part > 0) {
		return 1, 0
	}
	frac, e := math.Frexp(part)
	if frac == 0.5 {
		e--
	}
	e = min(max(e, -1074), 1023)
	return math.Ldexp(1, e), int16(e)
}

// decode reads a block.
func (w Width) decode(from []byte, values []float64) {
	c := newCode(from)
	if w == Wide {
		for i := range values {
			values[i] = c.wide(i)
		}
		return
	}
	for i, b := range c.codes[:len(values)] {
		values[i] = c.lo + c.unit*float64(b)
		if b == math.MaxUint8 {
			values[i] = math.NaN()
		}
	}
}

// code is a block that is read.
type code struct {
	lo, unit float64
	codes    []byte
}

func newCode(from []byte) code {
	return code{
		lo:    math.Float64frombits(binary.LittleEndian.Uint64(from)),
		unit:  math.Ldexp(1, int(int16(binary.LittleEndian.Uint16(from[8:])))),
		codes: from[headerSize:],
	}
}

// wide is value i of two bytes.
func (c *code) wide(i int) float64 {
	x := binary.LittleEndian.Uint16(c.codes[2*i:])
	if x == math.MaxUint16 {
		return math.NaN()
	}
	return c.lo + c.unit*float64(x)
}

// Size is the number of bytes that s keeps.
func (s *Samples) Size() int {
	size := int(unsafe.Sizeof(*s)) + int(unsafe.Sizeof(s.newest))*cap(s.coded) + 8*cap(s.newest)
	for _, chunk := range s.coded {
		size += cap(chunk)
	}
	return size
}
