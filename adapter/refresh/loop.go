package refresh

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh/quality"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Loop refreshes one pool. It is not safe for concurrent use.
type Loop struct {
	settings Settings
	data     string // whose history it is: From.Data
	load     *history.Reader
	replicas *history.Reader // nil if nothing needs the replicas
	fits     forecast.Fits
	quality  *quality.Tracker
	// noSkill says that the forecast is not followed: it was no better than
	// yesterday for days.
	noSkill bool
	// dimensions are the resources that decide beside the load.
	dimensions []*dimension

	known    known
	forecast *forecast.Forecast
	learnt   learnt
	standby  Standby
	// resumed says that this loop is the first of its pool in this process;
	// unknownUntil is when it stops to wait for the pool's cover, zero before it
	// began to.
	resumed      bool
	unknownUntil time.Time
	// previous is the last value with its terms, zero if there is none; followed
	// is where an HPA with the default tolerance would be.
	previous capacity.Decision
	followed int
}

// known is what was read of the load last.
type known struct {
	observed float64
	at       time.Time // of observed; zero if nothing was read yet
	highest  float64
	span     time.Duration
	rises    bool // and never falls, as a counter
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
	// Quality is how good the forecasts of the last days were, by horizon.
	Quality []quality.Score
	// NoSkill says that the forecast was no better than yesterday for days, by
	// the Verdict, or, while that is not known yet, by what the status said.
	NoSkill bool
	Verdict quality.Verdict
	// History is the span of the load that was found.
	History time.Duration
	// OnlyRises says that the load does as a raw counter does.
	OnlyRises bool
	// Degraded says that part of the history may be missing: Warnings are what
	// the server said of it.
	Degraded bool
	Warnings []string
	// PerReplica is the capacity of one replica, 0 if not known.
	PerReplica float64
	Learnt     bool
	// Dimensions are the resources that decide beside the load.
	Dimensions []DimensionReport
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
		return old.under(s), nil
	}
	l := &Loop{
		settings: s, standby: s.Standby, resumed: old == nil, noSkill: s.NoSkill,
		fits:  s.newJudgedFits(),
		known: known{observed: math.NaN(), highest: math.NaN()}, learnt: learnt{perReplica: s.Learnt},
	}
	if l.awaitsCover() {
		l.previous.Value = s.LastValue // all that is left to hold on to
	}
	l.quality = s.newTracker()
	var err error
	if l.load, err = history.NewReader(src, history.ReaderConfig{Expr: s.Query, Window: s.span() + quality.Reach, Step: s.Step}); err != nil {
		return nil, fmt.Errorf("read spec.load.query: %w", err)
	}
	if s.ReplicasQuery != "" {
		l.replicas, err = history.NewReader(src, history.ReaderConfig{Expr: s.ReplicasQuery, Window: s.span(), Step: s.Step})
		if err != nil {
			return nil, fmt.Errorf("read spec.load.replicasQuery: %w", err)
		}
	}
	for _, d := range s.Dimensions {
		one, err := newDimension(d, s, src, s.span())
		if err != nil {
			return nil, err
		}
		l.dimensions = append(l.dimensions, one)
	}
	return l, nil
}

// under returns the loop under new settings of the same history.
func (l *Loop) under(s Settings) *Loop {
	next := *l
	next.settings, next.standby = s, s.Standby
	next.resumed = l.resumed && l.settings.Mode == s.Mode
	next.forecast = nil // the next one may be asked for other levels
	for _, d := range next.dimensions {
		d.forecast = nil
	}
	if !l.settings.Calendar.Same(s.Calendar) {
		next.fits = s.newJudgedFits()
		next.quality = s.newTracker()
		for _, d := range next.dimensions {
			d.fits = s.newFits()
		}
	}
	if !slices.Equal(l.settings.levels(), s.levels()) || l.settings.Capacity.Quantile != s.Capacity.Quantile {
		next.quality = s.newTracker()
	}
	return &next
}

// Tick reads what is new, forecasts and decides. It does not publish.
func (l *Loop) Tick(ctx context.Context, now time.Time) Report {
	return l.Digest(now, l.Fetch(ctx, now))
}

// Digest takes in what was read, forecasts and decides.
func (l *Loop) Digest(now time.Time, f Fetched) Report {
	r := Report{Now: now}
	if l.takeLoad(f, &r) {
		l.takeReplicas(f, &r)
		l.predict(f.load.Series, &r)
		l.judge(f.load.Series)
	}
	for i, one := range f.dimensions {
		l.dimensions[i].take(one, f.replicas.Series, l.settings)
	}
	r.Settings = l.settings
	r.Forecast = l.forecast
	r.Quality, r.Verdict = l.quality.Scores(), l.quality.Verdict()
	r.Observed, r.ObservedAt, r.History = l.known.observed, l.known.at, l.known.span
	r.OnlyRises, r.Degraded = l.known.rises, l.known.degraded
	if r.Degraded {
		r.Warnings = l.known.warnings
	}
	l.decide(&r)
	return r
}

// Again decides anew at now from what was read for the last report: something
// else has changed, such as the cover. It asks nobody.
func (l *Loop) Again(last Report, now time.Time) Report {
	r := last
	r.Now, r.Swallowed, r.Current = now, false, 0
	l.decide(&r)
	return r
}

// decide turns what is known into the value.
func (l *Loop) decide(r *Report) {
	c := l.settings.Capacity
	c.CapacityPerReplica, r.Learnt = l.perReplica()
	r.PerReplica = c.CapacityPerReplica
	if r.NoSkill = l.noSkill; r.NoSkill && c.Suspended == capacity.FallbackNone {
		c.Suspended = capacity.FallbackNoSkill
	}
	in := capacity.Input{
		Now: r.Now, Observed: r.Observed, ObservedAt: r.ObservedAt, Highest: l.known.highest,
		Forecast: l.forecast, Degraded: r.Degraded || r.ReadErr != nil,
		Previous: l.previous.Value, PreviousFloor: l.previous.Floor,
		PreviousNow: l.previous.NowTerm, PreviousShadow: l.previous.ShadowNeed,
		PreviousShares: l.previous.Shares,
	}
	r.Dimensions = nil
	for _, one := range l.dimensions {
		dim, report := one.asks(r.Now, c.MaxAge)
		in.Dimensions, r.Dimensions = append(in.Dimensions, dim), append(r.Dimensions, report)
	}
	in.Cover, in.CoverUnknown = l.cover(r.Now)
	r.Decision, r.Refused = capacity.Decide(in, c)
	if r.Refused != nil {
		r.Refused = r.explained()
		return
	}
	l.previous = r.Decision
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

// perReplica returns the capacity that was given or else learnt.
func (l *Loop) perReplica() (per float64, fromLearning bool) {
	if given := l.settings.Capacity.CapacityPerReplica; given > 0 {
		return given, false
	}
	return l.learnt.perReplica, l.learnt.perReplica > 0
}

// predict makes a new forecast if there is a new value or a new lead; else the
// last one goes on. A lead counts from the forecast on that reaches it: before,
// the value would have to do without any.
func (l *Loop) predict(load forecast.Series, r *Report) {
	next := l.settings.withLeads(l.standby)
	if l.forecast != nil && !l.known.at.After(l.forecast.Origin) && next.Capacity == l.settings.Capacity {
		return
	}
	fc, err := l.fits.Explained(load.Between(l.known.at.Add(-next.span()), l.known.at), next.horizon(), next.levels())
	if err != nil {
		r.ForecastErr = fmt.Errorf("forecast load: %w", err)
		return
	}
	l.forecast, l.settings = &fc, next
}
