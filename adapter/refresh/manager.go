package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
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
	// Sources says what a pool reads from.
	Sources Sources
	// Status takes in the pools' status; nil if nobody reads it.
	Status StatusSink
}

func (c Config) validate() error {
	if c.Interval < time.Second {
		return fmt.Errorf("refresh interval %v: write at least 1s", c.Interval)
	}
	if c.Sources == nil {
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
// it was changes nothing, and one with news of its shadows alone goes on with
// them.
func (m *Manager) Set(pool *v1alpha1.ShadowPool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := pool.Namespace + "/" + pool.Name
	old := m.pools[key]
	if old != nil && samePool(old.pool, pool) {
		m.setStandby(old, pool)
		return
	}
	m.replace(pool, old, m.origin(pool))
}

// replace starts a worker in the place of old, which is nil where the pool was
// not known. m.mu is held.
func (m *Manager) replace(pool *v1alpha1.ShadowPool, old *worker, from origin) {
	w := newWorker(pool, old, m.clock.Now())
	w.origin = from
	if old == nil {
		m.publish(w, unpublished(pool, "it has not been computed yet"))
	} else {
		m.publish(w, old.published)
		if old.cancel != nil {
			old.cancel()
		}
	}
	m.pools[pool.Namespace+"/"+pool.Name] = w
	if m.launch != nil {
		m.launch(w, old)
	}
}

// setStandby takes over what a pool's status says of its shadows. What depends
// on nothing else is published at once. m.mu is held.
func (m *Manager) setStandby(w *worker, pool *v1alpha1.ShadowPool) {
	if shadows := shadowsOf(pool, m.clock.Now()); !shadows.Same(w.shadows) {
		w.shadows = shadows
		m.publish(w, w.published)
	}
	w.said = profileSaid(pool)
	if standby := StandbyOf(pool); standby != w.standby {
		w.standby = standby
		select {
		case w.woken <- struct{}{}:
		default: // it has not woken from the last change yet
		}
	}
}

// publish publishes p with what is known of the pool's shadows. m.mu is held.
func (m *Manager) publish(w *worker, p publish.Pool) {
	p.Shadows = w.shadows
	w.published = p
	m.board.Publish(p)
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

// newLoop reads the pool's spec, and goes on with what its worker knows.
func (m *Manager) newLoop(p *v1alpha1.ShadowPool, w *worker) (*Loop, *profiler, error) {
	from := w.origin
	if from.err != nil {
		return nil, nil, from.err
	}
	s, err := SettingsOf(p, from.Bind, m.cfg.Interval)
	if err != nil {
		return nil, nil, err
	}
	old, profiler := w.loop, w.profiler
	if old != nil && old.data != from.Data {
		old, profiler = nil, nil
	}
	loop, err := NewLoop(s, from.Source, old)
	if err != nil {
		return nil, nil, err
	}
	loop.data = from.Data
	if profiler, err = newProfiler(s.Profile, from.Source, profiler); err != nil {
		return nil, nil, err
	}
	return loop, profiler, nil
}

// tell publishes what a worker found, unless another one has its pool by now.
func (m *Manager) tell(w *worker, p publish.Pool, status v1alpha1.ShadowPoolStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pools[w.pool.Namespace+"/"+w.pool.Name] != w {
		return
	}
	w.looked.Store(true)
	m.publish(w, p)
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
	reason := v1alpha1.ReasonQueryRefused
	if errors.Is(err, errSource) {
		reason = v1alpha1.ReasonSourceRefused
	}
	m.tell(w, unpublished(w.pool, err.Error()), v1alpha1.ShadowPoolStatus{Conditions: []metav1.Condition{{
		Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionFalse,
		Reason: reason, Message: err.Error(),
	}}})
}
