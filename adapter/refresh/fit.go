package refresh

import (
	"errors"
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// The spans of history from which on a model is kept for an hour, and for a
// day. A younger history is fitted anew with each sample, which is cheap.
const (
	hourlyFitFrom = 2 * time.Hour
	dailyFitFrom  = 7 * 24 * time.Hour
)

// fitOrigin returns the last value that a fit of s may see. It depends on the
// history alone, not on when the process started.
func fitOrigin(s forecast.Series) time.Time {
	origin, span := s.Origin(), s.Span()
	switch {
	case span >= dailyFitFrom:
		return origin.Truncate(24 * time.Hour)
	case span >= hourlyFitFrom:
		return origin.Truncate(time.Hour)
	default:
		return origin
	}
}

// fitter keeps the model that was fitted last.
type fitter struct {
	config forecast.Config
	window time.Duration

	fitted *forecast.Fitted
	origin time.Time
}

// forecast returns the forecast from the end of s, fitting first if the last
// fit is of an earlier origin.
func (f *fitter) forecast(s forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
	if origin := fitOrigin(s); f.fitted == nil || !f.origin.Equal(origin) {
		fitted, err := forecast.Fit(s.Between(origin.Add(-f.window), origin), f.config)
		if errors.Is(err, forecast.ErrNoData) {
			// Nothing but gaps before the boundary: the newest values are all there is.
			fitted, err = forecast.Fit(s, f.config)
		}
		if err != nil {
			return forecast.Forecast{}, fmt.Errorf("fit %s of load: %w", f.config.Model, err)
		}
		f.fitted, f.origin = fitted, origin
	}
	fc, err := f.fitted.Forecast(s.Between(s.Origin().Add(-f.window), s.Origin()), horizon, levels)
	if err != nil {
		return forecast.Forecast{}, fmt.Errorf("forecast load: %w", err)
	}
	return fc, nil
}
