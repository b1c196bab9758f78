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
	// Quantile is the level of the forecast that the value follows, in (0, 1).
	Quantile float64
	// Cap is how many times the highest need in the history a forecast may ask
	// for, at least 1.
	Cap float64
	// ActivationLead and ColdStartLead are the times from asking for capacity
	// to having it.
	ActivationLead, ColdStartLead time.Duration
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
	// Degraded says that the newest read failed or may be partial.
	Degraded bool
	// Cover is the number of warm replicas; CoverUnknown keeps the last value.
	Cover        int
	CoverUnknown bool
	// Previous is the last value that was published, 0 if there is none.
	Previous int
}

// Decision is a value with every term it was made of.
type Decision struct {
	Value          int
	Floor          int // the reactive floor
	NeedActivation int
	NowTerm        int
	NeedColdStart  int
	Cover          int
	Limit          int
	// Load is the capped quantile forecast at the activation lead; NaN without
	// a forecast.
	Load float64
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
)

// Decide computes the value of one pool. The error wraps ErrCapacityUnknown,
// ErrNoLoad or ErrTooOld; its text is a sentence for the user.
func Decide(in Input, c Config) (Decision, error) {
	if !(c.CapacityPerReplica > 0) || math.IsInf(c.CapacityPerReplica, 0) {
		return Decision{}, fmt.Errorf("%w: write spec.load.capacityPerReplica, or a spec.load.replicasQuery from which it can be learnt", ErrCapacityUnknown)
	}
	if in.ObservedAt.IsZero() {
		return Decision{}, fmt.Errorf("%w: look at spec.load.query in Prometheus", ErrNoLoad)
	}
	age := in.Now.Sub(in.ObservedAt)
	if age > c.MaxAge {
		return Decision{}, fmt.Errorf("%w: it is %v old and spec.prediction.maxAge is %v", ErrTooOld, age.Round(time.Second), c.MaxAge)
	}
	d := terms(in, c)
	old := in.Degraded || in.CoverUnknown || age > c.HoldAfter
	if old && d.Value < in.Previous {
		d.Value, d.Held = in.Previous, true
	}
	return d, nil
}

// terms applies the formulas to fresh data.
func terms(in Input, c Config) Decision {
	d := Decision{
		Floor:    Floor(in.Observed, c.CapacityPerReplica, c.Headroom),
		Load:     math.NaN(),
		Fallback: c.Suspended,
		Cover:    in.Cover,
	}
	obsNeed := Need(in.Observed, c.CapacityPerReplica)
	d.Limit = Limit(c.Cap, Need(in.Highest, c.CapacityPerReplica), obsNeed)
	if in.Forecast == nil && d.Fallback == FallbackNone {
		d.Fallback = FallbackNoForecast
	}
	if in.Forecast != nil {
		var loadActivation, loadColdStart float64
		loadActivation, d.NeedActivation = need(*in.Forecast, in.Now, c.ActivationLead, d.Limit, c)
		loadColdStart, d.NeedColdStart = need(*in.Forecast, in.Now, c.ColdStartLead, d.Limit, c)
		d.Load = math.Min(loadActivation, float64(d.Limit)*c.CapacityPerReplica)
		if math.IsNaN(loadActivation) || math.IsNaN(loadColdStart) {
			// The forecast ends before the lead does: it has no say.
			d.NeedActivation, d.NeedColdStart, d.Load = 0, 0, math.NaN()
			d.Fallback = FallbackNoForecast
		}
	}
	if d.Fallback != FallbackNone {
		d.NowTerm, d.Value = d.Floor, d.Floor
		return d
	}
	d.NowTerm = NowTerm(d.Floor, d.NeedActivation)
	d.Value = Value(d.NowTerm, d.NeedColdStart, in.Cover)
	return d
}

// need returns the quantile of the highest load over (now, now+lead] and the
// replicas that it asks for, at most limit. It is the quantile of the maximum,
// not the maximum of the quantiles of single steps, which the load of a whole
// lead exceeds far more often than the level says. Both ends lie on the
// forecast's grid, the second rounded up, so that the answer does not depend on
// when within a step it is asked. NaN says that the forecast ends too early.
func need(f forecast.Forecast, now time.Time, lead time.Duration, limit int, c Config) (load float64, replicas int) {
	from, to := gridWindow(f, now, lead)
	load, err := f.Peak(c.Quantile, from, to)
	if err != nil {
		return math.NaN(), 0
	}
	return load, min(Need(load, c.CapacityPerReplica), limit)
}

// gridWindow widens (now, now+lead] to whole steps of the forecast's grid.
func gridWindow(f forecast.Forecast, now time.Time, lead time.Duration) (from, to time.Time) {
	past := max(now.Sub(f.Origin), 0)
	from = f.Origin.Add(past.Truncate(f.Step))
	return from, from.Add(max(lead+f.Step-1, f.Step).Truncate(f.Step))
}
