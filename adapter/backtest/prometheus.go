package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

const (
	// chunkSteps is how much of a range one query asks for, so that a server
	// that stops half-way has given the newest part already.
	chunkSteps = 5_000
	leastChunk = 100
	// maxQuerySeries and maxAnswer bound what one query may bring: a person
	// waits for it, and no pool beside it.
	maxQuerySeries = 1_000
	maxAnswer      = 64 << 20
	maxNamed       = 5 // series in a note
)

// PrometheusConfig says what is read, and from where.
type PrometheusConfig struct {
	URL string
	// ConfigFile is in the format of Prometheus' http_config; empty for none.
	ConfigFile string
	// Timeout is that of one query.
	Timeout time.Duration
	Query   string
	// Range is read up to End, a value each Step.
	Range, Step time.Duration
	End         time.Time
}

// Read is what came of a query.
type Read struct {
	Series []Series
	// Queries are the HTTP requests that it took, those that failed too.
	Queries int
	// Notes say what is missing of it.
	Notes []string
}

// ReadPrometheus reads each series of a query, the newest part first. If the
// server gives up on the way, what was read is returned with a note that says
// so; it is an error only if nothing was.
func ReadPrometheus(ctx context.Context, c PrometheusConfig, clk clock.WithTicker) (Read, error) {
	if err := history.CheckQuery(c.Query); err != nil {
		return Read{}, fmt.Errorf("--query: %w", err)
	}
	remote := history.RemoteConfig{
		URL: c.URL, MaxBytes: maxAnswer,
		Limits: history.Limits{Timeout: c.Timeout, MaxSeries: maxQuerySeries},
	}
	var err error
	if c.ConfigFile != "" {
		if remote.HTTP, err = history.LoadHTTPConfig(c.ConfigFile); err != nil {
			return Read{}, err
		}
	}
	registry := prometheus.NewRegistry()
	source, err := history.NewRemote(remote, log.NewNopLogger(), history.NewMetrics(registry), clk)
	if err != nil {
		return Read{}, err
	}
	defer source.Close()
	f := newFetch(source, c)
	err = f.run(ctx)
	if negative := f.checkLoad(); negative != nil {
		return Read{}, negative
	}
	out := Read{Series: f.series(), Queries: requests(registry)}
	if err == nil {
		err = f.checkNumbers(len(out.Series))
	}
	out.Notes = f.notes
	return out, err
}

// checkNumbers says which series have no number at all, of which so many have one;
// an error if none has.
func (f *fetch) checkNumbers(have int) error {
	missing := len(f.order) - have
	switch {
	case missing == 0:
		return nil
	case have == 0:
		return fmt.Errorf("--query: %w: every value from %s to %s is NaN or infinite: check for a division by zero", history.ErrOnlyNaN, stamp(f.rng.Start), stamp(f.rng.End))
	default:
		f.notes = append(f.notes, fmt.Sprintf("series left out, as every value of theirs is NaN or infinite: %d of %d: %s: check for a division by zero", missing, len(f.order), f.leftOut()))
		return nil
	}
}

