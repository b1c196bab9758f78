package refresh

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Published returns what others may read of the report.
func (r Report) Published() publish.Pool {
	validUntil := r.ObservedAt.Add(r.Settings.Capacity.MaxAge)
	reading := func(v float64) publish.Reading {
		return publish.Reading{Value: v, ComputedAt: r.Now, ValidUntil: validUntil}
	}
	p := publish.Pool{
		Namespace: r.Settings.Namespace, Name: r.Settings.Name, Mode: string(r.Settings.Mode),
		CapacityPerReplica: r.PerReplica,
		Fallback:           r.fallback(),
		Degraded:           r.Degraded,
		NoSkill:            r.NoSkill,
	}
	var words probabilities
	p.Quality = r.qualities(&words)
	if !r.ObservedAt.IsZero() {
		p.ObservedLoad = publish.Reading{Value: r.Observed, ComputedAt: r.ObservedAt, ValidUntil: validUntil}
	}
	if f := r.Forecast; f != nil {
		p.ForecastSuccess = f.Origin
		p.Model = leading(*f)
		p.Loads = r.loads(*f, &words)
		p.Detail = keep(r.detailOf())
	}
	if r.Refused != nil {
		p.PredictedCapacity = publish.Refuse(r.Refused.Error())
		p.PredictedLoad = p.PredictedCapacity
		return p
	}
	p.PredictedCapacity = reading(float64(r.Decision.Value))
	p.Deciding = r.deciding()
	for _, share := range r.Decision.Shares {
		p.Needs = append(p.Needs, publish.DimensionNeed{Dimension: share.Name, Replicas: share.Replicas})
	}
	p.PredictedLoad = publish.Refuse("there is no forecast: " + r.whyNoForecast())
	if v, ok := r.predictedLoad(); ok {
		p.PredictedLoad = reading(v)
	}
	return p
}

// predictedLoad is the pool's quantile of the load at the activation lead.
func (r Report) predictedLoad() (float64, bool) {
	if r.Forecast == nil {
		return 0, false
	}
	return quantileAt(*r.Forecast, r.Settings.Capacity.Quantile, r.Now.Add(r.Settings.Capacity.ActivationLead))
}

// whyNoForecast says what kept the forecast from being made.
func (r Report) whyNoForecast() string {
	if r.ForecastErr != nil {
		return r.ForecastErr.Error()
	}
	return "the history is too short"
}

// fallback maps the report to the closed set of reasons that Prometheus shows.
func (r Report) fallback() publish.Fallback {
	switch {
	case errors.Is(r.Refused, capacity.ErrCapacityUnknown):
		return publish.FallbackCapacityUnknown
	case errors.Is(r.Refused, capacity.ErrTooOld):
		return publish.FallbackForecastStale
	case r.Refused != nil:
		return publish.FallbackHistoryUnavailable
	}
	switch r.Decision.Fallback {
	case capacity.FallbackObserve:
		return publish.FallbackObserve
	case capacity.FallbackPaused:
		return publish.FallbackPaused
	case capacity.FallbackNoForecast:
		return publish.FallbackShortHistory
	case capacity.FallbackNoSkill:
		return publish.FallbackNoSkill
	case capacity.FallbackNone:
	}
	if r.ReadErr != nil {
		return publish.FallbackHistoryUnavailable
	}
	return publish.FallbackNone
}

// loads lists the quantile forecasts at the pool's leads, seen from now.
func (r Report) loads(f forecast.Forecast, words *probabilities) []publish.QuantileLoad {
	leads, levels := r.Settings.leads(), r.Settings.levels()
	loads := make([]publish.QuantileLoad, 0, len(leads)*len(levels))
	for _, level := range levels {
		for _, lead := range leads {
			v, ok := quantileAt(f, level, r.Now.Add(lead))
			if !ok {
				continue
			}
			loads = append(loads, publish.QuantileLoad{P: words.of(level), Lead: lead, Value: v})
		}
	}
	return loads
}

// probabilities writes each probability once: a pool publishes it many times.
type probabilities struct {
	values []float64
	words  []string
}

func (p *probabilities) of(v float64) string {
	if i := slices.Index(p.values, v); i >= 0 {
		return p.words[i]
	}
	p.values, p.words = append(p.values, v), append(p.words, strconv.FormatFloat(v, 'g', -1, 64))
	return p.words[len(p.words)-1]
}

// quantileAt returns the quantile forecast of the step at or after t.
func quantileAt(f forecast.Forecast, level float64, t time.Time) (float64, bool) {
	to := f.Origin.Add((t.Sub(f.Origin) + f.Step - 1).Truncate(f.Step))
	v, err := f.Max(level, to.Add(-f.Step), to)
	return v, err == nil
}

// leading returns the model that weighs most.
func leading(f forecast.Forecast) string {
	best := forecast.Weight{}
	for _, w := range f.Weights {
		if w.Value > best.Value {
			best = w
		}
	}
	return best.Model
}
