package forecast

import (
	"fmt"
	"time"
)

// The spans of history from which on a fit is kept for an hour, and for a day.
// A younger history is fitted anew with each value, which is cheap.
const (
	hourlyFitFrom = 2 * time.Hour
	dailyFitFrom  = 7 * day
)

// wideUpTo is the number of steps of a day up to which values are few enough for
// two bytes each.
const wideUpTo = 720

// FitOrigin returns the last instant that a fit of s is to see: the last
// midnight (UTC) of a history of a week, the last full hour of a younger one, and
// its end before it spans two hours. It depends on the history alone, so that
// two that hold the same fit alike, whenever they began.
func FitOrigin(s Series) time.Time { return fitOrigin(s.Origin(), s.Span()) }

func fitOrigin(end time.Time, span time.Duration) time.Time {
	switch {
	case span >= dailyFitFrom:
		return end.Truncate(day)
	case span >= hourlyFitFrom:
		return end.Truncate(time.Hour)
	default:
		return end
	}
}

// State is all that is kept of one workload: its Samples, and its Fits. What it
// forecasts is a function of the values that it was given: fed one by one, from a
// history at once, or restored from a checkpoint, it says the same, bit for bit.
// (A history must reach a block of Samples and a day further back than the window:
// as far as Reach says.)
//
// A State is for one goroutine.
type State struct {
	samples *Samples
	fits    Fits
}

// NewState returns a State that fits the values of the last window, at most
// Window. It keeps a day more: a fit looks back from the last midnight.
func NewState(step, window time.Duration, cfg Config) (*State, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if window <= 0 || window > Window {
		return nil, fmt.Errorf("window %v: write a positive duration, at most %v", window, Window)
	}
	if step <= 0 {
		return nil, fmt.Errorf("step %v: write a positive duration", step)
	}
	width := Narrow
	if day/step <= wideUpTo {
		width = Wide
	}
	samples, err := NewSamples(step, int((window+day)/step)+1, width)
	if err != nil {
		return nil, err
	}
	return &State{samples: samples, fits: Fits{Config: cfg, Window: window}}, nil
}

// Samples returns the values, to add to them and to read them.
func (s *State) Samples() *Samples { return s.samples }

// Add is Samples().Add.
func (s *State) Add(t time.Time, v float64) error { return s.samples.Add(t, v) }

// Reach returns how far back a history must go to put a new State where one is
// that was fed all along.
func (s *State) Reach() time.Duration {
	return time.Duration(s.samples.length+s.samples.block) * s.samples.step
}

// Due reports whether the next forecast fits first.
func (s *State) Due() bool {
	return s.samples.n > 0 && !s.fits.current.of(fitOrigin(s.samples.End(), time.Duration(s.samples.n)*s.samples.step))
}

// Forecast is Fitted.Forecast from the newest value on; where Due, it fits first.
func (s *State) Forecast(horizon int, levels []float64) (Forecast, error) {
	if s.samples.n == 0 {
		return Forecast{}, ErrNoData
	}
	a := arenas.Get().(*arena)
	defer a.giveBack()
	return s.fits.Forecast(s.samples.seriesIn(a.take(s.samples.n)), horizon, levels)
}

// Refit fits now if Due, so that the next forecast need not.
func (s *State) Refit() error {
	if !s.Due() {
		return nil
	}
	a := arenas.Get().(*arena)
	defer a.giveBack()
	return s.fits.Refit(s.samples.seriesIn(a.take(s.samples.n)))
}
