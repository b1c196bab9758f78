package history

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/semaphore"
	"k8s.io/utils/clock"
)

// chunkPoints is the longest range of one request in steps; Prometheus and
// Thanos refuse more than 11,000 points of a series.
const chunkPoints = 10_000

// maxQueryTime is how long chunks of one query are begun.
const maxQueryTime = 10 * time.Minute

// Remote asks a server that speaks the Prometheus HTTP API. It is safe for
// concurrent use.
type Remote struct {
	cfg     RemoteConfig
	where   string // the URL without credentials
	api     apiv1.API
	http    *http.Client
	slots   *semaphore.Weighted
	clock   clock.WithTicker
	logger  log.Logger
	metrics *Metrics
	holdoff holdoff
}

var _ Source = (*Remote)(nil)

// NewRemote checks the configuration and returns a Source that has not yet
// asked anything.
func NewRemote(cfg RemoteConfig, logger log.Logger, metrics *Metrics, clk clock.WithTicker) (*Remote, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	u, auth, err := parseURL(cfg.URLField, cfg.URL)
	if err != nil {
		return nil, err
	}
	httpConfig, err := cfg.withAuth(auth)
	if err != nil {
		return nil, err
	}
	if err := httpConfig.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.HTTPField, err)
	}
	client, err := newHTTPClient(httpConfig, cfg.MaxBytes, metrics)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.HTTPField, err)
	}
	return newRemote(cfg, u, client, logger, metrics, clk)
}

func newHTTPClient(c config.HTTPClientConfig, maxBytes int64, metrics *Metrics) (*http.Client, error) {
	client, err := config.NewClientFromConfig(c, "foreshadow", config.WithUserAgent("foreshadow-adapter"))
	if err != nil {
		return nil, err
	}
	client.Transport = limitTransport{next: client.Transport, max: maxBytes, read: metrics.bytes}
	return client, nil
}

func newRemote(cfg RemoteConfig, u *url.URL, client *http.Client, logger log.Logger, metrics *Metrics, clk clock.WithTicker) (*Remote, error) {
	c, err := api.NewClient(api.Config{Address: u.String(), Client: client})
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", u, err)
	}
	return &Remote{
		cfg:     cfg,
		where:   u.String(),
		api:     apiv1.NewAPI(statusClient{Client: c}),
		http:    client,
		slots:   semaphore.NewWeighted(int64(cfg.Limits.Concurrent)),
		clock:   clk,
		logger:  log.With(logger, "component", "history"),
		metrics: metrics,
	}, nil
}

// String is the server's URL without credentials.
func (r *Remote) String() string { return r.where }

// Close gives up the connections that stand idle.
func (r *Remote) Close() { r.http.CloseIdleConnections() }

// QueryRange asks in chunks and merges the answers; either all chunks count or
// none. Each chunk has a deadline of its own, Limits.Timeout, so that a long
// range can be read from a slow server, too; after ten minutes no further chunk
// is begun. The wait for a slot counts against no deadline but its own.
func (r *Remote) QueryRange(ctx context.Context, expr string, rng Range) (Result, error) {
	if err := rng.Validate(); err != nil {
		return Result{}, err
	}
	rng = rng.Aligned()
	if err := r.cfg.Limits.CheckRange(rng); err != nil {
		return Result{}, err
	}
	began := r.clock.Now()
	q := &remoteQuery{Remote: r, expr: expr, into: NewBuilder(rng, r.cfg.Limits.Series(rng))}
	res, err := q.run(ctx, rng)
	if err != nil {
		res, err = Result{}, r.explain(ctx, err)
	}
	r.metrics.Observe(res, err, r.clock.Since(began))
	return res, err
}

// remoteQuery is one QueryRange under way.
type remoteQuery struct {
	*Remote
	expr     string
	deadline time.Time // of the chunk, by the Remote's clock
	into     *Builder
}

