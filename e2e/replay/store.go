package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Store answers queries about a recording.
type Store struct {
	Recording *Recording
	db        *tsdb.DB
	engine    *promql.Engine
	parser    parser.Parser
}

// Open loads a recording into a storage in dir.
func Open(ctx context.Context, dir string, r *Recording) (*Store, error) {
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	p := parser.NewParser(parser.Options{})
	s := &Store{Recording: r, db: db, parser: p, engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e7, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Store) load(ctx context.Context) error {
	app := s.db.AppenderV2(ctx)
	for series, values := range s.Recording.Series {
		ls, err := s.parser.ParseMetric(series)
		if err != nil {
			return fmt.Errorf("read series %s: %w", series, err)
		}
		for i, v := range values {
			if math.IsNaN(v) {
				continue
			}
			at := s.Recording.Start.Add(time.Duration(i) * s.Recording.Interval).UnixMilli()
			if _, err := app.Append(0, ls, 0, at, v, nil, nil, storage.AOptions{}); err != nil {
				return fmt.Errorf("store %s: %w", series, err)
			}
		}
	}
	return app.Commit()
}

// End is the time of the last scrape.
func (s *Store) End() time.Time {
	return s.Recording.Start.Add(time.Duration(s.Recording.Scrapes-1) * s.Recording.Interval)
}

// Range answers a query for the whole of the recording. What Prometheus would warn of is an error.
func (s *Store) Range(ctx context.Context, expr string) (promql.Matrix, error) {
	query, err := s.engine.NewRangeQuery(ctx, s.db, nil, expr, s.Recording.Start, s.End(), s.Recording.Interval)
	if err != nil {
		return nil, fmt.Errorf("read query: %w", err)
	}
	defer query.Close()
	result := query.Exec(ctx)
	if err := errors.Join(append(result.Warnings.AsErrors(), result.Err)...); err != nil {
		return nil, err
	}
	m, err := result.Matrix()
	if err != nil {
		return nil, err
	}
	out := make(promql.Matrix, 0, len(m))
	for _, series := range m { // what Close takes back is copied
		out = append(out, promql.Series{Metric: series.Metric, Floats: append([]promql.FPoint(nil), series.Floats...)})
	}
	return out, nil
}

// Names lists the metrics that a query reads.
func (s *Store) Names(expr string) ([]string, error) {
	e, err := s.parser.ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	var names []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			names = append(names, v.Name)
		}
		return nil
	})
	return names, nil
}

// Values lists the values of a label, as label_values(selector, label) in Grafana does.
func (s *Store) Values(ctx context.Context, selector, label string) ([]string, error) {
	m, err := s.Range(ctx, "count by ("+label+") ("+selector+")")
	if err != nil {
		return nil, err
	}
	values := make([]string, 0, len(m))
	for _, series := range m {
		values = append(values, series.Metric.Get(label))
	}
	return values, nil
}

// Close closes the storage.
func (s *Store) Close() error { return s.db.Close() }
