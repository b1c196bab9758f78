package refresh

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// DefaultInterval is the time between two rounds of a pool.
const DefaultInterval = time.Minute

// StatusSink takes in what a pool's status should say.
type StatusSink interface {
	Set(pool *v1alpha1.ShadowPool, status v1alpha1.ShadowPoolStatus)
}

// Config says how pools are refreshed.
type Config struct {
	// Interval is the time between two rounds of a pool, at least 1s.
	Interval time.Duration
	// Sources are the Prometheus servers by the name that spec.load.source
	// gives. A namespace's slow queries take no more than its share of one.
	Sources map[string]*history.Fair
	// Bind binds the pools' expressions to what they may read.
	Bind Binding
	// Status takes in the pools' status; nil if nobody reads it.
	Status StatusSink
}

func (c Config) validate() error {
	if c.Interval < time.Second {
		return fmt.Errorf("refresh interval %v: write at least 1s", c.Interval)
	}
	if len(c.Sources) == 0 {
		return fmt.Errorf("no source of load: write at least %s", v1alpha1.DefaultSource)
	}
	return nil
}

// Manager runs a loop for each pool. Set and Delete may be called at any time
// and do not wait for a round.
type Manager struct {
	cfg     Config
	board   *publish.Board
	clock   clock.WithTicker
	logger  log.Logger
	metrics *metrics

	mu      sync.Mutex           // guards what follows
	launch  func(w, old *worker) // nil while Run does not run
	pools   map[string]*worker
	running sync.WaitGroup
}

// worker owns the loop of one pool.
type worker struct {
	looked atomic.Bool // at least one round has ended, or the pool is refused
	pool   *v1alpha1.ShadowPool
	loop   *Loop
	last   *Report // of the last round
	cancel context.CancelFunc
	done   chan struct{}
}

// NewManager returns a manager that publishes to board. Its pools are refreshed
// while Run runs.
func NewManager(cfg Config, board *publish.Board, c clock.WithTicker, logger log.Logger, reg prometheus.Registerer) (*Manager, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Manager{
		cfg: cfg, board: board, clock: c,
		logger:  log.With(logger, "component", "refresh"),
		metrics: newMetrics(reg),
		pools:   map[string]*worker{},
	}, nil
}

// Run refreshes pools until ctx ends, and returns when the last round has.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	m.launch = func(w, old *worker) { m.start(ctx, w, old) }
	for _, w := range m.pools {
		m.launch(w, nil)
	}
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock()
	m.launch = nil
	m.mu.Unlock()
	m.running.Wait()
	return nil
}

// Set adds a pool or takes over its new spec. What was read and fitted for it
// is kept where the spec asks for the same history; a pool that comes again as
// it was changes nothing.
func (m *Manager) Set(pool *v1alpha1.ShadowPool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := pool.Namespace + "/" + pool.Name
	old := m.pools[key]
	if old != nil && samePool(old.pool, pool) {
		return
	}
	if old == nil {
		m.board.Publish(unpublished(pool, "it has not been computed yet"))
	} else if old.cancel != nil {
		old.cancel()
	}
	w := &worker{pool: pool, done: make(chan struct{})}
	m.pools[key] = w
	if m.launch != nil {
		m.launch(w, old)
	}
}

// samePool says that two states of a pool ask for the same.
func samePool(a, b *v1alpha1.ShadowPool) bool {
	return a.UID == b.UID && a.Generation == b.Generation && a.ForecastPaused() == b.ForecastPaused() &&
		equality.Semantic.DeepEqual(a.Spec, b.Spec)
}

// Unseen returns how many pools no round has ended for yet.
func (m *Manager) Unseen() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, w := range m.pools {
		if !w.looked.Load() {
			n++
		}
	}
	return n
}

// Delete forgets a pool and what was published of it.
func (m *Manager) Delete(namespace, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := namespace + "/" + name
	w := m.pools[key]
	if w == nil {
		return
	}
	delete(m.pools, key)
	if w.cancel == nil {
		return
	}
	w.cancel()
	if m.launch == nil {
		return // everything ends
	}
	m.running.Go(func() {
		<-w.done
		m.mu.Lock()
		defer m.mu.Unlock()
		// A pool of the same name may be back by now: what it published stays.
		if m.pools[key] == nil {
			m.board.Remove(namespace, name)
		}
	})
}

