package forecast

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Series holds values on a regular grid: Values[i] was measured at
// Start + i*Step. NaN marks a gap; any other value is finite.
type Series struct {
	Start  time.Time
	Step   time.Duration
	Values []float64
}

// Validate reports a series that no model can read: a step that is not
// positive, or an infinite value.
func (s Series) Validate() error {
	if s.Step <= 0 {
		return fmt.Errorf("series step %v: write a positive duration", s.Step)
	}
	for i, v := range s.Values {
		if math.IsInf(v, 0) {
			return fmt.Errorf("series value %d is infinite: mark it as a gap (NaN)", i)
		}
	}
	return nil
}

// Time returns the instant of value i.
func (s Series) Time(i int) time.Time { return s.Start.Add(time.Duration(i) * s.Step) }

// Origin returns the instant of the last value: the last one known to a
// forecast. It is Start - Step for an empty series.
func (s Series) Origin() time.Time { return s.Time(len(s.Values) - 1) }

// Span returns the time that the values cover, gaps included.
func (s Series) Span() time.Duration { return time.Duration(len(s.Values)) * s.Step }

// Between returns the part with start <= instant <= end. It shares the values
// of s.
func (s Series) Between(start, end time.Time) Series {
	lo, hi := s.index(start, true), s.index(end, false)+1
	lo, hi = min(max(lo, 0), len(s.Values)), min(max(hi, 0), len(s.Values))
	if hi < lo {
		hi = lo
	}
	return Series{Start: s.Time(lo), Step: s.Step, Values: s.Values[lo:hi:hi]}
}

// index maps an instant to the grid, rounding up or down.
func (s Series) index(t time.Time, up bool) int {
	d := t.Sub(s.Start)
	i := int(d / s.Step)
	switch rest := d % s.Step; {
	case rest > 0 && up:
		i++
	case rest < 0 && !up:
		i--
	}
	return i
}

// Present counts the values that are no gap.
func (s Series) Present() int {
	n := 0
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// Max returns the highest value; NaN if every value is a gap.
func (s Series) Max() float64 {
	m := math.NaN()
	for _, v := range s.Values {
		if !math.IsNaN(v) && !(v <= m) {
			m = v
		}
	}
	return m
}

// Min returns the lowest value; NaN if every value is a gap.
func (s Series) Min() float64 {
	m := math.NaN()
	for _, v := range s.Values {
		if !math.IsNaN(v) && !(v >= m) {
			m = v
		}
	}
	return m
}

// Last returns the newest value that is no gap and its instant; ok is false
// if there is none.
func (s Series) Last() (v float64, at time.Time, ok bool) {
	for i, v := range slices.Backward(s.Values) {
		if !math.IsNaN(v) {
			return v, s.Time(i), true
		}
	}
	return math.NaN(), time.Time{}, false
}
