package publish

import (
	"encoding/json"
	"slices"
	"time"
)

// Pool is everything that is published about one pool. A published Pool is never changed; the next one replaces it.
type Pool struct {
	// Namespace and Name are the pool's.
	Namespace, Name string
	// Mode is the pool's spec.mode, for those who read snapshots.
	Mode string

	// PredictedCapacity is the number of replicas for an autoscaler, an integer and never negative: the reactive floor where the
	// pool is paused or in mode Observe.
	PredictedCapacity Reading
	// PredictedLoad is the pool's quantile of the load at its activation lead.
	PredictedLoad Reading
	// Loads are forecasts at the quantiles and leads that Prometheus shows; they are valid as long as PredictedLoad is.
	Loads []QuantileLoad
	// ObservedLoad is the load that was read last.
	ObservedLoad Reading
	// CapacityPerReplica is the load that one replica carries. Not above 0: unknown, and absent from Prometheus.
	CapacityPerReplica float64

	// Deciding names what PredictedCapacity is for, such as CPU, where resources
	// decide beside the load, and is empty elsewhere; Needs are what each of them
	// would ask for alone.
	Deciding string
	Needs    []DimensionNeed

	// Fallback says why the capacity is not the forecast's; FallbackNone when it is.
	Fallback Fallback
	// ForecastSuccess is the time of the last forecast that succeeded. Zero: there was none.
	ForecastSuccess time.Time
	// Model names the forecast model in use. Empty: there is none.
	Model string
	// Quality is how good the pool's forecasts turned out, by horizon; empty while none has been judged.
	Quality []Quality
	// NoSkill says that the forecast was no better than the load of the day before for days. The capacity is the reactive floor then,
	// whatever Fallback says.
	NoSkill bool
	// Detail is how the forecast came about, written as JSON only for who asks for it; nobody changes it any more. Nil: there is none.
	Detail json.Marshaler
	// Shadows is what is known of the pool's shadows.
	Shadows Shadows

	// Profile is nil while the pods have not been looked at.
	Profile *Profile

	// Degraded says that the history behind the readings was incomplete, such as a partial response.
	Degraded bool
}

// QuantileLoad is the load that stays below Value with the probability P, Lead ahead.
type QuantileLoad struct {
	// P is the probability as users write it, such as "0.9".
	P string
	// Lead is how far ahead.
	Lead time.Duration
	// Value is the load in the unit of the pool's query. NaN and infinity are left out.
	Value float64
}

// Fallback is the reason why a pool's capacity follows a rule without forecast, or the last forecast. The set is closed, because it
// is a label of foreshadow_fallback_active.
type Fallback string

// The reasons of a fallback.
const (
	// FallbackNone means that the forecast is in use.
	FallbackNone Fallback = ""
	// FallbackPaused means that somebody paused the forecast: the reactive floor is published.
	FallbackPaused Fallback = "Paused"
	// FallbackObserve means that the pool's mode is Observe: the reactive floor is published.
	FallbackObserve Fallback = "Observe"
	// FallbackShortHistory means that the history is too short for any forecast: the reactive floor is published.
	FallbackShortHistory Fallback = "ShortHistory"
	// FallbackNoSkill means that the forecast was no better than the load of the day before for days: the reactive floor is published.
	FallbackNoSkill Fallback = "NoSkill"
	// FallbackHistoryUnavailable means that the history cannot be read now: the last forecast goes on, may raise and never lowers.
	FallbackHistoryUnavailable Fallback = "HistoryUnavailable"
	// FallbackForecastStale means that there is no forecast, or the last one is too old: nothing is published.
	FallbackForecastStale Fallback = "ForecastStale"
	// FallbackCapacityUnknown means that the capacity per replica is not known: nothing is published.
	FallbackCapacityUnknown Fallback = "CapacityUnknown"
	// FallbackOther stands for a reason that is not in this list.
	FallbackOther Fallback = "Other"
)

// Fallbacks returns every reason but FallbackNone, in a fixed order.
func Fallbacks() []Fallback {
	return []Fallback{
		FallbackPaused, FallbackObserve, FallbackShortHistory, FallbackNoSkill, FallbackHistoryUnavailable,
		FallbackForecastStale, FallbackCapacityUnknown, FallbackOther,
	}
}

// fallbackAt is the reason that holds at now: a capacity that ran out since it was published is stale whatever its pool says.
func (p *Pool) fallbackAt(now time.Time) Fallback {
	switch {
	case p.PredictedCapacity.Reason == "" && p.PredictedCapacity.Refusal(now) != "":
		return FallbackForecastStale
	case p.Fallback == FallbackNone || slices.Contains(Fallbacks(), p.Fallback):
		return p.Fallback
	}
	return FallbackOther
}

// clone returns a copy of p that shares no memory with it, each quantile and lead at most once (the last one given).
func (p *Pool) clone() Pool {
	loads := make([]QuantileLoad, 0, len(p.Loads))
	for _, l := range p.Loads {
		same := func(o QuantileLoad) bool { return o.P == l.P && o.Lead == l.Lead }
		if i := slices.IndexFunc(loads, same); i >= 0 {
			loads[i] = l
			continue
		}
		loads = append(loads, l)
	}
	c := *p
	c.Loads, c.Quality = loads, cloneQuality(p.Quality)
	c.Needs = slices.Clone(p.Needs)
	c.Profile = p.Profile.clone()
	c.Shadows.List = slices.Clone(p.Shadows.List)
	return c
}
