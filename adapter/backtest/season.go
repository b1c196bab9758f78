package backtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

const (
	day = 24 * time.Hour
	// leastSeason is the least number of steps in a season that is scored.
	leastSeason = 24
)

// Season is the cycle of a load. Zero leaves it to the engine: days, and weeks
// where the history shows them.
type Season time.Duration

// ParseSeason reads auto or a duration.
func ParseSeason(s string, parse func(string) (time.Duration, error)) (Season, error) {
	if s == "auto" {
		return 0, nil
	}
	d, err := parse(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("--season: %q: write auto, or the length of the cycle such as 24h or 12h", s)
	}
	return Season(d), nil
}

// length is the cycle that peers repeat and scores are scaled by.
func (s Season) length() time.Duration {
	if s == 0 {
		return day
	}
	return time.Duration(s)
}

// steps returns the cycle in steps of the grid, or why there is none.
func (s Season) steps(step time.Duration) (int, error) {
	m := int(s.length() / step)
	switch {
	case s.length()%step != 0:
		return 0, fmt.Errorf("its step of %s does not divide a season of %s: write another --season, or a --step that does", Duration(step), Duration(s.length()))
	case m < leastSeason && s == 0:
		return 0, fmt.Errorf("steps of %s cannot be backtested: a day has %d of them, and %d are the least: read values %s apart or less (--step), if the load was measured as finely",
			Duration(step), m, leastSeason, Duration(day/leastSeason))
	case m < leastSeason:
		return 0, fmt.Errorf("its step of %s gives a season of %s %s, and %d are the least: write a --step of %s or less, if its values are as fine, or a --season of %s or more",
			Duration(step), Duration(s.length()), plural(m, "step", "steps"), leastSeason, Duration(s.length()/leastSeason), Duration(leastSeason*step))
	}
	return m, nil
}

// check refuses a cycle that a history does not hold twice, which is the least
// to tell it from a trend.
func (s Season) check(history time.Duration) error {
	if s.length() == day || 2*s.length() <= history {
		return nil // of days the engine says itself what it lacks
	}
	return fmt.Errorf("--season: %s is longer than half of the %s of history: write %s or less, or auto", Duration(s.length()), Duration(history), Duration(history/2))
}

// read returns a series as the engine is to see it. The engine knows days and
// weeks; for another cycle time is stretched until the cycle is a day, seven of
// which it may take for a week.
func (s Season) read(x forecast.Series) forecast.Series {
	if s == 0 || time.Duration(s) == day {
		return x
	}
	m := time.Duration(s) / x.Step
	x.Step = day / max(m, 1)
	return x
}

// history is how much of a series a forecast is learnt from: the engine's window,
// stretched as time is.
func (s Season) history(x forecast.Series) time.Duration {
	steps := int(forecast.Window / s.read(x).Step)
	return min(x.Span(), time.Duration(steps)*x.Step)
}

// forecast learns from a series and forecasts from its end. A calendar counts
// where a day is one.
func (s Season) forecast(x forecast.Series, cfg forecast.Config, horizon int, levels []float64) (forecast.Forecast, error) {
	seen := s.read(x)
	if seen.Step != x.Step {
		cfg = forecast.Config{Model: cfg.Model, Parameters: cfg.Parameters}
	}
	fitted, err := forecast.Fit(seen, cfg)
	if err != nil {
		return forecast.Forecast{}, fmt.Errorf("fit: %w", err)
	}
	f, err := fitted.Forecast(seen, horizon, levels)
	if err != nil {
		return forecast.Forecast{}, fmt.Errorf("forecast: %w", err)
	}
	f.Origin, f.Step = x.Origin(), x.Step
	if seen.Step != x.Step {
		f.Note = "" // it speaks of stretched days
	}
	if x.Step >= day && f.Maturity == forecast.NoDailyCycle {
		f.Note = fmt.Sprintf("a value each %s shows no daily cycle: the recent level is forecast, with wider quantiles", Duration(x.Step))
	}
	for _, days := range []string{f.Today, f.Ahead} {
		if days != "" {
			f.Note = strings.TrimPrefix(f.Note+"; "+days, "; ")
		}
	}
	return f, nil
}
