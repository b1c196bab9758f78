package forecast

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// A checkpoint is a header, the coded blocks from the oldest on, the newest
// values, and the CRC-32C of all of it; whole numbers are little-endian:
//
//	 0  magic "FSHS"          4 bytes
//	 4  version               uint32
//	 8  step, offset          int64 each, nanoseconds
//	24  number of the end     int64
//	32  length, known, newest uint32 each
//	44  width                 uint32
//	48  blocks, then the newest values as float64, then the sum
//
// The fit is left out: it follows from the values, and fitting costs less than
// reading ten times the bytes would.
const (
	checkpointMagic   = "FSHS"
	checkpointVersion = 1
	checkpointHeader  = 48
	checkpointSum     = 4
)

// Why a checkpoint is refused.
var (
	ErrCheckpointVersion   = errors.New("checkpoint is of another version")
	ErrCheckpointDamaged   = errors.New("checkpoint is damaged")
	errCheckpointTruncated = fmt.Errorf("%w: it is cut short", ErrCheckpointDamaged)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// MarshalBinary returns a checkpoint of the values.
func (s *Samples) MarshalBinary() ([]byte, error) {
	return s.AppendBinary(make([]byte, 0, s.checkpointSize()))
}

func (s *Samples) checkpointSize() int {
	return checkpointHeader + s.codedBlocks()*s.blockSize() + 8*len(s.newest) + checkpointSum
}

// AppendBinary appends a checkpoint of the values to b.
func (s *Samples) AppendBinary(b []byte) ([]byte, error) {
	begin := len(b)
	le := binary.LittleEndian
	b = append(b, checkpointMagic...)
	b = le.AppendUint32(b, checkpointVersion)
	for _, v := range []int64{int64(s.step), int64(s.offset), s.end} {
		b = le.AppendUint64(b, uint64(v))
	}
	for _, v := range []int{s.length, s.n, len(s.newest), int(s.width)} {
		b = le.AppendUint32(b, uint32(v))
	}
	first := s.blockOf(s.first())
	for i := range s.codedBlocks() {
		b = append(b, s.record(first+int64(i))...)
	}
	for _, v := range s.newest {
		b = le.AppendUint64(b, math.Float64bits(v))
	}
	return le.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli)), nil
}

// UnmarshalBinary restores the values of a checkpoint. It refuses what
// MarshalBinary did not write, and then leaves s as it was; what it allocates is
// bounded by the length of data and by samplesMost.
func (s *Samples) UnmarshalBinary(data []byte) error {
	le := binary.LittleEndian
	switch {
	case len(data) < checkpointHeader+checkpointSum:
		return fmt.Errorf("%w after %d bytes, within its header", errCheckpointTruncated, len(data))
	case string(data[:4]) != checkpointMagic:
		return fmt.Errorf("%w: it begins with %q, not with %q", ErrCheckpointDamaged, data[:4], checkpointMagic)
	case le.Uint32(data[4:]) != checkpointVersion:
		return fmt.Errorf("%w: %d, and %d is known: read the history anew", ErrCheckpointVersion, le.Uint32(data[4:]), checkpointVersion)
	}
	body, sum := data[:len(data)-checkpointSum], le.Uint32(data[len(data)-checkpointSum:])
	fresh, newest, err := samplesOf(body)
	if err != nil {
		return err
	}
	if got := crc32.Checksum(body, castagnoli); got != sum {
		return fmt.Errorf("%w: its sum is %08x, and %08x is written in it", ErrCheckpointDamaged, got, sum)
	}
	if fresh.n > 0 {
		fresh.takeBody(body[checkpointHeader:], newest)
	}
	*s = *fresh
	return nil
}

// samplesOf reads the header and checks it against the length of body, before
// anything is made in its size. The second result is how many values are not
// coded.
func samplesOf(body []byte) (*Samples, int, error) {
	le := binary.LittleEndian
	step, offset := time.Duration(le.Uint64(body[8:])), time.Duration(le.Uint64(body[16:]))
	length, known, newest := int(le.Uint32(body[32:])), int(le.Uint32(body[36:])), int(le.Uint32(body[40:]))
	s, err := NewSamples(step, length, Width(le.Uint32(body[44:])))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrCheckpointDamaged, err)
	}
	s.offset, s.end, s.n = offset, int64(le.Uint64(body[24:])), known
	bounds := int64(math.MaxInt64/2) / int64(step)
	switch {
	case offset < 0 || offset >= step:
		return nil, 0, fmt.Errorf("%w: its grid lies %v off a step of %v", ErrCheckpointDamaged, offset, step)
	case s.end < -bounds || s.end > bounds || int64(known) > bounds:
		return nil, 0, fmt.Errorf("%w: it ends at step %d", ErrCheckpointDamaged, s.end)
	case known > length+s.block || newest > 2*s.block || (known == 0) != (newest == 0):
		return nil, 0, fmt.Errorf("%w: %d values of at most %d, %d of them not coded", ErrCheckpointDamaged, known, length, newest)
	case known == 0 && s.end != 0:
		return nil, 0, fmt.Errorf("%w: it has no values, and ends at step %d", ErrCheckpointDamaged, s.end)
	case known == 0:
		return s, 0, wantLength(body, checkpointHeader)
	}
	first := s.end - int64(newest) + 1
	if s.firstOf(s.blockOf(first)) != first {
		return nil, 0, fmt.Errorf("%w: the values that are not coded begin within a block", ErrCheckpointDamaged)
	}
	coded := max(0, int(s.blockOf(first)-s.blockOf(s.first())))
	return s, newest, wantLength(body, checkpointHeader+coded*s.blockSize()+8*newest)
}

func wantLength(body []byte, want int) error {
	switch {
	case len(body) < want:
		return fmt.Errorf("%w after %d bytes of %d", errCheckpointTruncated, len(body)+checkpointSum, want+checkpointSum)
	case len(body) > want:
		return fmt.Errorf("%w: %d bytes follow its end", ErrCheckpointDamaged, len(body)-want)
	}
	return nil
}

// takeBody reads what follows the header, whose length fits.
func (s *Samples) takeBody(body []byte, newest int) {
	s.newest = make([]float64, newest, 2*s.block)
	coded := body[:len(body)-8*newest]
	size := s.blockSize()
	for first := s.blockOf(s.first()); len(coded) > 0; first++ {
		copy(s.record(first), coded[:size])
		coded = coded[size:]
	}
	for i := range s.newest {
		s.newest[i] = math.Float64frombits(binary.LittleEndian.Uint64(body[len(body)-8*(newest-i):]))
	}
}

// MarshalBinary returns a checkpoint of the values; the fit follows from them.
func (s *State) MarshalBinary() ([]byte, error) { return s.samples.MarshalBinary() }

// UnmarshalBinary restores the values of a checkpoint of a State with the same
// step and window, and leaves the configuration as it is. The next forecast
// fits first.
func (s *State) UnmarshalBinary(data []byte) error {
	var fresh Samples
	if err := fresh.UnmarshalBinary(data); err != nil {
		return err
	}
	if fresh.step != s.samples.step || fresh.length != s.samples.length || fresh.width != s.samples.width {
		return fmt.Errorf("checkpoint of %d values %v apart: this state keeps %d, %v apart: read the history anew",
			fresh.length, fresh.step, s.samples.length, s.samples.step)
	}
	s.samples = &fresh
	s.fits.Forget()
	return nil
}
