package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// What part of a window may be missing before it is left out.
const (
	maxHistoryMissing = 0.3
	maxActualMissing  = 0.5
)

// LeastHistory is how little a forecast may be told to look back at.
const LeastHistory = time.Hour

// ScoreLevel is the quantile that is scored.
const ScoreLevel = 0.95

// Config says which forecasts of the past are repeated.
type Config struct {
	// Origins is how many there are at most, spread evenly.
	Origins int
	// History is how much a forecast may look back at; a week of it, or all if it
	// is less, lies before the first origin.
	History time.Duration
	// Horizon is how far ahead; 0 for a season, or 48 steps of hourly values.
	Horizon time.Duration
	Levels  []float64
	Season  Season
	// Calendar is by which clock the loads live, and their days unlike others.
	Calendar calendar.Calendar
	// Algorithm is the model, if it is not to be Auto.
	Algorithm Algorithm
	// Keep keeps the forecasts themselves.
	Keep     bool
	Progress func(done, total int)
}

// plan is where the origins of one series lie, in steps.
type plan struct {
	m, horizon, history, hour int
	origins                   []int // the first step that is forecast
}

// ErrTooShort says that a series has not enough values for one origin.
var ErrTooShort = errors.New("too short")

// planFor spreads the origins: the first one after the longer of seven seasons
// and 0.4 of the series, the last one a horizon before its end, and at least a
// quarter of the horizon apart.
func (c Config) planFor(s forecast.Series) (plan, error) {
	m, err := c.Season.steps(s.Step)
	if err != nil {
		return plan{}, err
	}
	if err := c.Season.check(Roughly(min(s.Span(), c.History))); err != nil {
		return plan{}, err
	}
	p := plan{m: m, horizon: m, history: int(c.History / s.Step), hour: max(int(time.Hour/s.Step), 1)}
	switch {
	case c.Horizon > 0:
		p.horizon = max(int(c.Horizon/s.Step), 1)
	case s.Step == time.Hour:
		p.horizon = 48
	}
	n := len(s.Values)
	first := max(min(7*m, p.history), int(0.4*float64(n)))
	last := n - p.horizon
	if first > last {
		return plan{}, p.tooShort(n, s.Step)
	}
	k := min(c.Origins, 1+(last-first)/max(1, p.horizon/4))
	for i := range k {
		at := float64(first)
		if k > 1 {
			at += float64(i) * float64(last-first) / float64(k-1)
		}
		p.origins = append(p.origins, int(math.RoundToEven(at)))
	}
	p.origins = slices.Compact(p.origins)
	return p, nil
}

// tooShort says what n steps lack, and which flags ask for less: one of them
// where it does alone, else both.
func (p plan) tooShort(n int, step time.Duration) error {
	long := func(steps int) string { return Duration(Roughly(time.Duration(steps) * step)) }
	history := min(7*p.m, p.history)
	least := max(history+p.horizon, int(math.Ceil(float64(p.horizon)/0.6)))
	// What is left of the series, by the rule of the first origin.
	shorterHistory, shorterHorizon := n-p.horizon, n-max(history, int(0.4*float64(n)))
	var less []string
	if shorterHistory > 0 && int(0.4*float64(n)) <= shorterHistory {
		less = append(less, "--history="+long(shorterHistory))
	}
	if shorterHorizon > 0 {
		less = append(less, "--horizon="+long(shorterHorizon))
	}
	remedy := strings.Join(less, " or ")
	if remedy == "" {
		remedy = "both --history=" + long(n-n/4) + " and --horizon=" + long(max(n/4, 1))
	}
	err := fmt.Errorf("%w: it covers %s, and %s of history with %s to forecast are the least: read more of it (%s or longer)",
		ErrTooShort, long(n), long(history), long(p.horizon), Duration(time.Duration(least)*step))
	if time.Duration(n-n/4)*step < LeastHistory {
		return err
	}
	return fmt.Errorf("%w, or write %s or less", err, remedy)
}

// window is one origin of one series.
type window struct {
	series, origin int
	plan           plan
	sparse         bool

	forecast forecast.Forecast
	history  time.Duration // that it was learnt from
	scores   []score       // by model
	levels   []Coverage
}

