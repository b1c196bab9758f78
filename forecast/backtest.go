package forecast

import (
	"fmt"
	"time"
)

// BacktestConfig says which forecasts of the past Backtest repeats.
type BacktestConfig struct {
	Config
	// First is the first origin; it is rounded down to the grid.
	First time.Time
	// Every is the number of steps between origins, Refit between fits. Both
	// default to a day, or to 24 steps where the step is too coarse.
	Every, Refit int
	// Horizon is the number of steps forecast from each origin; it defaults to
	// Every. Origins with fewer steps behind them are left out.
	Horizon int
	// Levels are the quantiles; they default to 0.9, 0.95 and 0.99.
	Levels []float64
}

// Fold is one forecast of a backtest and what really followed, gaps included.
type Fold struct {
	Forecast Forecast
	Actual   []float64
}

func (c BacktestConfig) withDefaults(s Series) BacktestConfig {
	m := seasonsOf(s.Step).day
	if m == 0 {
		m = 24
	}
	if c.Every == 0 {
		c.Every = m
	}
	if c.Refit == 0 {
		c.Refit = m
	}
	if c.Horizon == 0 {
		c.Horizon = c.Every
	}
	if len(c.Levels) == 0 {
		c.Levels = []float64{0.9, 0.95, 0.99}
	}
	return c
}

func (c BacktestConfig) validate() error {
	for _, v := range []struct {
		name  string
		value int
	}{{"every", c.Every}, {"refit", c.Refit}, {"horizon", c.Horizon}} {
		if v.value < 0 {
			return fmt.Errorf("backtest %s %d: write a positive number of steps", v.name, v.value)
		}
	}
	return nil
}

// Backtest repeats the forecasts of the past: from each origin, with the
// values up to it only, and with a fit that is up to Refit steps old, as in
// production.
func Backtest(s Series, cfg BacktestConfig) ([]Fold, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults(s)
	first := s.index(cfg.First, false)
	if first < 0 || first+cfg.Horizon >= len(s.Values) {
		return nil, fmt.Errorf("backtest from %s: no step before it, or fewer than %d after it", stamp(cfg.First), cfg.Horizon)
	}
	var folds []Fold
	var fit *Fitted
	fitted := 0
	for o := first; o+cfg.Horizon < len(s.Values); o += cfg.Every {
		known := Series{Start: s.Start, Step: s.Step, Values: s.Values[: o+1 : o+1]}
		if fit == nil || o-fitted >= cfg.Refit {
			var err error
			if fit, err = Fit(known, cfg.Config); err != nil {
				return nil, fmt.Errorf("fit at %s: %w", stamp(known.Origin()), err)
			}
			fitted = o
		}
		fc, err := fit.Forecast(known, cfg.Horizon, cfg.Levels)
		if err != nil {
			return nil, fmt.Errorf("forecast from %s: %w", stamp(known.Origin()), err)
		}
		folds = append(folds, Fold{Forecast: fc, Actual: s.Values[o+1 : o+1+cfg.Horizon]})
	}
	return folds, nil
}