// leftOut names the first few series that have no number.
func (f *fetch) leftOut() string {
	var names []string
	for _, name := range f.order {
		if !slices.ContainsFunc(f.values[name], func(v float64) bool { return v == v }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if more := len(names) - maxNamed; more > 0 {
		names = append(names[:maxNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// requests reads the counter of HTTP requests.
func requests(g prometheus.Gatherer) int {
	families, err := g.Gather()
	if err != nil {
		return 0 // ours cannot fail to be gathered
	}
	for _, f := range families {
		if f.GetName() == "foreshadow_prometheus_requests_total" {
			return int(f.GetMetric()[0].GetCounter().GetValue())
		}
	}
	return 0
}

// fetch is one query under way.
type fetch struct {
	source history.Source
	cfg    PrometheusConfig
	rng    history.Range
	from   time.Time // what lies at it or after it was read
	order  []string
	values map[string][]float64 // on the grid of rng
	notes  []string
}

func newFetch(source history.Source, c PrometheusConfig) *fetch {
	// As many steps as the range has: the value at its start is one too many.
	rng := history.Range{Start: c.End.Add(-c.Range), End: c.End, Step: c.Step}.Aligned()
	rng.Start = rng.Start.Add(c.Step)
	return &fetch{source: source, cfg: c, rng: rng, from: rng.End.Add(c.Step), values: map[string][]float64{}}
}

func (f *fetch) run(ctx context.Context) error {
	if err := f.rng.Validate(); err != nil {
		return err
	}
	if n := f.rng.Points(); n > maxSteps {
		return fmt.Errorf("--range: %d steps of %s: at most %d are read: write a shorter range or a coarser --step", n, Duration(f.cfg.Step), maxSteps)
	}
	size := chunkSteps
	for f.from.After(f.rng.Start) {
		chunk := history.Range{Start: f.from.Add(-time.Duration(size) * f.cfg.Step), End: f.from.Add(-f.cfg.Step), Step: f.cfg.Step}
		if chunk.Start.Before(f.rng.Start) {
			chunk.Start = f.rng.Start
		}
		res, err := f.source.QueryRange(ctx, f.cfg.Query, chunk)
		if mayFit(err) && size > leastChunk {
			size = max(size/2, leastChunk)
			continue
		}
		if err != nil {
			return f.stopped(err)
		}
		f.take(res)
		f.from = chunk.Start
	}
	if len(f.values) == 0 {
		return fmt.Errorf("--query: %w: no sample from %s to %s: check the metric's name, its labels and that it is scraped, write another --end, or, where samples are more than 5m apart, last_over_time(...[1h])",
			history.ErrNoSeries, stamp(f.rng.Start), stamp(f.rng.End))
	}
	return nil
}

// mayFit says whether fewer steps may be answered. What a server refuses for its
// samples was asked for in ever fewer steps already.
func mayFit(err error) bool {
	return errors.Is(err, history.ErrTooLarge) && !errors.Is(err, history.ErrManySeries) && !errors.Is(err, history.ErrTooManySamples)
}

// stopped keeps what was read before an error.
func (f *fetch) stopped(err error) error {
	if len(f.values) == 0 || errors.Is(err, context.Canceled) {
		return err
	}
	f.notes = append(f.notes, fmt.Sprintf("%v: what was read before counts: %s of %s, from %s to %s",
		err, Duration(f.rng.End.Sub(f.from)+f.cfg.Step), Duration(f.cfg.Range), stamp(f.from), stamp(f.rng.End)))
	return nil
}

func (f *fetch) take(res history.Result) {
	for _, w := range res.Warnings {
		f.notes = append(f.notes, "the server says of its answer, which may be partial: "+w)
	}
	for _, s := range res.Series {
		name := f.name(s.Labels)
		values, ok := f.values[name]
		if !ok {
			values = gaps(f.rng.Points())
			f.values[name] = values
			f.order = append(f.order, name)
		}
		for _, p := range s.Points {
			values[int(time.UnixMilli(p.TimeMillis).Sub(f.rng.Start)/f.cfg.Step)] = p.Value
		}
	}
}

// checkLoad refuses what can be no load.
func (f *fetch) checkLoad() error {
	for _, name := range f.order {
		for i, v := range f.values[name] {
			if v < 0 || math.IsInf(v, 0) {
				return fmt.Errorf("--query: series %s: value %v at %s: a load is finite and at least 0: write a query that is, such as clamp_min(..., 0)",
					name, v, stamp(f.rng.Start.Add(time.Duration(i)*f.cfg.Step)))
			}
		}
	}
	return nil
}

// name is that of a label set; the query's where it has no label.
func (f *fetch) name(labels map[string]string) string {
	if len(labels) == 0 {
		return f.cfg.Query
	}
	m := model.Metric{}
	for k, v := range labels {
		m[model.LabelName(k)] = model.LabelValue(v)
	}
	return m.String()
}

// series returns what was read, without the gaps at either end.
func (f *fetch) series() []Series {
	var out []Series
	for _, name := range f.order {
		values := f.values[name]
		lo, hi := 0, len(values)
		for lo < hi && math.IsNaN(values[lo]) {
			lo++
		}
		for hi > lo && math.IsNaN(values[hi-1]) {
			hi--
		}
		if lo == hi {
			continue
		}
		s := Series{Name: name, Series: forecast.Series{
			Start: f.rng.Start.Add(time.Duration(lo) * f.cfg.Step), Step: f.cfg.Step, Values: values[lo:hi],
		}}
		s.noteMissing()
		out = append(out, s)
	}
	sortByName(out)
	return out
}
