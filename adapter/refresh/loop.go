package refresh

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Loop refreshes one pool. It is not safe for concurrent use.
type Loop struct {
	settings Settings
	source   string // spec.load.source
	load     *history.Reader
	replicas *history.Reader // nil if nothing needs the replicas
	fitter   fitter

	known    known
	forecast *forecast.Forecast
	learnt   learnt
	// previous is the last value and previousFloor its floor, 0 if there is
	// none; followed is where an HPA with the default tolerance would be.
	previous, previousFloor, followed int
}

// known is what was read of the load last.
type known struct {
	observed float64
	at       time.Time // of observed; zero if nothing was read yet
	highest  float64
	span     time.Duration
	degraded bool
	warnings []string // of the last answer that had any
}

// learnt is what the replicas taught.
type learnt struct {
	perReplica float64 // 0 if it is not known
	origin     time.Time
	current    int // ready replicas, 0 if not known
}

// Report is what one round found.
type Report struct {
	Now      time.Time
	Settings Settings
	// Decision is the value; Refused says in a sentence why there is none, and
	// wraps the error that it came from.
	Decision capacity.Decision
	Refused  error
	// ReadErr is why the load could not be read this time; ReplicasErr the
	// same for the replicas.
	ReadErr, ReplicasErr error
	// Observed is the newest load and ObservedAt its time, zero if there is
	// none.
	Observed   float64
	ObservedAt time.Time
	// Forecast is nil if no model could be fitted, for the reason ForecastErr.
	Forecast    *forecast.Forecast
	ForecastErr error
	// History is the span of the load that was found.
	History time.Duration
	// Degraded says that part of the history may be missing: Warnings are what
	// the server said of it.
	Degraded bool
	Warnings []string
	// PerReplica is the capacity of one replica, 0 if not known.
	PerReplica float64
	Learnt     bool
	// Swallowed says that an HPA with the default tolerance would not follow
	// the value; Current are the replicas that it has, or would have had it
	// followed every value before.
	Swallowed bool
	Current   int
}

// NewLoop returns the loop of a pool that reads from src. It takes over what
// old has read and fitted where that is of the same history; old may be nil.
func NewLoop(s Settings, src history.Source, old *Loop) (*Loop, error) {
	if old != nil && old.settings.sameHistory(s) {
		next := *old
		next.settings = s
		next.forecast = nil // the next one may be asked for other levels
		return &next, nil
	}
	l := &Loop{
		settings: s, fitter: fitter{model: s.Model, window: s.Window},
		known: known{observed: math.NaN(), highest: math.NaN()}, learnt: learnt{perReplica: s.Learnt},
	}
	// A day more than the window: a fit looks back from the last midnight.
	window := s.Window + 24*time.Hour
	var err error
	if l.load, err = history.NewReader(src, history.ReaderConfig{Expr: s.Query, Window: window, Step: s.Step}); err != nil {
		return nil, fmt.Errorf("read spec.load.query: %w", err)
	}
	if s.ReplicasQuery != "" {
		l.replicas, err = history.NewReader(src, history.ReaderConfig{Expr: s.ReplicasQuery, Window: window, Step: s.Step})
		if err != nil {
			return nil, fmt.Errorf("read spec.load.replicasQuery: %w", err)
		}
	}
	return l, nil
}

// Tick reads what is new, forecasts and decides. It does not publish.
func (l *Loop) Tick(ctx context.Context, now time.Time) Report {
	r := Report{Now: now, Settings: l.settings}
	if series, ok := l.read(ctx, now, &r); ok {
		l.readReplicas(ctx, now, series, &r)
		l.predict(series, &r)
	}
	r.Forecast = l.forecast
	r.Observed, r.ObservedAt, r.History = l.known.observed, l.known.at, l.known.span
	r.Degraded = l.known.degraded
	if r.Degraded {
		r.Warnings = l.known.warnings
	}
	l.decide(&r)
	return r
}

// decide turns what is known into the value.
func (l *Loop) decide(r *Report) {
	c := l.settings.Capacity
	c.CapacityPerReplica, r.Learnt = l.perReplica()
	r.PerReplica = c.CapacityPerReplica
	r.Decision, r.Refused = capacity.Decide(capacity.Input{
		Now: r.Now, Observed: r.Observed, ObservedAt: r.ObservedAt, Highest: l.known.highest,
		Forecast: l.forecast, Degraded: r.Degraded || r.ReadErr != nil,
		Previous: l.previous, PreviousFloor: l.previousFloor,
	}, c)
	if r.Refused != nil {
		r.Refused = r.explained()
		return
	}
	l.previous, l.previousFloor = r.Decision.Value, r.Decision.Floor
	if r.Current = l.learnt.current; r.Current == 0 {
		r.Current = l.followed
	}
	r.Swallowed = capacity.Swallowed(r.Decision.Value, r.Current, capacity.DefaultTolerance)
	if !r.Swallowed {
		l.followed = r.Decision.Value
	}
}

