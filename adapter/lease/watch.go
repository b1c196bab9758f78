package lease

import (
	"context"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// poll is how often a lease is read.
	poll = 5 * time.Second
	// Grace is how long the holder of a lease may leave it alone.
	Grace = 30 * time.Second
)

// Config says which lease is looked at.
type Config struct {
	// Reader reads the API server, not a cache.
	Reader client.Reader
	Lease  types.NamespacedName
	Clock  clock.WithTicker
	// Changed, if there is one, is called when the role comes to life or is gone.
	Changed func()
	// Renewed, if there is one, is told the time of each look that found the lease
	// renewed since the one before.
	Renewed func(at time.Time)
}

// Watch knows whether a lease is renewed. When it was goes by our own clock, for
// the holder's may differ. It is safe for concurrent use.
type Watch struct {
	cfg Config

	mu    sync.Mutex // guards what follows
	last  string     // renewal that was seen last
	at    time.Time  // when; zero while nobody holds the lease
	alive bool
}

// New returns a watch that has not looked yet.
func New(cfg Config) *Watch { return &Watch{cfg: cfg} }

// Start looks at the lease until ctx ends.
func (w *Watch) Start(ctx context.Context) error {
	ticker := w.cfg.Clock.NewTicker(poll)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// NeedLeaderElection says no: each process looks, the leader or not.
func (w *Watch) NeedLeaderElection() bool { return false }

func (w *Watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	lease := &coordinationv1.Lease{}
	err := w.cfg.Reader.Get(ctx, w.cfg.Lease, lease)
	if err != nil && !apierrors.IsNotFound(err) {
		lease = nil // what was known goes on until it is too old
	}
	now := w.cfg.Clock.Now()
	changed, renewed := w.judge(lease, now)
	if changed && w.cfg.Changed != nil {
		w.cfg.Changed()
	}
	if renewed && w.cfg.Renewed != nil {
		w.cfg.Renewed(now)
	}
}

// judge takes a lease as it was read, nil where it could not be, and says whether
// the role came to life or is gone, and whether the lease was renewed since the
// look before: of the first one that is seen nobody knows how old it is.
func (w *Watch) judge(lease *coordinationv1.Lease, now time.Time) (changed, renewed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if lease != nil {
		switch last := renewal(lease); {
		case last == "":
			w.at = time.Time{}
		case w.last == "": // its holder may have ended long ago
			w.last, w.at = last, believed(lease.Spec.RenewTime.Time, now)
		case last != w.last:
			renewed = true
			w.last, w.at = last, now
		}
	}
	was := w.alive
	w.alive = !w.at.IsZero() && now.Sub(w.at) < Grace
	return w.alive != was, renewed
}

// believed is when a lease was renewed that is seen for the first time: as its
// holder says, but not later than now; zero where their clock is off by too much
// to say, until the next renewal is seen.
func believed(renewed, now time.Time) time.Time {
	switch ago := now.Sub(renewed); {
	case ago >= Grace || ago <= -Grace:
		return time.Time{}
	case ago < 0:
		return now
	}
	return renewed
}

// renewal names the last renewal of a lease; empty if nobody holds it.
func renewal(lease *coordinationv1.Lease) string {
	s := &lease.Spec
	if s.HolderIdentity == nil || *s.HolderIdentity == "" || s.RenewTime == nil {
		return ""
	}
	return *s.HolderIdentity + " " + s.RenewTime.UTC().Format(time.RFC3339Nano)
}

// Alive says that somebody renews the lease.
func (w *Watch) Alive() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alive
}
