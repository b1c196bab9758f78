package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// QueryRange evaluates expr on the stored samples.
func (s *Store) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	if err := r.Validate(); err != nil {
		return history.Result{}, err
	}
	r = r.Aligned()
	if err := s.cfg.Limits.CheckRange(r); err != nil {
		return history.Result{}, err
	}
	began := s.clock.Now()
	res, err := s.evaluate(ctx, expr, r)
	if err != nil {
		res, err = history.Result{}, s.explain(err)
	}
	s.metrics.Observe(res, err, s.clock.Since(began))
	return res, err
}

func (s *Store) evaluate(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	if err := s.cfg.Limits.Acquire(ctx, s.slots, s.String()); err != nil {
		return history.Result{}, err
	}
	defer s.slots.Release(1)
	// Only now: the wait was for others.
	qctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Timeout)
	defer cancel()
	q, err := s.engine.NewRangeQuery(qctx, s.db, nil, expr, r.Start, r.End, r.Step)
	if err != nil {
		return history.Result{}, &history.QueryError{Where: s.String(), Kind: history.ErrBadQuery, Cause: err, Remedy: "check the expression"}
	}
	defer q.Close()
	answer := q.Exec(qctx)
	if answer.Err != nil {
		return history.Result{}, answer.Err
	}
	matrix, err := answer.Matrix()
	if err != nil {
		return history.Result{}, err
	}
	b := history.NewBuilder(r, s.cfg.Limits.Series(r))
	warnings, _ := answer.Warnings.AsStrings(expr, 0, -1)
	b.Warn(warnings...)
	return fill(b, matrix)
}

// fill copies the samples: the engine reuses the matrix once its query closes.
func fill(b *history.Builder, matrix promql.Matrix) (history.Result, error) {
	for _, series := range matrix {
		i, err := b.Series(series.Metric.Map())
		if err != nil {
			return history.Result{}, err
		}
		for _, p := range series.Floats {
			b.Add(i, p.T, p.F)
		}
		b.Drop(history.DropHistogram, len(series.Histograms))
	}
	return b.Result(), nil
}

// explain gives an error of the engine its kind and its remedy.
func (s *Store) explain(err error) error {
	var (
		known    *history.QueryError
		many     *history.ManySeriesError
		samples  promql.ErrTooManySamples
		timeout  promql.ErrQueryTimeout
		canceled promql.ErrQueryCanceled
	)
	e := &history.QueryError{Where: s.String(), Cause: err}
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &many):
		return fmt.Errorf("query %s: %w", s, err)
	case errors.As(err, &samples):
		e.Kind, e.Remedy = history.ErrTooLarge, "write a cheaper query or a shorter history.window"
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Remedy = history.ErrTimeout, "write a cheaper query or a shorter history.window"
		e.Cause = fmt.Errorf("no answer within %v", s.cfg.Limits.Timeout)
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return fmt.Errorf("query %s: %w", s, context.Canceled)
	default:
		e.Kind, e.Remedy = history.ErrBadQuery, "check the expression"
	}
	return e
}