// explained adds to the refusal why its data are missing.
func (r Report) explained() error {
	switch {
	case errors.Is(r.Refused, capacity.ErrNoLoad) && r.ReadErr != nil:
		return fmt.Errorf("%w: %w", capacity.ErrNoLoad, r.ReadErr)
	case errors.Is(r.Refused, capacity.ErrTooOld) && r.ReadErr != nil:
		return fmt.Errorf("%w: %w", r.Refused, r.ReadErr)
	case errors.Is(r.Refused, capacity.ErrCapacityUnknown) && r.ReadErr != nil:
		return fmt.Errorf("%w, and cannot be learnt: %w", capacity.ErrCapacityUnknown, r.ReadErr)
	case errors.Is(r.Refused, capacity.ErrCapacityUnknown) && r.ReplicasErr != nil:
		return fmt.Errorf("%w, and cannot be learnt: spec.load.replicasQuery: %w", capacity.ErrCapacityUnknown, r.ReplicasErr)
	case errors.Is(r.Refused, capacity.ErrCapacityUnknown):
		return fmt.Errorf("%w yet: it is learnt from %d values of spec.load.replicasQuery beside those of the load (%v of history): until then write spec.load.capacityPerReplica",
			capacity.ErrCapacityUnknown, capacity.MinLearnSamples, v1alpha1.DurationOf(capacity.MinLearnSamples*r.Settings.Step))
	case errors.Is(r.Refused, capacity.ErrIncomplete) && len(r.Warnings) > 0:
		return fmt.Errorf("%w: %s", r.Refused, strings.Join(r.Warnings, "; "))
	}
	return r.Refused
}

// read takes in what is new of the load; not ok if it could not be read.
func (l *Loop) read(ctx context.Context, now time.Time, r *Report) (series forecast.Series, ok bool) {
	if l.forecast != nil {
		// There is something to go on with: do not wait past the next round.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.settings.Capacity.Interval)
		defer cancel()
	}
	load, err := l.load.Read(ctx, now)
	if err != nil {
		r.ReadErr = err
		return forecast.Series{}, false
	}
	if l.known.degraded && !load.Degraded {
		// What was fitted and learnt may be of half the load.
		l.fitter.fitted, l.forecast, l.learnt.origin = nil, nil, time.Time{}
	}
	l.known.degraded = load.Degraded
	if len(load.Warnings) > 0 {
		l.known.warnings = load.Warnings
	}
	if v, at, ok := load.Series.Last(); ok {
		window := load.Series.Between(at.Add(-l.settings.Window), at)
		l.known.observed, l.known.at, l.known.highest, l.known.span = v, at, window.Max(), load.Series.Span()
	}
	return load.Series, !l.known.at.IsZero()
}

// readReplicas learns the capacity of a replica, once a day of the history,
// and notes how many there are. What is learnt only rises: see capacity.Learn.
func (l *Loop) readReplicas(ctx context.Context, now time.Time, load forecast.Series, r *Report) {
	if l.replicas == nil {
		return
	}
	l.learnt.current = 0
	replicas, err := l.replicas.Read(ctx, now)
	if err != nil {
		r.ReplicasErr = err
		return
	}
	if v, _, ok := replicas.Series.Last(); ok {
		l.learnt.current = int(math.Round(v))
	}
	origin := fitOrigin(load)
	if l.known.degraded || replicas.Degraded || l.learnt.origin.Equal(origin) && l.learnt.perReplica > 0 {
		return
	}
	from := origin.Add(-l.settings.Window)
	per, ok := capacity.Learn(load.Between(from, origin), replicas.Series.Between(from, origin), l.settings.Capacity.Headroom)
	if ok {
		l.learnt.perReplica, l.learnt.origin = max(per, l.learnt.perReplica), origin
	}
}

// perReplica returns the capacity that was given or else learnt.
func (l *Loop) perReplica() (per float64, fromLearning bool) {
	if given := l.settings.Capacity.CapacityPerReplica; given > 0 {
		return given, false
	}
	return l.learnt.perReplica, l.learnt.perReplica > 0
}

// predict makes a new forecast if there is a new value; else the last one goes
// on.
func (l *Loop) predict(load forecast.Series, r *Report) {
	if l.forecast != nil && !l.known.at.After(l.forecast.Origin) {
		return
	}
	fc, err := l.fitter.forecast(load.Between(load.Start, l.known.at), l.settings.horizon(), l.settings.levels())
	if err != nil {
		r.ForecastErr = err
		return
	}
	l.forecast = &fc
}
