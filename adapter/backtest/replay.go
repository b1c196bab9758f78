package backtest

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
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
	Length   time.Duration
	Progress func(done, total int)
}

// The bounds of a replay. A pool asks at most 6h ahead, and ours an HPA's sync
// more than a cold start; an HPA counts in thousandths.
const (
	LongestColdStart = 6*time.Hour - simulate.SyncPeriod
	ShortestReplay   = time.Hour
	LeastCapacity    = 0.02
)

// The replay's fixed conditions, which are those of the demo.
const (
	reactiveTarget = 0.7 // of a replica's capacity: what the reactive HPA aims at
	safetyTarget   = 0.9 // the same for the predictive HPA's second metric
	maxReplicas    = 500
	refreshEvery   = 5 * time.Minute
	standbyPercent = 50
	mostShadows    = 100
	idlePercent    = 10
	replayQuantile = 0.9
	shadowQuantile = 0.99
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
	cfg      ReplayConfig
	name     string
	whole    forecast.Series
	history  forecast.Series
	load     simulate.Load
	workload simulate.WorkloadConfig

	predictive, shadows *line
	score               *simulate.Score
	fed                 int // values of whole before it were scored
}

func newReplay(s Series, c ReplayConfig) (*replay, error) {
	if s.Step < simulate.MinStep || s.Step > simulate.MaxStep {
		return nil, fmt.Errorf("its step is %s: write a --step from %s to %s: a cold start falls between coarser values, and a pool reads none that are finer",
			span(s.Step), span(simulate.MinStep), span(simulate.MaxStep))
	}
	x := s.Series
	x.Values = filled(x.Values, int(day/x.Step), int(time.Hour/x.Step))
	r := &replay{cfg: c, name: s.Name, whole: x, workload: simulate.DefaultWorkload(c.CapacityPerReplica, c.ColdStart)}
	history, replayed, err := simulate.Trace{Name: s.Name, Series: x}.Split(c.Length)
	if err != nil {
		return nil, err
	}
	r.history, r.fed = history, len(history.Values)
	if r.load, err = simulate.NewLoad(replayed); err != nil {
		return nil, err
	}
	if r.score, err = simulate.NewScore(history); err != nil {
		return nil, err
	}
	if r.predictive, err = newLine(x, r.pool()); err != nil {
		return nil, err
	}
	r.shadows, err = newLine(x, r.standbyPool())
	return r, err
}

// pool is the ShadowPool that the workload would have. Its lead adds an HPA's
// sync to the cold start.
func (r *replay) pool() *v1alpha1.ShadowPool {
	per := v1alpha1.Decimal(strconv.FormatFloat(r.cfg.CapacityPerReplica, 'f', 9, 64))
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = "replay", "replay"
	p.Spec.Mode = v1alpha1.ModePredict
	p.Spec.ScaleTargetRef.Name = "replay"
	p.Spec.Load.Query, p.Spec.Load.CapacityPerReplica = "load", &per
	p.Spec.Prediction.Quantile = v1alpha1.DecimalOf(replayQuantile)
	p.Spec.Prediction.ShadowQuantile = v1alpha1.DecimalOf(shadowQuantile)
	p.Spec.Prediction.ColdStartLead = v1alpha1.DurationOf(r.cfg.ColdStart + simulate.SyncPeriod)
	p.Spec.Prediction.MaxAge = v1alpha1.DurationOf(max(15*time.Minute, 3*r.whole.Step+refreshEvery))
	p.Spec.History.Step = v1alpha1.DurationOf(r.whole.Step)
	p.Default()
	return p
}

// standbyPool keeps shadows. What its pods take to start was learnt before.
func (r *replay) standbyPool() *v1alpha1.ShadowPool {
	p := r.pool()
	p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
	p.Spec.ShadowPercentage, p.Spec.MaxShadows = new(int32(standbyPercent)), new(int32(mostShadows))
	p.Spec.Idle.CPUPercent = new(int32(idlePercent))
	p.Status.Leads = &v1alpha1.LeadStatus{
		ColdStart: v1alpha1.DurationOf(r.cfg.ColdStart), WarmUp: v1alpha1.DurationOf(r.workload.ColdFor),
	}
	p.Default()
	return p
}

func (r *replay) reactive() simulate.Reactive {
	return simulate.Reactive{Workload: r.workload, HPA: simulate.DefaultHPA(1, maxReplicas), Target: reactiveTarget, Read: r.load.Read}
}

// recipe is ours: the value, and as the second metric the load per pod as a
// safety net.
func (r *replay) recipe(name string, read func(time.Time) (float64, error)) simulate.ArmConfig {
	hpa := simulate.DefaultHPA(1, maxReplicas)
	hpa.Tolerance = simulate.Tolerance{} // the recipe's: our value is exact already
	per := r.cfg.CapacityPerReplica
	first := int(math.Ceil(r.load.At(r.load.Start()) / (per * reactiveTarget)))
	return simulate.ArmConfig{
		Name: name, Workload: r.workload, HPA: hpa, Replicas: min(max(first, 1), maxReplicas),
		Metrics: []simulate.Metric{
			{Name: "foreshadow_predicted_capacity_replicas", Type: simulate.MetricExternal, AverageValue: 1, Read: read},
			{Name: "load_per_pod", Type: simulate.MetricPods, AverageValue: per * safetyTarget, Read: r.load.Read},
		},
	}
}

// run lets the arms live from refresh to refresh.
func (r *replay) run(ctx context.Context) (simulate.Report, error) {
	start, end := r.load.Start(), r.load.End()
	reactive, err := r.reactive().Arm("reactive", r.load, start, 0)
	if err != nil {
		return simulate.Report{}, err
	}
	predictive, err := simulate.NewArm(r.recipe("predictive", r.predictive.read), r.load, start)
	if err != nil {
		return simulate.Report{}, err
	}
	shadows, err := simulate.NewShadows(simulate.ShadowsConfig{
		ArmConfig: r.recipe("shadows", r.shadows.read), Pool: r.shadows.pool,
		Published: r.shadows.published, Covered: r.shadows.covered, Refresh: refreshEvery,
	}, r.load, start)
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
	start, end := r.load.Start(), r.load.End()
	const idle = float64(idlePercent) / 100
	equal, err := r.reactive().Solve("reactive, equal cost", r.load, start, end, predictive.State().Totals.PodHours(), 0)
	if err != nil {
		return simulate.Report{}, err
	}
	price, err := r.reactive().Solve("reactive, equal price", r.load, start, end, shadows.PricedHours(idle), equal.ExtraPercent)
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
