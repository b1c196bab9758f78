package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"golang.org/x/sync/semaphore"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Config says where the samples are and what a query may cost. Zero fields take
// the defaults.
type Config struct {
	Dir string
	// Retention counts back from the newest sample, not from now; 32 days, the
	// default history window and a little more.
	Retention  time.Duration
	Lookback   time.Duration // how long PromQL takes the last sample for current; 5m
	MaxSamples int           // that one query may hold in memory; 10,000,000
	Limits     history.Limits
	// MaxBytes bounds the blocks on the volume: the oldest go first. 0: no bound.
	MaxBytes int64
	// Block is the length of a block; 2h. Late is how much older than the newest
	// sample one may be; 0: about half a block.
	Block, Late time.Duration
	// Registerer gets the metrics of storage and engine; nil: none.
	Registerer prometheus.Registerer

	flag string // what messages call Dir; --storage.path
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.WithDefaults()
	if c.Retention == 0 {
		c.Retention = 32 * 24 * time.Hour
	}
	if c.Block == 0 {
		c.Block = blockSpan
	}
	if c.flag == "" {
		c.flag = dirFlag
	}
	if c.Lookback == 0 {
		c.Lookback = 5 * time.Minute
	}
	if c.MaxSamples == 0 {
		c.MaxSamples = 10_000_000
	}
	return c
}

func (c Config) validate() error {
	if err := c.Limits.Validate(); err != nil {
		return err
	}
	if c.Dir == "" {
		return configError(c.flag + ": is empty: write a directory for the samples")
	}
	if c.Retention < c.Block {
		return configError(fmt.Sprintf("retention %v: write at least %v", c.Retention, c.Block))
	}
	return nil
}

// Store is a data directory and an engine over it. It is safe for concurrent
// use; Close must come after the last call.
type Store struct {
	cfg     Config
	db      *tsdb.DB
	engine  *promql.Engine
	slots   *semaphore.Weighted
	metrics *history.Metrics
	clock   clock.PassiveClock
	logger  *slog.Logger
}

var _ history.Source = (*Store)(nil)

// Open makes the directory if need be, locks it and replays what is there.
func Open(cfg Config, logger log.Logger, metrics *history.Metrics, clk clock.PassiveClock) (*Store, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	l := newLogger(logger)
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = cfg.Retention.Milliseconds()
	opts.MaxBytes, opts.OutOfOrderTimeWindow = cfg.MaxBytes, cfg.Late.Milliseconds()
	opts.MinBlockDuration = cfg.Block.Milliseconds()
	// As Prometheus does: few blocks for a long history.
	opts.MaxBlockDuration = max(opts.MinBlockDuration, opts.RetentionDuration/10)
	// Its own registry, so that an attempt that fails leaves nothing behind.
	own := prometheus.NewRegistry()
	db, err := tsdb.Open(cfg.Dir, l, own, opts, nil)
	if err != nil {
		return nil, openError(cfg.Dir, cfg.flag, err)
	}
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(own); err != nil {
			return nil, errors.Join(fmt.Errorf("register the metrics of %s: %w", cfg.Dir, err), db.Close())
		}
	}
	return &Store{
		cfg:     cfg,
		db:      db,
		engine:  newEngine(cfg, l),
		slots:   semaphore.NewWeighted(int64(cfg.Limits.Concurrent)),
		metrics: metrics,
		clock:   clk,
		logger:  l,
	}, nil
}

func newEngine(cfg Config, logger *slog.Logger) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:                   logger,
		Reg:                      cfg.Registerer,
		MaxSamples:               cfg.MaxSamples,
		Timeout:                  cfg.Limits.Timeout,
		LookbackDelta:            cfg.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   parser.NewParser(history.ParserOptions()),
	})
}

// String names the store in messages.
func (s *Store) String() string { return "the embedded store in " + s.cfg.Dir }

// Close writes out what is pending and gives the directory free.
func (s *Store) Close() error {
	if err := s.engine.Close(); err != nil {
		return fmt.Errorf("close engine: %w", err)
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close data directory %s: %w", s.cfg.Dir, err)
	}
	return nil
}

// Append adds one sample. A series' samples must come in order of time, and
// none may be much older than the newest one in the store.
func (s *Store) Append(ctx context.Context, l map[string]string, t time.Time, v float64) error {
	return s.AppendAll(ctx, []history.Samples{{Labels: l, Points: []history.Point{{TimeMillis: t.UnixMilli(), Value: v}}}})
}

// AppendAll adds samples of several series: all of them or none.
func (s *Store) AppendAll(ctx context.Context, series []history.Samples) error {
	app := s.db.AppenderV2(ctx)
	for _, one := range series {
		if err := appendSeries(app, one); err != nil {
			_ = app.Rollback() // err is the cause, and nothing was written yet
			return fmt.Errorf("append to %s: %w", s, err)
		}
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("append to %s: %w", s, err)
	}
	return nil
}

func appendSeries(app storage.AppenderV2, s history.Samples) error {
	l := labels.FromMap(s.Labels)
	var ref storage.SeriesRef
	for _, p := range s.Points {
		var err error
		if ref, err = app.Append(ref, l, 0, p.TimeMillis, p.Value, nil, nil, storage.AOptions{}); err != nil {
			return fmt.Errorf("series %s at %s: %w", history.FormatLabels(s.Labels), time.UnixMilli(p.TimeMillis).UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}