func (q *remoteQuery) run(ctx context.Context, rng Range) (Result, error) {
	size, last := chunkPoints, q.clock.Now().Add(maxQueryTime)
	for start := rng.Start; !start.After(rng.End); {
		chunk := Range{Start: start, End: start.Add(time.Duration(size-1) * rng.Step), Step: rng.Step}
		if chunk.End.After(rng.End) {
			chunk.End = rng.End
		}
		if q.clock.Now().After(last) {
			return Result{}, errUnfinished
		}
		err := q.chunk(ctx, chunk)
		if n := chunk.Points(); n > 1 && errors.Is(err, ErrTooManySamples) {
			size = n / 2 // for the rest of this range too: it will not get cheaper
			continue
		}
		if err != nil {
			return Result{}, err
		}
		start = chunk.End.Add(rng.Step)
	}
	return q.into.Result(), nil
}

// errUnfinished says that a query of many chunks took too long as a whole.
var errUnfinished = fmt.Errorf("not finished within %v", maxQueryTime)

// chunk asks until there is an answer, an error that repeating cannot cure, or
// no time or attempt left.
func (q *remoteQuery) chunk(ctx context.Context, r Range) error {
	delays := backoff.NewExponentialBackOff()
	q.deadline = q.clock.Now().Add(q.cfg.Limits.Timeout)
	for attempt := 1; ; attempt++ {
		if err := q.waitUntil(ctx, q.holdoff.end()); err != nil {
			return err
		}
		err := q.ask(ctx, r)
		var status *statusError
		if err == nil || !errors.As(err, &status) || !retriable(status) {
			return err
		}
		now := q.clock.Now()
		asked := status.wait(now)
		if asked > 0 {
			q.holdoff.extend(now.Add(asked))
		}
		if attempt >= q.cfg.MaxAttempts {
			return err
		}
		_ = level.Debug(q.logger).Log("msg", "query repeated", "reason", status.Error())
		delay := delays.NextBackOff()
		switch err := q.waitUntil(ctx, now.Add(max(asked, delay))); {
		case errors.Is(err, errNoTime) && asked < delay:
			return status // there is no time for another attempt, and nobody asked for more
		case err != nil:
			return errors.Join(err, status)
		}
	}
}

// errNoTime says that a wait would end after the query's deadline.
var errNoTime = errors.New("server asked to wait beyond the query's deadline")

func (q *remoteQuery) waitUntil(ctx context.Context, t time.Time) error {
	d := t.Sub(q.clock.Now())
	if d <= 0 {
		return nil
	}
	if t.After(q.deadline) {
		return errNoTime
	}
	timer := q.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}

// ask sends one request and, if the answer is good, keeps its samples.
func (q *remoteQuery) ask(ctx context.Context, r Range) error {
	waited := q.clock.Now()
	if err := acquire(ctx, q.slots, q.cfg.Limits.Timeout); err != nil {
		return err
	}
	defer q.slots.Release(1)
	q.deadline = q.deadline.Add(q.clock.Since(waited))
	q.metrics.requests.Inc()
	// Whole seconds: servers do not read the fractions that Duration prints.
	left := q.deadline.Sub(q.clock.Now())
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	value, warnings, _, err := q.api.QueryRange(ctx, q.expr, apiv1.Range{Start: r.Start, End: r.End, Step: r.Step},
		apiv1.WithTimeout(max(left.Truncate(time.Second), time.Second)), apiv1.WithLimit(uint64(q.into.maxSeries)+1))
	if err != nil {
		return err
	}
	q.into.Warn(warnings...)
	return q.keep(value)
}

func (q *remoteQuery) keep(value model.Value) error {
	matrix, ok := value.(model.Matrix)
	if !ok {
		kind := "nothing"
		if value != nil {
			kind = "a " + value.Type().String()
		}
		return fmt.Errorf("%w: %s where a matrix is due", ErrBadAnswer, kind)
	}
	for _, s := range matrix {
		if s == nil {
			return fmt.Errorf("%w: a series is null", ErrBadAnswer)
		}
		labels := make(map[string]string, len(s.Metric))
		for name, v := range s.Metric {
			labels[string(name)] = string(v)
		}
		i, err := q.into.Series(labels)
		if err != nil {
			return err
		}
		for _, p := range s.Values {
			q.into.Add(i, int64(p.Timestamp), float64(p.Value))
		}
		q.into.Drop(DropHistogram, len(s.Histograms))
	}
	return nil
}
