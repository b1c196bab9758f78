package cluster

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
	// leasePoll is how often the lease of the metrics role is read, leaseGrace
	// how long its holder may leave it alone.
	leasePoll  = 5 * time.Second
	leaseGrace = 30 * time.Second
)

// metricsLease knows whether the metrics role is alive: whether somebody renews
// its lease. When it was renewed goes by our own clock, for theirs may differ.
type metricsLease struct {
	reader client.Reader
	key    types.NamespacedName
	clock  clock.WithTicker
	// changed is called when it comes to life or is gone.
	changed func()

	mu      sync.Mutex
	renewed string
	at      time.Time
	alive   bool
}

// Start looks at the lease until ctx ends.
func (l *metricsLease) Start(ctx context.Context) error {
	ticker := l.clock.NewTicker(leasePoll)
	defer ticker.Stop()
	for {
		l.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// NeedLeaderElection says that who writes looks.
func (l *metricsLease) NeedLeaderElection() bool { return true }

func (l *metricsLease) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leasePoll)
	defer cancel()
	lease := &coordinationv1.Lease{}
	err := l.reader.Get(ctx, l.key, lease)
	if err != nil && !apierrors.IsNotFound(err) {
		lease = nil // what was known goes on until it is too old
	}
	if l.judge(lease) {
		l.changed()
	}
}

// judge takes a lease as it was read, nil where it could not be, and says whether
// the role came to life or is gone.
func (l *metricsLease) judge(lease *coordinationv1.Lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if lease != nil {
		switch renewed := renewal(lease); {
		case renewed == "":
			l.at = time.Time{}
		case renewed != l.renewed:
			l.renewed, l.at = renewed, now
		}
	}
	was := l.alive
	l.alive = !l.at.IsZero() && now.Sub(l.at) < leaseGrace
	return l.alive != was
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
func (l *metricsLease) Alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.alive
}
