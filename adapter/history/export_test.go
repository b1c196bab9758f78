package history

import "context"

// HoldSlots takes all query slots, as slow queries do.
func (r *Remote) HoldSlots(ctx context.Context) (release func(), err error) {
	n := int64(r.cfg.Limits.Concurrent)
	return func() { r.slots.Release(n) }, r.slots.Acquire(ctx, n)
}

// Tenants counts those with a query that waits or runs.
func (f *Fair) Tenants() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.tenants)
}