// start runs the worker after the one that it replaces has ended. m.mu is held.
func (m *Manager) start(ctx context.Context, w, old *worker) {
	ctx, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	m.running.Go(func() {
		defer close(w.done)
		defer cancel()
		if old != nil && old.cancel != nil {
			<-old.done
			w.loop = old.loop
		}
		m.work(ctx, w)
	})
}

// work runs the rounds of one pool: one at once, then one each interval at the
// pool's own phase, so that the pools do not all ask at the same instant.
func (m *Manager) work(ctx context.Context, w *worker) {
	logger := log.With(m.logger, "pool", w.pool.Namespace+"/"+w.pool.Name)
	loop, err := m.newLoop(w.pool, w.loop)
	if err != nil {
		level.Warn(logger).Log("msg", "pool is refused", "err", err)
		m.refuse(w, err)
		return
	}
	w.loop = loop
	m.round(ctx, w, logger)
	first := m.clock.NewTimer(m.phase(w.pool))
	defer first.Stop()
	select {
	case <-ctx.Done():
		return
	case <-first.C():
	}
	ticker := m.clock.NewTicker(m.cfg.Interval)
	defer ticker.Stop()
	for {
		m.round(ctx, w, logger)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
	}
}

// phase returns the time from now to the pool's next turn within the interval.
func (m *Manager) phase(p *v1alpha1.ShadowPool) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.Namespace + "/" + p.Name)) // a hash never fails
	turn := time.Duration(h.Sum64() % uint64(m.cfg.Interval))
	into := time.Duration(m.clock.Now().UnixNano() % int64(m.cfg.Interval))
	return (turn - into + m.cfg.Interval) % m.cfg.Interval
}

// newLoop reads the pool's spec.
func (m *Manager) newLoop(p *v1alpha1.ShadowPool, old *Loop) (*Loop, error) {
	src, ok := m.cfg.Sources[p.Spec.Load.Source]
	if !ok {
		return nil, fmt.Errorf("spec.load.source: unknown source %q: write %s", p.Spec.Load.Source, strings.Join(m.sourceNames(), " or "))
	}
	s, err := SettingsOf(p, m.cfg.Bind, m.cfg.Interval)
	if err != nil {
		return nil, err
	}
	if old != nil && old.source != p.Spec.Load.Source {
		old = nil
	}
	loop, err := NewLoop(s, src.For(p.Namespace), old)
	if err != nil {
		return nil, err
	}
	loop.source = p.Spec.Load.Source
	return loop, nil
}

func (m *Manager) sourceNames() []string {
	names := make([]string, 0, len(m.cfg.Sources))
	for name := range m.cfg.Sources {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// round refreshes the pool once and publishes the outcome.
func (m *Manager) round(ctx context.Context, w *worker, logger log.Logger) {
	began := m.clock.Now()
	r := w.loop.Tick(ctx, began)
	if ctx.Err() != nil {
		return // a round that was cut short says nothing of the pool
	}
	m.metrics.observe(r, m.clock.Since(began))
	logReport(logger, r, w.last)
	w.last = &r
	m.tell(w, r.Published(), r.Status())
}

// tell publishes what a worker found, unless another one has its pool by now.
func (m *Manager) tell(w *worker, p publish.Pool, status v1alpha1.ShadowPoolStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pools[w.pool.Namespace+"/"+w.pool.Name] != w {
		return
	}
	w.looked.Store(true)
	m.board.Publish(p)
	if m.cfg.Status != nil {
		status.ObservedGeneration = w.pool.Generation
		m.cfg.Status.Set(w.pool, status)
	}
}

// unpublished is a pool without values, for a reason.
func unpublished(p *v1alpha1.ShadowPool, reason string) publish.Pool {
	reading := publish.Refuse(reason)
	return publish.Pool{
		Namespace: p.Namespace, Name: p.Name, Mode: string(p.Spec.Mode),
		PredictedCapacity: reading, PredictedLoad: reading, Fallback: publish.FallbackOther,
	}
}

// refuse publishes why a pool cannot be served.
func (m *Manager) refuse(w *worker, err error) {
	m.metrics.rounds.WithLabelValues(resultRefused).Inc()
	m.tell(w, unpublished(w.pool, err.Error()), v1alpha1.ShadowPoolStatus{Conditions: []metav1.Condition{{
		Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonQueryRefused, Message: err.Error(),
	}}})
}
