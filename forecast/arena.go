package forecast

import "sync"

// arena lends the arrays of a fit that nothing keeps after it, so that many
// fits in a row do not each ask for megabytes. What it lends holds whatever was
// there before. A nil arena makes new arrays.
type arena struct {
	floats []float64
	used   int // of floats
	asked  int // in all, of which what did not fit was made anew

	layers []layer // of one forecast
	peaks  []peakLayer
}

var arenas = sync.Pool{New: func() any { return new(arena) }}

func (a *arena) take(n int) []float64 {
	if a == nil {
		return make([]float64, n)
	}
	a.asked += n
	if a.used+n > len(a.floats) {
		return make([]float64, n)
	}
	a.used += n
	return a.floats[a.used-n : a.used : a.used]
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
	if a.asked > len(a.floats) {
		a.floats = make([]float64, a.asked)
	}
	a.used, a.asked = 0, 0
	arenas.Put(a)
}
