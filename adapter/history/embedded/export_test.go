package embedded

import "context"

// HoldSlots takes all query slots, as slow queries do.
func (s *Store) HoldSlots(ctx context.Context) (release func(), err error) {
	n := int64(s.cfg.Limits.Concurrent)
	return func() { s.slots.Release(n) }, s.slots.Acquire(ctx, n)
}
