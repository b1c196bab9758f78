package capacity

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// DefaultTolerance is the share within which a HorizontalPodAutoscaler ignores
// a change, unless it sets another.
const DefaultTolerance = 0.1

// Config is what a pool's spec says about capacity.
type Config struct {
	// CapacityPerReplica is the load that one replica carries, in the query's
	// unit; 0 if it is not known.
	CapacityPerReplica float64
	// Headroom is the share of each replica kept free of the observed load, 0
	// to below 1.
	Headroom float64
	// Quantile is the level of the forecast that the value follows, in (0, 1);
	// ShadowQuantile is the one that the shadows stand by for.
	Quantile, ShadowQuantile float64
	// Cap is how many times the highest need in the history a forecast may ask
	// for, at least 1.
	Cap float64
	// ActivationLead and ColdStartLead are the times from asking for capacity
	// to having it. ShadowLead is the time from asking for a shadow to its being
	// warm; the wait for the next value is added to each lead, to this one too.
	ActivationLead, ColdStartLead, ShadowLead time.Duration
	// Interval is how long a value stands before the next one is computed: the
	// forecast is looked at that much farther than the lead.
	Interval time.Duration
	// MaxAge is how old the newest sample may be before the value is refused.
	MaxAge time.Duration
	// HoldAfter is how old the newest sample may be before the value no longer
	// goes down.
	HoldAfter time.Duration
	// Suspended names why the forecast takes no part; empty if it does.
	Suspended Fallback
}

// Fallback says by which rule a value was made when it is not the forecast's.
type Fallback string

// The rules in place of the forecast.
const (
	FallbackNone       Fallback = ""
	FallbackObserve    Fallback = "Observe"    // mode Observe: the reactive floor
	FallbackPaused     Fallback = "Paused"     // paused by annotation: the reactive floor
	FallbackNoForecast Fallback = "NoForecast" // no model could be fitted: the reactive floor
	FallbackNoSkill    Fallback = "NoSkill"    // the forecast was no better than yesterday for days: the reactive floor
)

// Input is what is known of a pool at one instant.
type Input struct {
	Now time.Time
	// Observed is the newest sample of the load and ObservedAt its time; a zero
	// time says that there is none.
	Observed   float64
	ObservedAt time.Time
	// Highest is the highest load in the history window.
	Highest float64
	// Forecast starts at or before Now and reaches past the longer lead; nil
	// if there is none.
	Forecast *forecast.Forecast
	// Dimensions are the resources that decide beside the load; none by default.
	Dimensions []Dimension
	// Degraded says that the newest read failed or may be partial.
	Degraded bool
	// Cover is the number of warm replicas; CoverUnknown keeps the last value.
	Cover        int
	CoverUnknown bool
	// Previous is the last value that was published, PreviousFloor its reactive
	// floor, PreviousNow its nowTerm and PreviousShadow its shadowNeed; 0 if there
	// is none.
	Previous, PreviousFloor, PreviousNow, PreviousShadow int
	// PreviousShares are what the dimensions asked for then.
	PreviousShares []Share
}

// Decision is a value with every term it was made of.
type Decision struct {
	Value          int
	Floor          int // the reactive floor
	NeedActivation int
	NowTerm        int
	NeedColdStart  int
	Cover          int
	// ShadowNeed is what the shadow quantile needs within the shadow lead;
	// ShadowKnown says that there is a forecast of it that counts.
	ShadowNeed  int
	ShadowKnown bool
	Limit       int
	// Dimension is the resource that decides, empty where the load does; Shares are
	// what the resources would ask for alone.
	Dimension string
	Shares    []Share
	// Fallback is the rule in place of the forecast.
	Fallback Fallback
	// Held says that old or partial data, or an unknown cover, kept the value
	// from going down.
	Held bool
}

// The reasons for which there is no value.
var (
	ErrCapacityUnknown = errors.New("the capacity of one replica is not known")
	ErrNoLoad          = errors.New("no sample of the load was ever read")
	ErrTooOld          = errors.New("the newest sample of the load is too old")
	ErrIncomplete      = errors.New("the first answer may be partial")
)

