package refresh

import (
	"errors"
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// fitter keeps the model that was fitted last, and the one that past forecasts
// were made again with.
type fitter struct {
	config forecast.Config
	window time.Duration
	// explains asks each forecast but a past one for its Explanation.
	explains bool

	current, past fit
}

// fit is a model and the last value that it saw.
type fit struct {
	*forecast.Fitted
	origin time.Time
}

func (s Settings) newFitter() fitter { return fitter{config: s.config(), window: s.Window} }

// newExplainingFitter is for the load, whose forecast is published in detail.
func (s Settings) newExplainingFitter() fitter {
	f := s.newFitter()
	f.explains = true
	return f
}

// of says that the fit is the one of a history that may be fitted up to origin.
func (f fit) of(origin time.Time) bool { return f.Fitted != nil && f.origin.Equal(origin) }

// forecast returns the forecast from the end of s, fitting first if the last
// fit is of an earlier origin.
func (f *fitter) forecast(s forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
	if origin := forecast.FitOrigin(s); !f.current.of(origin) {
		next, err := f.fit(s, origin)
		if err != nil {
			return forecast.Forecast{}, err
		}
		if f.past.Fitted == nil {
			f.past = f.current // what it forecast is judged yet
		}
		f.current = next
	}
	return f.from(f.current, s, horizon, levels, f.explains)
}

// again returns the forecast that was made when s was all that was known. It
// leaves the current fit alone.
func (f *fitter) again(s forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
	switch origin := forecast.FitOrigin(s); {
	case f.current.of(origin):
		f.past = fit{} // a fit weighs more than all else that is kept
		return f.from(f.current, s, horizon, levels, false)
	case f.past.of(origin):
	default:
		var err error
		if f.past, err = f.fit(s, origin); err != nil {
			return forecast.Forecast{}, err
		}
	}
	return f.from(f.past, s, horizon, levels, false)
}

func (f *fitter) fit(s forecast.Series, origin time.Time) (fit, error) {
	fitted, err := forecast.Fit(s.Between(origin.Add(-f.window), origin), f.config)
	if errors.Is(err, forecast.ErrNoData) {
		// Nothing but gaps before the boundary: the newest values are all there is.
		fitted, err = forecast.Fit(s, f.config)
	}
	if err != nil {
		return fit{}, fmt.Errorf("fit %s of load: %w", f.config.Model, err)
	}
	return fit{Fitted: fitted, origin: origin}, nil
}

func (f *fitter) from(fitted fit, s forecast.Series, horizon int, levels []float64, explained bool) (forecast.Forecast, error) {
	from := fitted.Forecast
	if explained {
		from = fitted.Explained
	}
	fc, err := from(s.Between(s.Origin().Add(-f.window), s.Origin()), horizon, levels)
	if err != nil {
		return forecast.Forecast{}, fmt.Errorf("forecast load: %w", err)
	}
	return fc, nil
}
