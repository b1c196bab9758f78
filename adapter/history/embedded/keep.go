package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

const (
	// keepStep is how far apart the values of a load are kept.
	keepStep = 5 * time.Minute
	// keepBlock is the length of a block of kept values: of 288 a day, two hours
	// would be mostly index.
	keepBlock = 24 * time.Hour
	// freshOnly is how long a step is the source's alone: a series that ends must
	// not go on from what was kept of it.
	freshOnly = time.Hour
	// queryLabel tells the loads of a store apart.
	queryLabel = "foreshadow_query"
	// maxKept bounds the loads that a store takes, and so its memory.
	maxKept = 20_000
)

// KeepConfig says where loads are kept. Zero fields take the defaults.
type KeepConfig struct {
	Dir       string
	Retention time.Duration // 8 weeks
	MaxBytes  int64         // on the volume, the oldest go first; 1 GiB
}

func (c KeepConfig) store() Config {
	if c.Retention == 0 {
		c.Retention = 8 * 7 * 24 * time.Hour
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 1 << 30
	}
	return Config{Dir: c.Dir, Retention: c.Retention, MaxBytes: c.MaxBytes, Block: keepBlock, Late: c.Retention, flag: "--history.keep-path"}
}

// Keep keeps what queries of one series answered, at steps of five minutes, for
// longer than the source does. It is safe for concurrent use.
type Keep struct {
	store   *Store // nil: it could not be opened
	logger  log.Logger
	samples *prometheus.CounterVec
	failing atomic.Bool // the last write failed
}

// Results of a value that was due to be kept.
const (
	keptKept    = "kept"
	keptFailed  = "failed"  // the volume did not take it
	keptRefused = "refused" // there are maxKept loads
)

// OpenKeep opens the directory as Recover does. Where even that fails, the Keep
// keeps nothing and says so: the sources answer all the same. Only a directory
// that another process has, or that cannot be one, is an error.
func OpenKeep(cfg KeepConfig, logger log.Logger, reg prometheus.Registerer, clk clock.PassiveClock) (*Keep, error) {
	k := &Keep{
		logger: log.With(logger, "component", "keep"),
		samples: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_kept_load_samples_total", Help: "Values of loads that were due to be kept, by result.",
		}, []string{"result"}),
	}
	for _, result := range []string{keptKept, keptFailed, keptRefused} {
		k.samples.WithLabelValues(result)
	}
	up := promauto.With(reg).NewGauge(prometheus.GaugeOpts{
		Name: "foreshadow_kept_load_up", Help: "Whether the kept loads could be opened (1) or not (0).",
	})
	store, err := Recover(cfg.store(), logger, history.NewMetrics(nil), clk)
	switch {
	case IsOperators(err):
		return nil, err
	case err != nil:
		level.Error(k.logger).Log("msg", "kept loads cannot be opened: none are kept, and none fill in for the source", "err", err)
		return k, nil
	}
	up.Set(1)
	k.store = store
	return k, nil
}

// Close writes out what is pending.
func (k *Keep) Close() error {
	if k.store == nil {
		return nil
	}
	return k.store.Close()
}

// Over returns src with what was kept of it. data tells sources with other data
// apart.
func (k *Keep) Over(src history.Source, data string) history.Source {
	return keptSource{Keep: k, src: src, data: data}
}

type keptSource struct {
	*Keep
	src  history.Source
	data string
}

// String names the source below in messages.
func (s keptSource) String() string { return fmt.Sprint(s.src) }

// QueryRange asks the source, keeps what it answers, and fills the steps that it
// has nothing for, and that are more than an hour old, with what was kept. An
// error of the source is an error: what was kept stands in for nobody.
func (s keptSource) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	res, err := s.src.QueryRange(ctx, expr, r)
	// A query that may have many series is one of each pod, and no load.
	if err != nil || s.store == nil || r.MaxSeries > 0 || len(res.Series) > 1 {
		return res, err
	}
	r = r.Aligned()
	sum := sha256.Sum256([]byte(s.data + "\x00" + expr))
	key := hex.EncodeToString(sum[:16])
	kept, err := s.store.kept(ctx, key, r)
	if err != nil {
		s.failed("read", err)
		return res, nil
	}
	res, old := fillIn(res, kept, r)
	if !res.Degraded() { // half an answer is less than the load
		s.keep(ctx, key, res, old, r)
	}
	return res, nil
}

