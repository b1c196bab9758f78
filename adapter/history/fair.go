package history

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// maxFairWait bounds how long a query waits for others of its tenant.
const maxFairWait = time.Minute

// Fair shares one Source among tenants, such as namespaces: none has more than
// a number of queries under way at a time, so that the slow queries of one leave
// room for all others. It is safe for concurrent use.
type Fair struct {
	src       Source
	perTenant int

	mu      sync.Mutex
	tenants map[string]*tenant // those with a query that waits or runs
}

type tenant struct {
	slots *semaphore.Weighted
	users int // queries that wait or run
}

// NewFair returns a Fair over src with at least one query per tenant.
func NewFair(src Source, perTenant int) *Fair {
	return &Fair{src: src, perTenant: max(perTenant, 1), tenants: map[string]*tenant{}}
}

// For returns the Source of one tenant. It costs nothing to make and to drop.
func (f *Fair) For(name string) Source { return fairSource{Fair: f, tenant: name} }

type fairSource struct {
	*Fair
	tenant string
}

// String names the Source below in messages.
func (s fairSource) String() string { return fmt.Sprint(s.src) }

// QueryRange asks the Source below once the tenant has a query free. The wait
// counts against no deadline but its own.
func (s fairSource) QueryRange(ctx context.Context, expr string, r Range) (Result, error) {
	t := s.enter(s.tenant)
	defer s.leave(s.tenant, t)
	if err := s.wait(ctx, t); err != nil {
		return Result{}, err
	}
	defer t.slots.Release(1)
	return s.src.QueryRange(ctx, expr, r)
}

func (s fairSource) wait(ctx context.Context, t *tenant) error {
	err := acquire(ctx, t.slots, maxFairWait)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("query %s: %w", s, err)
	}
	return &QueryError{
		Where: s.String(), Kind: ErrUnavailable,
		Cause:  fmt.Errorf("waited %v for one of the %d queries that %s may run at a time", maxFairWait, s.perTenant, oneLine(s.tenant, maxShownValue)),
		Remedy: "look for slow queries of its other pools",
	}
}

// enter finds the tenant's slots or makes them.
func (f *Fair) enter(name string) *tenant {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tenants[name]
	if t == nil {
		t = &tenant{slots: semaphore.NewWeighted(int64(f.perTenant))}
		f.tenants[name] = t
	}
	t.users++
	return t
}

// leave forgets a tenant without queries: names come and go.
func (f *Fair) leave(name string, t *tenant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(f.tenants, name)
	}
}
