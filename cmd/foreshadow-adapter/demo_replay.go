package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// The replay's fixed conditions.
const (
	meanReplicas = 15 // of the reactive HPA, where the trace has no size of its own

	spikeFactor = 1.8
	spikeLength = 20 * time.Minute
	// Where the faults begin, as shares of the replayed time.
	spikeAt  = 0.35
	outageAt = 0.7
	outage   = time.Hour
)

// replay is the trace cut in two, with its faults, and the reactive peers.
type replay struct {
	simulate.Comparison
	trace   simulate.Trace
	history forecast.Series
	series  forecast.Series // the replayed part, spike included
	spike   simulate.Spike
	outage  simulate.Span
}

func (o demoOptions) newReplay() (*replay, error) {
	r := &replay{}
	var err error
	if r.trace, err = o.readTrace(); err != nil {
		return nil, err
	}
	var replayed forecast.Series
	if r.history, replayed, err = r.trace.Split(o.replay); err != nil {
		return nil, err
	}
	capacity := o.capacity
	if capacity == 0 {
		if capacity, err = simulate.CapacityFor(replayed, meanReplicas, simulate.ReactiveTarget); err != nil {
			return nil, err
		}
	}
	if capacity < simulate.LeastCapacity {
		return nil, fmt.Errorf("a replica that carries %v: the HPA counts in thousandths: write --capacity-per-replica=%v or more, or the trace in a smaller unit", capacity, simulate.LeastCapacity)
	}
	r.Comparison = o.comparison(capacity, r.history.Step)
	r.spike, r.outage = faultsOf(replayed)
	if r.series, err = r.spike.Apply(replayed); err != nil {
		return nil, err
	}
	if r.Load, err = simulate.NewLoad(r.series, r.spike.Span()); err != nil {
		return nil, err
	}
	return r, nil
}

// comparison is what the demo's pools and HPAs are made of.
func (o demoOptions) comparison(capacity float64, step time.Duration) simulate.Comparison {
	return simulate.Comparison{
		Workload: simulate.DefaultWorkload(capacity, o.coldStart), Step: step, Refresh: updateEvery,
		Quantile: o.quantile, IdlePercent: o.idlePercent,
	}
}

// faultsOf places the faults in a replay of at least shortestReplay: apart, and
// with room before and after. They begin with an update.
func faultsOf(replayed forecast.Series) (simulate.Spike, simulate.Span) {
	at := func(share float64) time.Time {
		return replayed.Start.Add(time.Duration(share * float64(replayed.Span())).Truncate(updateEvery))
	}
	return simulate.Spike{Start: at(spikeAt), Length: spikeLength, Factor: spikeFactor},
		simulate.Span{Start: at(outageAt), End: at(outageAt).Add(outage)}
}

