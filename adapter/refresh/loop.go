package refresh

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

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

	series   forecast.Series // of the load, as read last
	forecast *forecast.Forecast
	learnt   learnt
	previous int // the last value, 0 if there is none
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
	// Warnings are what the server said beside the load.
	Warnings []string
	// PerReplica is the capacity of one replica, 0 if not known.
	PerReplica float64
	Learnt     bool
	// Swallowed says that an HPA with the default tolerance would not follow
	// the value; Current are the replicas that it has.
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
	l := &Loop{settings: s, fitter: fitter{model: s.Model, window: s.Window}}
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
	degraded := l.read(ctx, now, &r)
	l.readReplicas(ctx, now, &r)
	l.predict(&r)

	c := l.settings.Capacity
	c.CapacityPerReplica, r.Learnt = l.perReplica()
	r.PerReplica = c.CapacityPerReplica
	r.Decision, r.Refused = capacity.Decide(capacity.Input{
		Now: now, Observed: r.Observed, ObservedAt: r.ObservedAt, Highest: l.series.Max(),
		Forecast: l.forecast, Degraded: degraded, Previous: l.previous,
	}, c)
	switch {
	case r.Refused == nil:
		l.previous = r.Decision.Value
		r.Current = l.learnt.current
		r.Swallowed = capacity.Swallowed(r.Decision.Value, r.Current, capacity.DefaultTolerance)
	case errors.Is(r.Refused, capacity.ErrNoLoad) && r.ReadErr != nil:
		r.Refused = fmt.Errorf("%w: %w", capacity.ErrNoLoad, r.ReadErr)
	case errors.Is(r.Refused, capacity.ErrTooOld) && r.ReadErr != nil:
		r.Refused = fmt.Errorf("%w: %w", r.Refused, r.ReadErr)
	}
	return r
}

// read takes in what is new of the load, and says whether the value may only
// go up because of it.
func (l *Loop) read(ctx context.Context, now time.Time, r *Report) (degraded bool) {
	load, err := l.load.Read(ctx, now)
	if err != nil {
		r.ReadErr = err
	} else {
		l.series = load.Series
		r.Warnings = load.Warnings
	}
	r.History = l.series.Span()
	if v, at, ok := l.series.Last(); ok {
		r.Observed, r.ObservedAt = v, at
	}
	return err != nil || load.Degraded
}

// readReplicas learns the capacity of a replica, once a day of the history,
// and notes how many there are.
func (l *Loop) readReplicas(ctx context.Context, now time.Time, r *Report) {
	if l.replicas == nil {
		return
	}
	replicas, err := l.replicas.Read(ctx, now)
	if err != nil {
		r.ReplicasErr = err
		return
	}
	if v, _, ok := replicas.Series.Last(); ok {
		l.learnt.current = int(math.Round(v))
	}
	if r.ObservedAt.IsZero() {
		return
	}
	origin := fitOrigin(l.series)
	if l.learnt.perReplica > 0 && l.learnt.origin.Equal(origin) {
		return
	}
	from := origin.Add(-l.settings.Window)
	if per, ok := capacity.Learn(l.series.Between(from, origin), replicas.Series.Between(from, origin)); ok {
		l.learnt.perReplica, l.learnt.origin = per, origin
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
func (l *Loop) predict(r *Report) {
	defer func() { r.Forecast = l.forecast }()
	if r.ObservedAt.IsZero() || l.forecast != nil && !r.ObservedAt.After(l.forecast.Origin) {
		return
	}
	upTo := l.series.Between(l.series.Start, r.ObservedAt)
	fc, err := l.fitter.forecast(upTo, l.settings.horizon(), l.settings.levels())
	if err != nil {
		r.ForecastErr = err
		return
	}
	l.forecast = &fc
}