// kept returns what was kept of a query in the range and just before it.
func (s *Store) kept(ctx context.Context, key string, r history.Range) (out []history.Samples, err error) {
	q, err := s.db.Querier(r.Start.Add(-keepStep).UnixMilli()+1, r.End.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchEqual, queryLabel, key))
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		one := history.Samples{Labels: series.Labels().Map()}
		delete(one.Labels, queryLabel)
		it = series.Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			t, v := it.At()
			one.Points = append(one.Points, history.Point{TimeMillis: t, Value: v})
		}
		if err := it.Err(); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, set.Err()
}

// fillIn puts what was kept into the steps that the answer has no value for. It
// returns the points that were kept of the same series, too.
func fillIn(res history.Result, kept []history.Samples, r history.Range) (history.Result, []history.Point) {
	var old history.Samples
	switch {
	case len(res.Series) == 1:
		for _, one := range kept {
			if maps.Equal(one.Labels, res.Series[0].Labels) {
				old = one
			}
		}
	case len(kept) == 1: // of several, who can say which one is the load
		old = kept[0]
	}
	if len(old.Points) == 0 {
		return res, nil
	}
	var have []history.Point
	if len(res.Series) == 1 {
		have = res.Series[0].Points
	}
	filled := merged(have, old.Points, r)
	if len(filled) > 0 {
		res.Series = []history.Samples{{Labels: old.Labels, Points: filled}}
	}
	return res, old.Points
}

// merged is have, and a kept value for each other step that it is less than five
// minutes older than.
func merged(have, old []history.Point, r history.Range) []history.Point {
	out := make([]history.Point, 0, len(have)+len(old))
	last := r.End.Add(-freshOnly).UnixMilli()
	next, i := 0, -1
	for t := r.Start.UnixMilli(); t <= r.End.UnixMilli(); t += r.Step.Milliseconds() {
		for i+1 < len(old) && old[i+1].TimeMillis <= t {
			i++
		}
		for next < len(have) && have[next].TimeMillis < t {
			next++
		}
		switch {
		case next < len(have) && have[next].TimeMillis == t:
			out = append(out, have[next])
		case t <= last && i >= 0 && t-old[i].TimeMillis < keepStep.Milliseconds():
			out = append(out, history.Point{TimeMillis: t, Value: old[i].Value})
		}
	}
	return out
}

// keep writes the values at the steps that nothing was kept for yet and that are
// settled: late samples may still change the newest ones.
func (s keptSource) keep(ctx context.Context, key string, res history.Result, old []history.Point, r history.Range) {
	if len(res.Series) == 0 {
		return
	}
	settled := r.End.Add(-history.LateSteps * r.Step).UnixMilli()
	oldest := r.End.Add(freshOnly - s.store.cfg.Retention).UnixMilli()
	var fresh []history.Point
	for _, p := range res.Series[0].Points {
		if p.TimeMillis < oldest || p.TimeMillis > settled || p.TimeMillis%keepStep.Milliseconds() != 0 {
			continue
		}
		i := sort.Search(len(old), func(i int) bool { return old[i].TimeMillis >= p.TimeMillis })
		if i == len(old) || old[i].TimeMillis != p.TimeMillis {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return
	}
	if len(old) == 0 && s.store.db.Head().NumSeries() >= maxKept {
		s.samples.WithLabelValues(keptRefused).Add(float64(len(fresh)))
		return
	}
	named := maps.Clone(res.Series[0].Labels)
	if named == nil {
		named = map[string]string{}
	}
	named[queryLabel] = key
	if err := s.store.AppendAll(ctx, []history.Samples{{Labels: named, Points: slices.Clip(fresh)}}); err != nil {
		s.samples.WithLabelValues(keptFailed).Add(float64(len(fresh)))
		s.failed("write", err)
		return
	}
	s.samples.WithLabelValues(keptKept).Add(float64(len(fresh)))
	if s.failing.Swap(false) {
		level.Info(s.logger).Log("msg", "loads are kept again")
	}
}

// failed says so once, until it works again.
func (k *Keep) failed(what string, err error) {
	if !errors.Is(err, context.Canceled) && !k.failing.Swap(true) {
		level.Error(k.logger).Log("msg", "kept loads do not "+what+": the source alone counts", "err", err)
	}
}
