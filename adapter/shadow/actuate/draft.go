package actuate

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// statusDelay is how long a status waits for what else changes, so that a raise
// costs one write and not one for each pod that comes, goes or is scheduled. It
// is less than a shadow rests before it may be activated, so that the intent is
// there in time.
const statusDelay = time.Second

// progressDelay is how long one waits that differs in the progress of warm-ups
// alone: it is written no more often.
const progressDelay = 5 * time.Second

// applyDraft lets the planner go on from the status that is about to be written,
// so that nothing of it is lost. The intent alone counts as it is on the server:
// nobody is activated who is not listed there.
func (l *layer) applyDraft(w *observe.World) {
	l.real = w.Pool
	if l.draft == nil {
		return
	}
	pool := *w.Pool
	is := &w.Pool.Status
	pool.Status = *l.draft
	s := &pool.Status
	s.ObservedGeneration, s.Forecast, s.Capacity, s.Profile = is.ObservedGeneration, is.Forecast, is.Capacity, is.Profile
	s.Intent, s.Epoch = is.Intent, is.Epoch
	for _, c := range is.Conditions {
		if !ours(c.Type) {
			meta.SetStatusCondition(&s.Conditions, c)
		}
	}
	w.Pool = &pool
}

// hold keeps a status that differs from the one on the server, minor where it
// does so in progress alone, and says how long it is to wait.
func (o *Overlay) hold(pool Pool, s *v1alpha1.ShadowPoolStatus, minor bool) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	if l.draft == nil || l.minor && !minor {
		l.since = o.clock.Now()
	}
	l.draft, l.minor = s.DeepCopy(), minor
	delay := statusDelay
	if minor {
		delay = progressDelay
	}
	return l.since.Add(delay).Sub(o.clock.Now())
}

// drop forgets a status that was written, or is not to be.
func (o *Overlay) drop(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.pools[pool]; l != nil {
		l.draft = nil
	}
}

// server returns a pool as the server has it, as far as is known.
func (o *Overlay) server(pool *v1alpha1.ShadowPool) *v1alpha1.ShadowPool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.pools[pool.Key()]; l != nil && l.draft != nil && l.real != nil && l.real.UID == pool.UID {
		return l.real
	}
	return pool
}
