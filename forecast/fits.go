package forecast

import (
	"errors"
	"fmt"
	"time"
)

// Fits keeps the fit of a load that grows, and renews it when FitOrigin moves on.
// What it forecasts depends on the history that it is given alone, not on what it
// was asked before.
//
// It is for one goroutine.
type Fits struct {
	Config Config
	Window time.Duration // of the values that are fitted and forecast from
	// KeepsPast keeps the fit before, for Again.
	KeepsPast bool

	current, past datedFit
}

// datedFit is a fit and the FitOrigin that it is of; zero where it has to be
// renewed with the next value.
type datedFit struct {
	*Fitted
	origin time.Time
}

func (d datedFit) of(origin time.Time) bool { return d.Fitted != nil && d.origin.Equal(origin) }

// Current returns the fit that Forecast used last; nil for none.
func (f *Fits) Current() *Fitted { return f.current.Fitted }

// Past returns the fit before, or the one that Again took; nil for none.
func (f *Fits) Past() *Fitted { return f.past.Fitted }

// Forget drops both fits: the history is not what they saw.
func (f *Fits) Forget() { f.current, f.past = datedFit{}, datedFit{} }

// ForgetPast drops the fit before: a fit weighs more than all else that is kept of
// a forecast.
func (f *Fits) ForgetPast() { f.past = datedFit{} }

// Refit fits the history s if the fit is of an earlier origin.
func (f *Fits) Refit(s Series) error {
	origin := FitOrigin(s)
	if f.current.of(origin) {
		return nil
	}
	next, err := f.fit(s, origin)
	if err != nil {
		return err
	}
	if f.KeepsPast && f.past.Fitted == nil {
		f.past = f.current // what it forecast is judged yet
	}
	f.current = next
	return nil
}

// Forecast is Fitted.Forecast from the end of s, after a Refit.
func (f *Fits) Forecast(s Series, horizon int, levels []float64) (Forecast, error) {
	if err := f.Refit(s); err != nil {
		return Forecast{}, err
	}
	return f.current.Forecast(f.window(s), horizon, levels)
}

// Explained is Fitted.Explained from the end of s, after a Refit.
func (f *Fits) Explained(s Series, horizon int, levels []float64) (Forecast, error) {
	if err := f.Refit(s); err != nil {
		return Forecast{}, err
	}
	return f.current.Explained(f.window(s), horizon, levels)
}

// Again returns what Forecast said when s was all that was known. It leaves the
// current fit alone, and keeps the one that it took in place of the past one
// until it takes another.
func (f *Fits) Again(s Series, horizon int, levels []float64) (Forecast, error) {
	switch origin := FitOrigin(s); {
	case f.current.of(origin):
		f.past = datedFit{}
		return f.current.Forecast(f.window(s), horizon, levels)
	case f.past.of(origin):
	default:
		var err error
		if f.past, err = f.fit(s, origin); err != nil {
			return Forecast{}, err
		}
	}
	return f.past.Forecast(f.window(s), horizon, levels)
}

func (f *Fits) fit(s Series, origin time.Time) (datedFit, error) {
	fitted, err := Fit(s.Between(origin.Add(-f.Window), origin), f.Config)
	if errors.Is(err, ErrNoData) {
		// Nothing but gaps before the boundary: the newest values are all there
		// is, and the next one makes them more.
		origin = time.Time{}
		fitted, err = Fit(s, f.Config)
	}
	if err != nil {
		return datedFit{}, fmt.Errorf("fit model %s to %v of history: %w", f.Config.withDefaults().Model, f.Window, err)
	}
	return datedFit{Fitted: fitted, origin: origin}, nil
}

func (f *Fits) window(s Series) Series { return s.Between(s.Origin().Add(-f.Window), s.Origin()) }