func (o demoOptions) readTrace() (simulate.Trace, error) {
	if o.csv == "" {
		t, err := simulate.Bundled(o.trace)
		if err != nil {
			return simulate.Trace{}, fmt.Errorf("--trace: %w", err)
		}
		return t, nil
	}
	f, err := os.Open(filepath.Clean(o.csv))
	if err != nil {
		return simulate.Trace{}, fmt.Errorf("--csv: %w: write the path of a CSV file", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close() // only looked at
		return simulate.Trace{}, fmt.Errorf("--csv: %s is a directory: write the path of a CSV file in it", o.csv)
	}
	defer f.Close() //nolint:errcheck // only read
	t, err := simulate.FromCSV(o.csv, f)
	if err != nil {
		return simulate.Trace{}, fmt.Errorf("--csv: %w", err)
	}
	return t, nil
}

// course is one run of a replay.
type course struct {
	*replay
	line       *line
	live       *simulate.Live
	score      *simulate.Score
	reactive   *simulate.Arm
	predictive *simulate.Arm
	shadows    *simulate.Shadows
	equal      simulate.Solution // costs as much as predictive
	equalPrice simulate.Solution // costs as much as shadows
	idle       float64           // the price of a shadow, of a live pod's
	solvedAt   time.Time
	fed        time.Time // the load before this instant is in the store
}

// run replays the trace through the line and returns what came of it.
func (r *replay) run(ctx context.Context, ln *line, live *simulate.Live, p *pacer) (simulate.Report, error) {
	c := &course{replay: r, line: ln, live: live, fed: r.Load.Start(), idle: float64(*ln.standby.pool.Spec.Idle.CPUPercent) / 100}
	var err error
	if c.score, err = simulate.NewScore(r.history); err != nil {
		return simulate.Report{}, err
	}
	if c.reactive, err = r.Reactive().Arm("reactive", r.Load, r.Load.Start(), 0); err != nil {
		return simulate.Report{}, err
	}
	if c.predictive, err = simulate.NewArm(r.Recipe("predictive", ln.read(demoPool)), r.Load, r.Load.Start()); err != nil {
		return simulate.Report{}, err
	}
	if c.shadows, err = r.shadows(ln); err != nil {
		return simulate.Report{}, err
	}
	for now := r.Load.Start(); now.Before(r.Load.End()); now = now.Add(updateEvery) {
		if err := c.step(ctx, now); err != nil {
			return simulate.Report{}, err
		}
		if err := p.wait(ctx); err != nil {
			return simulate.Report{}, err
		}
	}
	if err := c.solve(r.Load.End()); err != nil {
		return simulate.Report{}, err
	}
	if err := live.Close(); err != nil {
		return simulate.Report{}, err
	}
	return simulate.NewReport(simulate.Outcome{
		Trace: r.trace.Name, Start: r.Load.Start(), End: r.Load.End(),
		Reactive: c.reactive.State(), Predictive: c.predictive.State(), EqualCost: c.equal,
		Shadows: c.shadows.State(), EqualPrice: c.equalPrice, Used: c.shadows.Used(), IdleShare: c.idle,
		Forecast: c.score.Report(),
	}), nil
}

// step refreshes at now and lets every arm live until the next update.
func (c *course) step(ctx context.Context, now time.Time) error {
	if err := c.faults(now); err != nil {
		return err
	}
	fresh := c.series.Between(c.fed, now)
	c.fed = now.Add(time.Nanosecond)
	report, err := c.line.update(ctx, now, fresh)
	if err != nil {
		return err
	}
	c.judge(report, fresh)
	until := now.Add(updateEvery)
	if end := c.Load.End(); until.After(end) {
		until = end
	}
	if err := c.advance(ctx, until); err != nil {
		return err
	}
	if until.Sub(c.solvedAt) >= time.Hour {
		if err := c.solve(until); err != nil {
			return err
		}
	}
	predicted := math.NaN()
	if p := report.Published().PredictedLoad; p.Reason == "" {
		predicted = p.Value
	}
	return c.live.Show(simulate.Frame{
		Now: now, Load: c.Load.At(now), Predicted: predicted,
		Arms: []simulate.ArmState{c.reactive.State(), c.equal.Arm.State(), c.predictive.State(), c.shadows.State()},
	})
}

// advance lets the arms live. That the metric is invalid is part of the story
// during the outage, when the HPA goes on by the other one; at any other time it
// is our failure.
func (c *course) advance(ctx context.Context, until time.Time) error {
	if err := c.reactive.Advance(until); err != nil {
		return err
	}
	invalid := c.predictive.Advance(until)
	if err := c.shadows.Advance(until); invalid == nil {
		invalid = err
	}
	if err := c.line.alive(ctx); err != nil {
		return err // it explains the other
	}
	if c.line.gate.down {
		return nil
	}
	return invalid
}

// faults begins and ends them, and says so.
func (c *course) faults(now time.Time) error {
	starts := func(at time.Time) bool { return !now.Before(at) && now.Before(at.Add(updateEvery)) }
	c.line.gate.down = c.outage.Contains(now)
	switch {
	case starts(c.spike.Start):
		return c.live.Note(now, fmt.Sprintf("a spike that nothing announced: load x%.1f for %v", spikeFactor, spikeLength))
	case starts(c.outage.Start):
		return c.live.Note(now, fmt.Sprintf("Prometheus is stopped for %v: the forecast goes on and never lowers, then the HPA holds and follows its second metric", outage))
	case starts(c.outage.End):
		return c.live.Note(now, "Prometheus is back")
	}
	return nil
}

// judge scores the forecasts of an hour ago and keeps the one for an hour from
// now. During the outage none is made: the last one only grows older.
func (c *course) judge(report refresh.Report, fresh forecast.Series) {
	for i, v := range fresh.Values {
		c.score.AddActual(fresh.Time(i), v)
	}
	f := report.Forecast
	if f == nil || report.ReadErr != nil {
		return
	}
	h := int(time.Hour / f.Step)
	target := f.Origin.Add(time.Duration(h) * f.Step) // an hour ahead, or the last step before
	q95, err := f.Max(0.95, target.Add(-f.Step), target)
	if err == nil && h <= len(f.Point) {
		c.score.AddForecast(f.Origin, target, f.Point[h-1], q95)
	}
}

// solve finds the reactive arms that have cost as much as the predictive one, and
// at the end as the one with shadows.
func (c *course) solve(until time.Time) error {
	var err error
	if c.equal, err = c.solveFor("reactive+", until, c.predictive.State().Totals.PodHours(), c.equal); err != nil {
		return err
	}
	c.solvedAt = until
	if until.Before(c.Load.End()) {
		return nil
	}
	c.equalPrice, err = c.solveFor("reactive, equal price", until, c.shadows.PricedHours(c.idle), c.equal)
	return err
}

func (c *course) solveFor(name string, until time.Time, podHours float64, near simulate.Solution) (simulate.Solution, error) {
	hint := 0.0
	if near.Arm != nil {
		hint = near.ExtraPercent
	}
	return c.Reactive().Solve(name, c.Load, c.Load.Start(), until, podHours, hint)
}
