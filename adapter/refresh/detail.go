package refresh

import (
	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh/quality"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// detailOf is what the adapter answers about a forecast; nil where there is none.
func (r Report) detailOf() *detail.Forecast {
	f := r.Forecast
	if f == nil {
		return nil
	}
	e := f.Explanation
	d := &detail.Forecast{
		Namespace: r.Settings.Namespace, Pool: r.Settings.Name,
		Algorithm: r.Settings.Model, Origin: f.Origin.UTC(), Maturity: string(f.Maturity), Note: f.Note,
		History: detail.History{Start: e.History.Start.UTC(), End: e.History.End.UTC(), Values: e.History.Values, Missing: e.History.Missing},
		Daily:   seasonOf(e.Daily), Weekly: seasonOf(e.Weekly),
		Level: detail.Number(e.Level), Unusual: e.Unusual,
		Fallback: r.NoSkill, Skill: detail.Number(r.Verdict.Skill),
		Horizons: make([]detail.Horizon, 0, len(e.Horizons)), Quality: make([]detail.Quality, 0, len(r.Quality)),
	}
	if r.OnlyRises {
		d.Note = onlyRises
	}
	if e.Shaped {
		d.Expected, d.Deviation = detail.Number(e.Expected), detail.Number(e.Deviation)
	}
	for _, h := range e.Horizons {
		d.Horizons = append(d.Horizons, horizonOf(h, f.Levels, e.Shaped))
	}
	for _, s := range r.Quality {
		d.Quality = append(d.Quality, qualityOf(s))
	}
	return d
}

func seasonOf(s forecast.SeasonUse) detail.Season {
	return detail.Season{Used: s.Used, Weight: s.Weight, Why: s.Why}
}

func horizonOf(h forecast.HorizonExplanation, levels []float64, shaped bool) detail.Horizon {
	out := detail.Horizon{Ahead: string(v1alpha1.DurationOf(h.Ahead)), Weights: make([]detail.Weight, 0, len(h.Weights)), Bands: make([]detail.Band, 0, len(h.Bands))}
	if h.Known {
		out.Point = detail.Number(h.Point)
	}
	if h.Known && shaped {
		out.Carried, out.Share = detail.Number(h.Carried), detail.Number(h.Share)
	}
	for _, w := range h.Weights {
		out.Weights = append(out.Weights, detail.Weight{Model: w.Model, Value: w.Value})
	}
	for l, width := range h.Bands {
		out.Bands = append(out.Bands, detail.Band{P: levels[l], Width: width})
	}
	return out
}

func qualityOf(s quality.Score) detail.Quality {
	out := detail.Quality{Ahead: string(v1alpha1.DurationOf(s.Horizon)), Forecasts: s.Forecasts, AbsoluteError: s.AbsoluteError, Quantiles: make([]detail.Scores, 0, len(s.Levels))}
	for _, l := range s.Levels {
		out.Quantiles = append(out.Quantiles, detail.Scores{P: l.P, Coverage: l.Coverage, PinballRatio: detail.Number(l.PinballRatio)})
	}
	return out
}
