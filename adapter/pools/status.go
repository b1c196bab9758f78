package pools

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
)

// StatusOptions say how statuses are written.
type StatusOptions struct {
	Client client.Client
	// FieldOwner names this writer to the API server. Fields that another
	// owner wrote stay.
	FieldOwner string
	// Interval is the least time between two writes of one pool whose
	// conditions stay the same; a minute where it is 0.
	Interval   time.Duration
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Clock is the real one where it is nil.
	Clock clock.WithTicker
}

// StatusWriter writes the statuses of pools: only what changed, a change of
// conditions at once and other changes at most once in an interval. It is for
// a manager, which starts it on the leader alone.
type StatusWriter struct {
	client   client.Client
	owner    client.FieldOwner
	interval time.Duration
	logger   log.Logger
	metrics  *statusMetrics
	clock    clock.WithTicker

	mu      sync.Mutex
	entries map[types.NamespacedName]*statusEntry
}

// statusEntry is what one pool wants written, and what it got.
type statusEntry struct {
	uid     types.UID
	wanted  v1alpha1.ShadowPoolStatus
	written *v1alpha1.ShadowPoolStatus
	change  change
	// writtenAt and notBefore hold the next write back, failures counts those
	// in a row.
	writtenAt, notBefore time.Time
	failures             int
}

// change says how soon a status is to be written.
type change int

const (
	changeNone change = iota
	changeOrdinary
	changeUrgent
)

var _ manager.LeaderElectionRunnable = (*StatusWriter)(nil)

// NewStatusWriter returns a writer that has not started.
func NewStatusWriter(o StatusOptions) (*StatusWriter, error) {
	if o.Client == nil || o.FieldOwner == "" {
		return nil, errors.New("write statuses: a client and a field owner are needed")
	}
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &StatusWriter{
		client:   o.Client,
		owner:    client.FieldOwner(o.FieldOwner),
		interval: o.Interval,
		logger:   log.With(o.Logger, "component", "pools"),
		metrics:  newStatusMetrics(o.Registerer),
		clock:    o.Clock,
		entries:  map[types.NamespacedName]*statusEntry{},
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
	e.wanted = *status.DeepCopy()
	e.compare()
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
		}
	}
}

// flush writes what is due, one pool after the other, in the order of names.
func (w *StatusWriter) flush(ctx context.Context) {
	for _, key := range w.due() {
		if ctx.Err() != nil {
			return
		}
		w.flushOne(ctx, key)
	}
}

func (w *StatusWriter) due() []types.NamespacedName {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []types.NamespacedName
	for key, e := range w.entries {
		if e.due(w.clock.Now(), w.interval) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// compare finds out what there is to write.
func (e *statusEntry) compare() {
	switch {
	case e.written == nil,
		e.written.ObservedGeneration != e.wanted.ObservedGeneration,
		!sameConditions(e.written.Conditions, e.wanted.Conditions):
		e.change = changeUrgent
	case !equality.Semantic.DeepEqual(*e.written, e.wanted):
		e.change = changeOrdinary
	default:
		e.change = changeNone
	}
}

func (e *statusEntry) due(now time.Time, interval time.Duration) bool {
	if e.change == changeNone || now.Before(e.notBefore) {
		return false
	}
	return e.change == changeUrgent || now.Sub(e.writtenAt) >= interval
}

// sameConditions compares what a condition says, not since when.
func sameConditions(a, b []metav1.Condition) bool {
	return slices.EqualFunc(a, b, func(a, b metav1.Condition) bool {
		return a.Type == b.Type && a.Status == b.Status && a.Reason == b.Reason
	})
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
	uid, wanted := e.uid, *e.wanted.DeepCopy()
	w.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	result, err := w.write(ctx, key, uid, &wanted)
	w.metrics.writes.WithLabelValues(result).Inc()

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.entries[key] != e {
		return
	}
	now := w.clock.Now()
	switch result {
	case resultGone:
		delete(w.entries, key)
	case resultFailed:
		e.notBefore = now.Add(min(maxBackoff, time.Second<<min(e.failures, 6)))
		e.failures++
		level.Warn(w.logger).Log("msg", "pool's status not written, it is tried again", "pool", key, "err", err)
	default:
		e.written, e.writtenAt, e.failures, e.notBefore = &wanted, now, 0, time.Time{}
		e.compare()
	}
}
