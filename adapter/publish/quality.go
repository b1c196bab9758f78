package publish

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// Quality is how good a pool's forecasts of one horizon turned out. NaN is left out.
type Quality struct {
	// Horizon is how far ahead.
	Horizon time.Duration
	// AbsoluteError is the mean distance of the load from the forecast's point, in the unit of the pool's query.
	AbsoluteError float64
	// Levels are the quantiles.
	Levels []QuantileQuality
}

// QuantileQuality is how good one quantile turned out.
type QuantileQuality struct {
	// P is the probability as users write it, such as "0.9".
	P string
	// Coverage is the share of loads at or below the quantile.
	Coverage float64
	// PinballRatio is the pinball loss over that of the load of the day before.
	PinballRatio float64
}

func cloneQuality(in []Quality) []Quality {
	out := slices.Clone(in)
	for i := range out {
		out[i].Levels = slices.Clone(out[i].Levels)
	}
	return out
}

// collectQuality sends what was judged. Horizons and quantiles are few: those of the pool's spec.
func (x *Exporter) collectQuality(s sink, p *Pool) {
	for _, q := range p.Quality {
		horizon := model.Duration(q.Horizon).String()
		s.gauge(x.absoluteError, q.AbsoluteError, horizon)
		for _, l := range q.Levels {
			s.gauge(x.pinballRatio, l.PinballRatio, horizon, l.P)
			s.gauge(x.coverage, l.Coverage, horizon, l.P)
		}
	}
	s.gauge(x.noSkill, truth(p.NoSkill))
}
