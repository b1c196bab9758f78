package history

import (
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// window holds the values of the newest steps on the grid, NaN for a gap, in
// two bytes each: see forecast.Samples.
type window struct {
	step   time.Duration
	length int       // steps that are kept
	end    time.Time // instant of the last value; zero before the first advance
	values *forecast.Samples
}

func newWindow(step time.Duration, length int) (*window, error) {
	values, err := forecast.NewSamples(step, length, forecast.Wide)
	return &window{step: step, length: length, values: values}, err
}

// copy returns a window of its own that is as w, of which nothing was read yet.
func (w *window) copy() *window {
	values := *w.values
	return &window{step: w.step, length: w.length, values: &values}
}

// advance moves the window's end on to t; the new steps are gaps.
func (w *window) advance(t time.Time) error {
	if w.end.IsZero() || t.Sub(w.end) >= time.Duration(w.length)*w.step {
		w.values.Reset()
		if err := w.values.Add(w.start(t), math.NaN()); err != nil {
			return err
		}
	}
	w.end = t
	if !t.After(w.values.End()) {
		return nil
	}
	return w.values.Add(t, math.NaN())
}

// put writes the values of the steps from start on; gaps among them, and steps
// outside the window, leave what is there.
func (w *window) put(start time.Time, values []float64) { w.values.Correct(start, values) }

// start is the instant of the oldest step that the window keeps.
func (w *window) start(end time.Time) time.Time {
	return end.Add(-time.Duration(w.length-1) * w.step)
}

// series copies the values from the first that is no gap on.
func (w *window) series() forecast.Series {
	s := w.values.Series()
	s = s.Between(w.start(w.end), w.end)
	first := 0
	for first < len(s.Values) && math.IsNaN(s.Values[first]) {
		first++
	}
	return forecast.Series{Start: s.Time(first), Step: s.Step, Values: s.Values[first:]}
}
