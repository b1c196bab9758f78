package pools

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	statusTick    = time.Second
	statusTimeout = 10 * time.Second
	maxBackoff    = time.Minute
	// parallelWrites go on at once. After writeBatch of them it is asked anew
	// what is urgent.
	parallelWrites = 4
	writeBatch     = 32
)

// StatusOptions say how statuses are written.
type StatusOptions struct {
	Client client.Client
	// Reader reads what the API server has now; never a cache. NewKubernetes
	// gives that of its manager where it is nil.
	Reader client.Reader
	// FieldOwner names this writer to the API server. Fields that another
	// owner wrote stay.
	FieldOwner string
	// ValuesInterval is the least time between two writes of one pool where
	// nothing changes that anybody acts on, such as the load; 10 minutes where it
	// is 0.
	ValuesInterval time.Duration

	Logger     log.Logger
	Registerer prometheus.Registerer
	// Clock is the real one where it is nil.
	Clock clock.WithTicker
}

// StatusWriter writes the metrics role's part of the statuses of pools: only
// where something changed, conditions at once and first, numbers of replicas at
// once, other values at most once in an interval, and nothing because time went
// by. It is for a manager, which starts it on the leader alone.
type StatusWriter struct {
	client  client.Client
	reader  client.Reader
	owner   client.FieldOwner
	values  time.Duration
	logger  log.Logger
	metrics *statusMetrics
	clock   clock.WithTicker
	// woken says that something cannot wait for the next tick.
	woken chan struct{}

	mu      sync.Mutex
	entries map[types.NamespacedName]*statusEntry
}

var _ manager.LeaderElectionRunnable = (*StatusWriter)(nil)

// NewStatusWriter returns a writer that has not started.
func NewStatusWriter(o StatusOptions) (*StatusWriter, error) {
	if o.Client == nil || o.FieldOwner == "" {
		return nil, errors.New("write statuses: a client and a field owner are needed")
	}
	if o.ValuesInterval == 0 {
		o.ValuesInterval = 10 * time.Minute
	}
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &StatusWriter{
		client:  o.Client,
		reader:  o.Reader,
		owner:   client.FieldOwner(o.FieldOwner),
		values:  o.ValuesInterval,
		logger:  log.With(o.Logger, "component", "pools"),
		metrics: newStatusMetrics(o.Registerer),
		clock:   o.Clock,
		woken:   make(chan struct{}, 1),
		entries: map[types.NamespacedName]*statusEntry{},
	}, nil
}

// Set says what the status of a pool is now; the last word counts. Conditions
// need no LastTransitionTime. It never waits, and does nothing on an adapter
// that does not lead but remember.
func (w *StatusWriter) Set(pool *v1alpha1.ShadowPool, status v1alpha1.ShadowPoolStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.entries[pool.Key()]
	if e == nil || e.uid != pool.UID {
		e = &statusEntry{uid: pool.UID}
		w.entries[pool.Key()] = e
	}
	e.wanted = owned(&status)
	w.compare(e)
}

// compare finds out what there is to write of a pool, and wakes the writer where
// that cannot wait. mu is held.
func (w *StatusWriter) compare(e *statusEntry) {
	if e.compare(); e.change < changeReplicas {
		return
	}
	select {
	case w.woken <- struct{}{}:
	default: // it is awake already
	}
}

// Forget drops what is to be written of a pool that is gone.
func (w *StatusWriter) Forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.entries, key)
}

// NeedLeaderElection says that one adapter writes.
func (w *StatusWriter) NeedLeaderElection() bool { return true }

// Start writes until ctx ends.
func (w *StatusWriter) Start(ctx context.Context) error {
	ticker := w.clock.NewTicker(statusTick)
	defer ticker.Stop()
	for {
		w.flush(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		case <-w.woken:
		}
	}
}

// flush writes what is due, each pool once.
func (w *StatusWriter) flush(ctx context.Context) {
	done := map[types.NamespacedName]bool{}
	for ctx.Err() == nil {
		batch := w.due(done)
		if len(batch) == 0 {
			return
		}
		var group errgroup.Group
		group.SetLimit(parallelWrites)
		for _, key := range batch {
			done[key] = true
			group.Go(func() error {
				w.flushOne(ctx, key)
				return nil
			})
		}
		_ = group.Wait() // what went wrong is kept with each pool
	}
}

// due returns the next batch: the most urgent pools first, else by name.
func (w *StatusWriter) due(done map[types.NamespacedName]bool) []types.NamespacedName {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	var out []types.NamespacedName
	for key, e := range w.entries {
		if !done[key] && e.due(now, w.values) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(w.entries[b].change, w.entries[a].change), strings.Compare(a.String(), b.String()))
	})
	return out[:min(len(out), writeBatch)]
}

// flushOne writes one status without holding the lock, and keeps the outcome
// if the pool is still the same then.
func (w *StatusWriter) flushOne(ctx context.Context, key types.NamespacedName) {
	w.mu.Lock()
	e := w.entries[key]
	if e == nil {
		w.mu.Unlock()
		return
	}
	j := job{key: key, uid: e.uid, wanted: e.wanted, written: e.written}
	w.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	out := w.write(ctx, j)
	w.metrics.writes.WithLabelValues(out.result).Inc()

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.entries[key] != e {
		return
	}
	now := w.clock.Now()
	switch out.result {
	case resultGone:
		delete(w.entries, key)
	case resultFailed:
		e.notBefore = now.Add(min(maxBackoff, time.Second<<min(e.failures, 6)))
		e.failures++
		level.Warn(w.logger).Log("msg", "pool's status not written, it is tried again", "pool", key, "err", out.err)
	default:
		e.written = out.status
		e.writtenAt, e.failures, e.notBefore = now, 0, time.Time{}
		w.compare(e)
	}
}
