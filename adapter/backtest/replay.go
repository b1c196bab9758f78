package backtest

import (
	"context"
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// ReplayConfig says what the workload is whose past is replayed.
type ReplayConfig struct {
	// CapacityPerReplica is the load that one warm replica carries, ColdStart the
	// time from the creation of a pod until it is ready.
	CapacityPerReplica float64
	ColdStart          time.Duration
	// Length is how much of the end is replayed; the rest is history.
	Length time.Duration
	// Calendar is by which clock the loads live, and their days unlike others.
	Calendar calendar.Calendar
	// Algorithm is the model, if it is not to be Auto.
	Algorithm Algorithm
	Progress  func(done, total int)
}

// The bounds of a replay.
const (
	LongestColdStart = simulate.LongestColdStart
	ShortestReplay   = time.Hour
	LeastCapacity    = simulate.LeastCapacity
)

// The replay's fixed conditions, which are those of the demo.
const (
	refreshEvery   = 5 * time.Minute
	idlePercent    = 10
	replayQuantile = 0.9
)

// ReplayAll replays the end of each series on a workload five times: reactive,
// on the forecast, on the forecast with shadows, and reactive at the cost of
// either. Nothing is injected: the load is as it was, gaps filled.
func ReplayAll(ctx context.Context, series []Series, c ReplayConfig) ([]simulate.Report, error) {
	out := make([]simulate.Report, len(series))
	err := inParallel(ctx, len(series), c.Progress, func(i int) error {
		r, err := newReplay(series[i], c)
		if err != nil {
			return fmt.Errorf("replay series %s: %w", series[i].Name, err)
		}
		if out[i], err = r.run(ctx); err != nil {
			return fmt.Errorf("replay series %s: %w", series[i].Name, err)
		}
		return nil
	})
	return out, err
}

// replay is one series cut in two.
type replay struct {
	simulate.Comparison
	name  string
	whole forecast.Series

	predictive, shadows *line
	score               *simulate.Score
	fed                 int // values of whole before it were scored
}

func newReplay(s Series, c ReplayConfig) (*replay, error) {
	if s.Step < simulate.MinStep || s.Step > simulate.MaxStep {
		return nil, fmt.Errorf("its step is %s: write a --step from %s to %s: a cold start falls between coarser values, and a pool reads none that are finer",
			Duration(s.Step), Duration(simulate.MinStep), Duration(simulate.MaxStep))
	}
	x := s.Series
	x.Values = filled(x.Values, int(day/x.Step), int(time.Hour/x.Step))
	r := &replay{name: s.Name, whole: x, Comparison: simulate.Comparison{
		Workload: simulate.DefaultWorkload(c.CapacityPerReplica, c.ColdStart), Step: x.Step, Refresh: refreshEvery,
		Quantile: replayQuantile, IdlePercent: idlePercent,
	}}
	if least := c.Length + simulate.MinHistory; x.Span() < least {
		remedy := "read more of the load"
		if most := Roughly(x.Span() - simulate.MinHistory); most >= ShortestReplay {
			remedy = fmt.Sprintf("write %s or less, or %s", Duration(most), remedy)
		}
		return nil, fmt.Errorf("--replay: %s: the load covers %s, and at least %s of history lie before what is replayed: %s",
			Duration(c.Length), Duration(Roughly(x.Span())), Duration(simulate.MinHistory), remedy)
	}
	history, replayed, err := simulate.Trace{Name: s.Name, Series: x}.Split(c.Length)
	if err != nil {
		return nil, err
	}
	r.fed = len(history.Values)
	if r.Load, err = simulate.NewLoad(replayed); err != nil {
		return nil, err
	}
	if r.score, err = simulate.NewScore(history); err != nil {
		return nil, err
	}
	pool := r.Pool("replay", "replay", "load")
	if r.predictive, err = newLine(x, pool, c.Algorithm.config(c.Calendar)); err != nil {
		return nil, err
	}
	r.shadows, err = newLine(x, r.StandbyPool(pool), c.Algorithm.config(c.Calendar))
	return r, err
}

// run lets the arms live from refresh to refresh.
func (r *replay) run(ctx context.Context) (simulate.Report, error) {
	start, end := r.Load.Start(), r.Load.End()
	reactive, err := r.Reactive().Arm("reactive", r.Load, start, 0)
	if err != nil {
		return simulate.Report{}, err
	}
	predictive, err := simulate.NewArm(r.Recipe("predictive", r.predictive.read), r.Load, start)
	if err != nil {
		return simulate.Report{}, err
	}
	shadows, err := simulate.NewShadows(simulate.ShadowsConfig{
		ArmConfig: r.Recipe("shadows", r.shadows.read), Pool: r.shadows.pool,
		Published: r.shadows.published, Covered: r.shadows.covered, Refresh: refreshEvery,
	}, r.Load, start)
	if err != nil {
		return simulate.Report{}, err
	}
	for now := start; now.Before(end); now = now.Add(refreshEvery) {
		if err := ctx.Err(); err != nil {
			return simulate.Report{}, err
		}
		if err := r.refresh(now); err != nil {
			return simulate.Report{}, err
		}
		until := now.Add(refreshEvery)
		if until.After(end) {
			until = end
		}
		for _, a := range []interface{ Advance(to time.Time) error }{reactive, predictive, shadows} {
			if err := a.Advance(until); err != nil {
				return simulate.Report{}, err
			}
		}
	}
	return r.report(reactive, predictive, shadows)
}

// refresh forecasts at now, and scores what was forecast an hour before.
func (r *replay) refresh(now time.Time) error {
	if err := r.predictive.refresh(now); err != nil {
		return err
	}
	if err := r.shadows.refresh(now); err != nil {
		return err
	}
	for ; r.fed < len(r.whole.Values) && !r.whole.Time(r.fed).After(now); r.fed++ {
		r.score.AddActual(r.whole.Time(r.fed), r.whole.Values[r.fed])
	}
	f := r.predictive.forecast
	h := int(time.Hour / f.Step)
	target := f.Origin.Add(time.Duration(h) * f.Step)
	q95, err := f.At(ScoreLevel, target)
	if err != nil {
		return err
	}
	r.score.AddForecast(f.Origin, target, f.Point[h-1], q95)
	return nil
}

// report finds the reactive arms of equal cost.
func (r *replay) report(reactive, predictive *simulate.Arm, shadows *simulate.Shadows) (simulate.Report, error) {
	start, end := r.Load.Start(), r.Load.End()
	const idle = float64(idlePercent) / 100
	equal, err := r.Reactive().Solve("reactive, equal cost", r.Load, start, end, predictive.State().Totals.PodHours(), 0)
	if err != nil {
		return simulate.Report{}, err
	}
	price, err := r.Reactive().Solve("reactive, equal price", r.Load, start, end, shadows.PricedHours(idle), equal.ExtraPercent)
	if err != nil {
		return simulate.Report{}, err
	}
	return simulate.NewReport(simulate.Outcome{
		Trace: r.name, Start: start, End: end, Undisturbed: true,
		Reactive: reactive.State(), Predictive: predictive.State(), EqualCost: equal,
		Shadows: shadows.State(), EqualPrice: price, Used: shadows.Used(), IdleShare: idle,
		Forecast: r.score.Report(),
	}), nil
}

// published is what the pool's status would say of the load.
func (l *line) published(time.Time) shadow.Published {
	if l.refused != nil || !l.decision.ShadowKnown {
		return shadow.Published{}
	}
	d := l.decision
	return shadow.Published{Known: true, Value: int32(d.Value), NowTerm: int32(d.NowTerm), ShadowNeed: int32(d.ShadowNeed)}
}
