package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Score compares forecasts with what followed, as a replay goes on.
//
//	MASE     = mean |actual - point| / scale
//	coverage = share of actuals at or below the 0.95-quantile forecast
//
// scale is the mean absolute error of the daily seasonal naive forecast over the
// history, mean |y[t] - y[t-1 day]| (Hyndman and Koehler 2006,
// doi:10.1016/j.ijforecast.2006.03.001): below 1 the forecasts beat "as
// yesterday".
type Score struct {
	scale    float64
	open     map[int64]openForecast
	absolute float64
	covered  int
	n        int
}

type openForecast struct{ point, q95 float64 }

// NewScore returns a score with the scale of a history. A gap in it leaves out
// its pairs; a history without any pair a day apart is refused.
func NewScore(history forecast.Series) (*Score, error) {
	if err := history.Validate(); err != nil {
		return nil, fmt.Errorf("scale score: %w", err)
	}
	m := int(24 * time.Hour / history.Step)
	sum, n := 0.0, 0
	for i := m; i < len(history.Values); i++ {
		if d := math.Abs(history.Values[i] - history.Values[i-m]); !math.IsNaN(d) {
			sum += d
			n++
		}
	}
	if n == 0 {
		return nil, errors.New("scale score: the history holds no two values a day apart: give more than a day")
	}
	return &Score{scale: sum / float64(n), open: map[int64]openForecast{}}, nil
}

// AddForecast takes a forecast for the instant target, made at origin. A later
// one for the same target replaces it; one that is not ahead of its origin or
// not a number is left out.
func (s *Score) AddForecast(origin, target time.Time, point, q95 float64) {
	if !target.After(origin) || math.IsNaN(point) || math.IsNaN(q95) {
		return
	}
	s.open[target.UnixNano()] = openForecast{point: point, q95: q95}
}

// AddActual takes the value that came at an instant and closes the forecast for
// it, if there is one.
func (s *Score) AddActual(at time.Time, v float64) {
	f, ok := s.open[at.UnixNano()]
	if !ok || math.IsNaN(v) {
		return
	}
	delete(s.open, at.UnixNano())
	s.n++
	s.absolute += math.Abs(v - f.point)
	if forecast.Covers(v, f.q95) {
		s.covered++
	}
}

// Report returns the score so far. What cannot be said is nil: both figures
// before the first forecast came due, MASE over a history that repeats exactly.
func (s *Score) Report() ForecastReport {
	r := ForecastReport{Forecasts: s.n}
	if s.n == 0 {
		return r
	}
	coverage := round(float64(s.covered) / float64(s.n))
	r.CoverageP95 = &coverage
	if s.scale > 0 {
		mase := round(s.absolute / float64(s.n) / s.scale)
		r.MASE = &mase
	}
	return r
}
