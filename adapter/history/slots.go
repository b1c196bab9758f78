package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// errNoSlot says that other queries held all slots for as long as one waits.
var errNoSlot = errors.New("no query slot was free")

// acquire takes a slot. It waits for it no longer than one query may take,
// which is not the deadline of the query itself: who waits for others is not to
// blame for their cost.
func acquire(ctx context.Context, slots *semaphore.Weighted, wait time.Duration) error {
	wctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	switch err := slots.Acquire(wctx, 1); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return errNoSlot
	}
}

// Acquire takes one of the Concurrent slots, for a Source that evaluates by
// itself; where names it in the error.
func (l Limits) Acquire(ctx context.Context, slots *semaphore.Weighted, where string) error {
	err := acquire(ctx, slots, l.Timeout)
	if errors.Is(err, errNoSlot) {
		return l.noSlot(where)
	}
	return err
}

// noSlot tells who waited in vain whom to look at.
func (l Limits) noSlot(where string) *QueryError {
	return &QueryError{
		Where: where, Kind: ErrUnavailable,
		Cause:  fmt.Errorf("waited %v for one of %d query slots", l.Timeout, l.Concurrent),
		Remedy: "raise --prometheus.max-concurrency or look for slow queries of other pools",
	}
}
