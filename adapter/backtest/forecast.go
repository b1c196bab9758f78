package backtest

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// ForecastConfig says what is forecast of each series.
type ForecastConfig struct {
	// Horizon is how far ahead; at least a step.
	Horizon time.Duration
	// Levels are the quantiles.
	Levels []float64
	Season Season
	// Calendar is by which clock the loads live, and their days unlike others.
	Calendar calendar.Calendar
	// Algorithm is the model, if it is not to be Auto.
	Algorithm Algorithm
	// Progress is told how much is done; it may be nil, and is called by several
	// goroutines.
	Progress func(done, total int)
}

// Forecast is that of one series.
type Forecast struct {
	Series Series
	forecast.Forecast
	// History is how much of the series it was learnt from.
	History time.Duration
}

// ForecastAll forecasts each series from its end, several at a time.
func ForecastAll(ctx context.Context, series []Series, c ForecastConfig) ([]Forecast, error) {
	out := make([]Forecast, len(series))
	err := inParallel(ctx, len(series), c.Progress, func(i int) error {
		s := series[i]
		if c.Season != 0 {
			if _, err := c.Season.steps(s.Step); err != nil {
				return fmt.Errorf("series %s: %w", s.Name, err)
			}
			if err := c.Season.check(Roughly(s.Span())); err != nil {
				return fmt.Errorf("series %s: %w", s.Name, err)
			}
		}
		f, err := c.Season.forecast(s.Series, c.Algorithm.config(c.Calendar), max(int(c.Horizon/s.Step), 1), c.Levels)
		if err != nil {
			return fmt.Errorf("series %s: %w", s.Name, err)
		}
		out[i] = Forecast{Series: s, Forecast: f, History: c.Season.history(s.Series)}
		return nil
	})
	return out, err
}

// inParallel does n pieces of work, as many at a time as there are processors.
func inParallel(ctx context.Context, n int, progress func(done, total int), work func(i int) error) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var done atomic.Int64
	for i := range n {
		if within.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			if err := work(i); err != nil {
				return err
			}
			if progress != nil {
				progress(int(done.Add(1)), n)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
