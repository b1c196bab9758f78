package history

import (
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// window holds the values of the newest steps on the grid, NaN for a gap. It
// moves on without copying all of them each time.
type window struct {
	step   time.Duration
	length int       // steps that are kept
	end    time.Time // instant of the last value
	values []float64 // at most length, oldest first; at the tail of a longer array
}

// advance moves the window's end on to t; the new steps are gaps.
func (w *window) advance(t time.Time) {
	n := w.length
	if !w.end.IsZero() && len(w.values) > 0 {
		n = int(t.Sub(w.end) / w.step)
	}
	if n >= w.length {
		w.values = w.values[:0]
		n = w.length
	}
	if over := len(w.values) + n - w.length; over > 0 {
		w.values = w.values[over:]
	}
	if cap(w.values)-len(w.values) < n {
		// Half a window of slack: one copy per half a window of new steps.
		grown := make([]float64, len(w.values), w.length+w.length/2+1)
		copy(grown, w.values)
		w.values = grown
	}
	for range n {
		w.values = append(w.values, math.NaN())
	}
	w.end = t
}

// set writes the value of one step; an instant outside the window is ignored.
func (w *window) set(t time.Time, v float64) {
	back := int(w.end.Sub(t) / w.step)
	if i := len(w.values) - 1 - back; back >= 0 && i >= 0 {
		w.values[i] = v
	}
}

// start is the instant of the oldest step that the window keeps.
func (w *window) start(end time.Time) time.Time {
	return end.Add(-time.Duration(w.length-1) * w.step)
}

// series copies the values from the first that is no gap on.
func (w *window) series() forecast.Series {
	first := 0
	for first < len(w.values) && math.IsNaN(w.values[first]) {
		first++
	}
	values := make([]float64, len(w.values)-first)
	copy(values, w.values[first:])
	return forecast.Series{Start: w.end.Add(-time.Duration(len(values)-1) * w.step), Step: w.step, Values: values}
}
