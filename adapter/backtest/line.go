package backtest

import (
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// line turns a load into the value that an HPA gets, as a refresh of a pool
// does: a fit a day, a forecast and a decision at each refresh.
type line struct {
	load  forecast.Series
	pool  *v1alpha1.ShadowPool
	fit   forecast.Config
	cfg   capacity.Config
	cover int

	fitted   *forecast.Fitted
	fittedAt time.Time
	forecast forecast.Forecast
	input    capacity.Input
	decision capacity.Decision
	refused  error
}

func newLine(load forecast.Series, p *v1alpha1.ShadowPool, fit forecast.Config) (*line, error) {
	if err := p.Validate().ToAggregate(); err != nil {
		return nil, err
	}
	spec, err := p.Spec.Settings()
	if err != nil {
		return nil, err
	}
	l := &line{load: load, pool: p, fit: fit, cfg: capacity.Config{
		CapacityPerReplica: spec.CapacityPerReplica, Headroom: spec.Headroom,
		Quantile: spec.Quantile, ShadowQuantile: spec.ShadowQuantile, Cap: spec.Cap,
		ActivationLead: spec.ActivationLead, ColdStartLead: spec.ColdStartLead, MaxAge: spec.MaxAge,
		Interval: refreshEvery, HoldAfter: 2*load.Step + refreshEvery,
	}}
	if leads := p.Status.Leads; leads != nil {
		cold, err := leads.ColdStart.Parse()
		if err != nil {
			return nil, fmt.Errorf("read cold start: %w", err)
		}
		warm, err := leads.WarmUp.Parse()
		if err != nil {
			return nil, fmt.Errorf("read warm-up: %w", err)
		}
		l.cfg.ShadowLead = cold + warm
	}
	return l, nil
}

// refresh takes in the load up to now.
func (l *line) refresh(now time.Time) error {
	known := l.load.Between(now.Add(-forecast.Window-day), now)
	if len(known.Values) == 0 {
		return forecast.ErrNoData
	}
	if at := known.Origin().Truncate(day); l.fitted == nil || at.After(l.fittedAt) {
		fitted, err := forecast.Fit(known.Between(at.Add(-forecast.Window), fitEnd(known, at)), l.fit)
		if err != nil {
			return fmt.Errorf("fit: %w", err)
		}
		l.fitted, l.fittedAt = fitted, at
	}
	f, err := l.fitted.Forecast(known.Between(known.Origin().Add(-forecast.Window), known.Origin()), l.horizon(), []float64{l.cfg.Quantile, ScoreLevel, l.cfg.ShadowQuantile})
	if err != nil {
		return fmt.Errorf("forecast: %w", err)
	}
	l.forecast = f
	observed, at, _ := known.Last()
	l.input = capacity.Input{Observed: observed, ObservedAt: at, Highest: known.Max(), Forecast: &l.forecast}
	l.decide(now)
	return nil
}

// fitEnd is the last midnight, where there is a week before it: a fit is of one
// origin, whoever makes it. A younger history is fitted up to its end.
func fitEnd(known forecast.Series, midnight time.Time) time.Time {
	if midnight.Sub(known.Start) < 7*day {
		return known.Origin()
	}
	return midnight
}

// horizon reaches past the longest lead, and an hour ahead, which is scored.
func (l *line) horizon() int {
	reach := l.cfg.MaxAge + l.cfg.Interval + max(l.cfg.ColdStartLead, l.cfg.ActivationLead, l.cfg.ShadowLead, time.Hour)
	return int(reach/l.load.Step) + 2
}

func (l *line) decide(now time.Time) {
	in := l.input
	in.Now, in.Cover = now, l.cover
	in.Previous, in.PreviousFloor = l.decision.Value, l.decision.Floor
	in.PreviousNow, in.PreviousShadow = l.decision.NowTerm, l.decision.ShadowNeed
	d, err := capacity.Decide(in, l.cfg)
	if l.refused = err; err == nil {
		l.decision = d
	}
}

// read is what the HPA reads.
func (l *line) read(time.Time) (float64, error) { return float64(l.decision.Value), l.refused }

// covered takes over how many replicas need no cold start: the value follows at
// once.
func (l *line) covered(now time.Time, p *v1alpha1.ShadowPool) {
	l.cover = 0
	if c := p.Status.Cover; c != nil {
		l.cover = int(max(c.Replicas, 0))
	}
	if !l.input.ObservedAt.IsZero() {
		l.decide(now)
	}
}
