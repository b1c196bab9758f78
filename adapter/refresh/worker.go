package refresh

import (
	"context"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// worker owns the loop of one pool.
type worker struct {
	looked atomic.Bool // at least one round has ended, or the pool is refused
	pool   *v1alpha1.ShadowPool
	origin origin
	loop   *Loop
	// profiler is nil until the worker runs.
	profiler *profiler
	last     *Report // of the last round
	cancel   context.CancelFunc
	done     chan struct{}
	// woken says that standby has changed.
	woken chan struct{}

	// Guarded by the manager's mu: what the pool's status says of its shadows
	// now and of the last profile, and what is published.
	standby   Standby
	said      profile.Before
	shadows   publish.Shadows
	published publish.Pool
}

// newWorker returns the worker of a pool that takes the place of old, nil where
// the pool was not known.
func newWorker(pool *v1alpha1.ShadowPool, old *worker, now time.Time) *worker {
	w := &worker{
		pool: pool, done: make(chan struct{}), woken: make(chan struct{}, 1),
		standby: StandbyOf(pool), shadows: shadowsOf(pool, now), said: profileSaid(pool),
	}
	switch {
	case old == nil:
		w.shadows.SeenAt = writtenAt(pool, now)
	case w.shadows.Same(old.shadows):
		w.shadows.SeenAt = old.shadows.SeenAt
	}
	return w
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
			w.loop, w.profiler = old.loop, old.profiler
		}
		m.work(ctx, w)
	})
}

// work runs the rounds of one pool: one at once, then one each interval at the
// pool's own phase, so that the pools do not all ask at the same instant.
func (m *Manager) work(ctx context.Context, w *worker) {
	logger := log.With(m.logger, "pool", w.pool.Namespace+"/"+w.pool.Name)
	loop, profiler, err := m.newLoop(w.pool, w)
	if err != nil {
		level.Warn(logger).Log("msg", "pool is refused", "err", err)
		m.refuse(w, err)
		return
	}
	w.loop, w.profiler = loop, profiler
	defer func() {
		w.cancel()
		profiler.stop()
	}()
	m.round(ctx, w, logger)
	first := m.clock.NewTimer(m.phase(w.pool))
	defer first.Stop()
	if !m.await(ctx, w, first.C(), logger) {
		return
	}
	ticker := m.clock.NewTicker(m.cfg.Interval)
	defer ticker.Stop()
	for {
		m.round(ctx, w, logger)
		if !m.await(ctx, w, ticker.C(), logger) {
			return
		}
	}
}

// await waits for the next turn, decides anew whenever the standby has changed,
// and takes in a profile; it is false when ctx has ended.
func (m *Manager) await(ctx context.Context, w *worker, turn <-chan time.Time, logger log.Logger) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-turn:
			return true
		case <-w.woken:
			m.again(w)
		case a := <-w.profiler.answers:
			m.profiled(w, a, logger)
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

// round refreshes the pool once and publishes the outcome. While it waits for
// Prometheus, news of the shadows still count.
func (m *Manager) round(ctx context.Context, w *worker, logger log.Logger) {
	began := m.clock.Now()
	m.adopt(w)
	answer := make(chan Fetched, 1)
	go func() { answer <- w.loop.Fetch(ctx, began) }()
	var fetched Fetched
	for waiting := true; waiting; {
		select {
		case fetched = <-answer:
			waiting = false
		case <-w.woken:
			m.again(w)
		}
	}
	if ctx.Err() != nil {
		return // a round that was cut short says nothing of the pool
	}
	r := w.loop.Digest(began, fetched)
	m.metrics.observe(r, m.clock.Since(began))
	logReport(logger, r, w.last)
	w.last = &r
	m.tellReport(w)
	w.profiler.begin(ctx, m.clock.Now())
}

// again decides and publishes anew without a look at the history. The metrics
// count rounds, and this is none.
func (m *Manager) again(w *worker) {
	before, after := m.adopt(w)
	if w.last == nil || before.Cover == after.Cover && before.CoverKnown == after.CoverKnown {
		return // the next round makes use of it
	}
	r := w.loop.Again(*w.last, m.clock.Now())
	w.last = &r
	m.tellReport(w)
}

// adopt hands the standby as it is now to the loop.
func (m *Manager) adopt(w *worker) (before, after Standby) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, after = w.loop.standby, w.standby
	w.loop.SetStandby(after)
	return before, after
}