// Decide computes the value of one pool. The error wraps ErrCapacityUnknown,
// ErrNoLoad, ErrTooOld or ErrIncomplete; its text is a sentence for the user.
func Decide(in Input, c Config) (Decision, error) {
	if !(c.CapacityPerReplica > 0) || math.IsInf(c.CapacityPerReplica, 0) {
		return Decision{}, fmt.Errorf("%w: write spec.load.capacityPerReplica, or a spec.load.replicasQuery from which it can be learnt", ErrCapacityUnknown)
	}
	if in.ObservedAt.IsZero() {
		return Decision{}, fmt.Errorf("%w: look at spec.load.query in Prometheus", ErrNoLoad)
	}
	age := in.Now.Sub(in.ObservedAt)
	if age > c.MaxAge {
		// An instant, not an age: the sentence stays what it is while time goes by.
		return Decision{}, fmt.Errorf("%w: it is of %s and spec.prediction.maxAge is %v", ErrTooOld, in.ObservedAt.UTC().Format(time.RFC3339), c.MaxAge)
	}
	if in.Degraded && in.Previous == 0 {
		// There is nothing to hold: a value from half of the load would lower.
		return Decision{}, fmt.Errorf("%w: nothing is published until one is whole", ErrIncomplete)
	}
	d := terms(in, c)
	old := d.raise(in, c)
	d.hold(in, c, old || in.Degraded || age > c.HoldAfter)
	return d, nil
}

// hold keeps data that are old from lowering anything.
func (d *Decision) hold(in Input, c Config, old bool) {
	last := in.Previous
	if c.Suspended != FallbackNone {
		last = in.PreviousFloor // who takes the forecast out must not wait for whole data
	}
	if (old || in.CoverUnknown) && d.Value < last {
		d.Value, d.Held = last, true
	}
	if !old || c.Suspended != FallbackNone {
		return
	}
	// The parts of a held value are held with it: what was needed now would
	// otherwise seem to have been asked for ahead of time, and shadows to be
	// more than are wanted.
	d.NowTerm = min(max(d.NowTerm, in.PreviousNow), d.Value)
	if in.PreviousShadow > d.ShadowNeed {
		d.ShadowNeed, d.ShadowKnown = in.PreviousShadow, true
	}
}

// terms applies the formulas to fresh data.
func terms(in Input, c Config) Decision {
	d := Decision{
		Floor:    Floor(in.Observed, c.CapacityPerReplica, c.Headroom),
		Fallback: c.Suspended,
		Cover:    in.Cover,
	}
	obsNeed := Need(in.Observed, c.CapacityPerReplica)
	d.Limit = Limit(c.Cap, Need(in.Highest, c.CapacityPerReplica), obsNeed)
	if in.Forecast == nil && d.Fallback == FallbackNone {
		d.Fallback = FallbackNoForecast
	}
	if in.Forecast != nil {
		need := func(level float64, lead time.Duration) (int, bool) {
			return need(*in.Forecast, in.Now, level, lead, d.Limit, c)
		}
		var okActivation, okColdStart bool
		d.NeedActivation, okActivation = need(c.Quantile, c.ActivationLead)
		d.NeedColdStart, okColdStart = need(c.Quantile, c.ColdStartLead)
		d.ShadowNeed, d.ShadowKnown = need(c.ShadowQuantile, c.ShadowLead)
		if !okActivation || !okColdStart {
			// The forecast ends before the lead does: it has no say.
			d.NeedActivation, d.NeedColdStart = 0, 0
			d.Fallback = FallbackNoForecast
		}
	}
	if d.Fallback != FallbackNone {
		d.NowTerm, d.Value = d.Floor, d.Floor
		d.ShadowNeed, d.ShadowKnown = 0, false
		return d
	}
	d.NowTerm = NowTerm(d.Floor, d.NeedActivation)
	d.Value = Value(d.NowTerm, d.NeedColdStart, in.Cover)
	return d
}

// need returns how many replicas, at most limit, the level's quantile of the
// highest load over the lead asks for. It is the quantile of the maximum, not the
// maximum of the quantiles of single steps, which the load of a whole lead
// exceeds far more often than the level says. ok is false if the forecast ends
// too early.
func need(f forecast.Forecast, now time.Time, level float64, lead time.Duration, limit int, c Config) (replicas int, ok bool) {
	from, to := gridWindow(f, now, lead+c.Interval)
	load, err := f.Peak(level, from, to)
	if err != nil {
		return 0, false
	}
	return min(Need(load, c.CapacityPerReplica), limit), true
}

// gridWindow widens (now, now+span] to whole steps of the forecast's grid. It is
// the same for every instant within a step, so that the value does not depend on
// when an adapter looks.
func gridWindow(f forecast.Forecast, now time.Time, span time.Duration) (from, to time.Time) {
	past := max(now.Sub(f.Origin), 0)
	from = f.Origin.Add(past.Truncate(f.Step))
	// The latest instant of the step is one nanosecond before the next one.
	return from, from.Add((span + 2*f.Step - 1).Truncate(f.Step))
}
