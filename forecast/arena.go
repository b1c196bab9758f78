package forecast

import "sync"

// arena lends the arrays of a fit that nothing keeps after it, so that many
// fits in a row do not each ask for megabytes. What it lends holds whatever was
// there before. A nil arena makes new arrays.
type arena struct {
	floats slab[float64]
	feats  slab[[scales]float64]
	ints   slab[int]

	layers []layer // of one forecast
	peaks  []peakLayer
	code   []byte // of a fit that is packed
}

// slab is what is lent of one type.
type slab[T any] struct {
	room  []T
	used  int
	asked int // in all, of which what did not fit was made anew
}

func (s *slab[T]) take(n int) []T {
	s.asked += n
	if s.used+n > len(s.room) {
		return make([]T, n)
	}
	s.used += n
	return s.room[s.used-n : s.used : s.used]
}

func (s *slab[T]) giveBack() {
	if s.asked > len(s.room) {
		s.room = make([]T, s.asked)
	}
	s.used, s.asked = 0, 0
}

var arenas = sync.Pool{New: func() any { return new(arena) }}

func (a *arena) take(n int) []float64 {
	if a == nil {
		return make([]float64, n)
	}
	return a.floats.take(n)
}

func (a *arena) takeFeats(n int) [][scales]float64 {
	if a == nil {
		return make([][scales]float64, n)
	}
	return a.feats.take(n)
}

func (a *arena) takeInts(n int) []int {
	if a == nil {
		return make([]int, n)
	}
	return a.ints.take(n)
}

// takeLayers lends n layers, once.
func (a *arena) takeLayers(n int) []layer {
	if cap(a.layers) < n {
		a.layers = append(a.layers[:cap(a.layers)], make([]layer, n-cap(a.layers))...)
	}
	return a.layers[:n]
}

// takePeaks lends n windows, once.
func (a *arena) takePeaks(n int) []peakLayer {
	if cap(a.peaks) < n {
		a.peaks = make([]peakLayer, n)
	}
	return a.peaks[:n]
}

// giveBack ends all loans.
func (a *arena) giveBack() {
	a.floats.giveBack()
	a.feats.giveBack()
	a.ints.giveBack()
	arenas.Put(a)
}
