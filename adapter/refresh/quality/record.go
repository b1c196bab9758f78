package quality

import (
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// record is what became of the forecasts of one day.
type record struct {
	start   time.Time
	next    int // origins before it were forecast, or had no value
	pending []pending
	cells   []cell // by horizon
	// settled says that all but the day-ahead forecasts have been judged.
	settled bool

	spread      float64 // of "as yesterday"; NaN: there is none
	spreadKnown bool
}

// pending is a forecast of one horizon that waits for its value.
type pending struct {
	horizon  int
	at       time.Time
	point    float64
	bounds   []float64 // by level
	naive    float64   // the value a day before at
	compared bool      // there was one
}

// cell sums up the forecasts of one day and horizon.
type cell struct {
	n        int
	absolute float64 // errors of the point
	load     float64 // absolute values of the load
	levels   []levelSums
}

// levelSums sum up one quantile. The losses are of those forecasts that "as
// yesterday" could be set beside.
type levelSums struct {
	covered     int
	compared    int
	loss, naive float64
}

func newRecord(start time.Time, horizons, levels int) *record {
	d := &record{start: start, cells: make([]cell, horizons)}
	for i := range d.cells {
		d.cells[i].levels = make([]levelSums, levels)
	}
	return d
}

func (c *cell) add(p pending, y, spread float64, levels []float64) {
	c.n++
	c.absolute += math.Abs(y - p.point)
	c.load += math.Abs(y)
	for l, level := range levels {
		s := &c.levels[l]
		if forecast.Covers(y, p.bounds[l]) {
			s.covered++
		}
		if !p.compared || math.IsNaN(spread) {
			continue
		}
		s.compared++
		s.loss += forecast.PinballLoss(level, y, p.bounds[l])
		s.naive += forecast.PinballLoss(level, y, p.naive+normalQuantile(level)*spread)
	}
}

// plus adds up two cells.
func (c *cell) plus(o *cell) {
	c.n += o.n
	c.absolute += o.absolute
	c.load += o.load
	for l := range c.levels {
		a, b := &c.levels[l], &o.levels[l]
		a.covered += b.covered
		a.compared += b.compared
		a.loss += b.loss
		a.naive += b.naive
	}
}

// normalQuantile is the quantile of the standard normal distribution, by which
// the seasonal naive forecast spreads (R. Hyndman, G. Athanasopoulos,
// Forecasting: Principles and Practice, 3rd edition, section 5.5).
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