// score is what one model reached in one window.
type score struct {
	model       string
	whole, hour Metrics
}

// Coverage is the share of actual values at or below the quantile of a level.
type Coverage struct {
	Level     float64 `json:"level"`
	Horizon   Number  `json:"horizon"`
	FirstHour Number  `json:"firstHour"`
}

// Run repeats the forecasts of the past of each series, several at a time, and
// scores them beside their peers'.
func Run(ctx context.Context, series []Series, c Config) (*Report, error) {
	r := &Report{config: c, series: series}
	var windows []*window
	for i, s := range series {
		p, err := c.planFor(s.Series)
		if err != nil {
			r.Skipped = append(r.Skipped, Skipped{Series: s.Name, Reason: err.Error()})
			continue
		}
		for _, o := range p.origins {
			windows = append(windows, &window{series: i, origin: o, plan: p})
		}
	}
	if len(windows) == 0 {
		return nil, r.nothing()
	}
	err := inParallel(ctx, len(windows), c.Progress, func(i int) error {
		w := windows[i]
		if err := w.run(series[w.series].Series, c); err != nil {
			s := series[w.series]
			return fmt.Errorf("series %s, origin %s: %w", s.Name, stamp(s.Time(w.origin-1)), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.sum(windows)
	if len(r.Series) == 0 {
		return nil, r.nothing()
	}
	return r, nil
}

// nothing says why no series could be scored.
func (r *Report) nothing() error {
	if len(r.Skipped) == 0 {
		return errors.New("no series to score: write a source that has one")
	}
	s := r.Skipped[0]
	if len(r.Skipped) == 1 {
		return fmt.Errorf("series %s: %s", s.Series, s.Reason)
	}
	return fmt.Errorf("none of %d series can be scored; the first, %s: %s", len(r.Skipped), s.Series, s.Reason)
}

func (w *window) run(s forecast.Series, c Config) error {
	x, actual := s.Values[max(0, w.origin-w.plan.history):w.origin], s.Values[w.origin:w.origin+w.plan.horizon]
	if missing(x) > maxHistoryMissing || missing(actual) > maxActualMissing {
		w.sparse = true
		return nil
	}
	known := forecast.Series{Start: s.Time(w.origin - len(x)), Step: s.Step, Values: slices.Clip(x)}
	levels := slices.Concat(c.Levels, []float64{ScoreLevel})
	f, err := c.Season.forecast(known, c.Algorithm.config(c.Calendar), w.plan.horizon, levels)
	if err != nil {
		return err
	}
	upper := f.Quantiles[slices.Index(f.Levels, ScoreLevel)]
	w.score(Ours, x, actual, prediction{f.Point, upper})
	for l, p := range f.Levels {
		if slices.Contains(c.Levels, p) {
			hour := min(w.plan.hour, len(actual))
			w.levels = append(w.levels, Coverage{
				Level: p, Horizon: Number(forecast.Coverage(actual, f.Quantiles[l])),
				FirstHour: Number(forecast.Coverage(actual[:hour], f.Quantiles[l][:hour])),
			})
		}
	}
	full := filled(x, w.plan.m, w.plan.hour)
	for _, peer := range peers() {
		p, ok := peer.forecast(full, w.plan.m, w.plan.horizon, ScoreLevel)
		if !ok {
			continue
		}
		if known.Min() >= 0 {
			p.neverNegative()
		}
		w.score(peer.name, x, actual, p)
	}
	if c.Keep {
		w.forecast, w.history = f, c.Season.history(known)
	}
	return nil
}

func (w *window) score(model string, x, actual []float64, p prediction) {
	hour := min(w.plan.hour, len(actual))
	w.scores = append(w.scores, score{
		model: model,
		whole: measure(x, actual, p.point, p.upper, w.plan.m),
		hour:  measure(x, actual, p.point[:hour], p.upper[:hour], w.plan.m),
	})
}

// missing is the share of gaps.
func missing(x []float64) float64 {
	n := 0
	for _, v := range x {
		if math.IsNaN(v) {
			n++
		}
	}
	return float64(n) / float64(len(x))
}
