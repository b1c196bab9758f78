package history_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// held is a Source whose queries last until release is closed.
type held struct {
	mu      sync.Mutex
	running map[string]int // by expression
	release chan struct{}
}

func newHeld() *held { return &held{running: map[string]int{}, release: make(chan struct{})} }

func (h *held) String() string { return "http://prometheus" }

func (h *held) add(expr string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[expr] += n
}

func (h *held) count(expr string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running[expr]
}

func (h *held) QueryRange(ctx context.Context, expr string, _ history.Range) (history.Result, error) {
	h.add(expr, 1)
	defer h.add(expr, -1)
	select {
	case <-h.release:
		return history.Result{}, nil
	case <-ctx.Done():
		return history.Result{}, ctx.Err()
	}
}

func TestFairBoundsEachTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newHeld()
		fair := history.NewFair(src, 2)
		var wg sync.WaitGroup
		for range 5 {
			for _, tenant := range []string{"shop", "bank"} {
				wg.Go(func() {
					if _, err := fair.For(tenant).QueryRange(t.Context(), tenant, anHour); err != nil {
						t.Error(err)
					}
				})
			}
		}
		synctest.Wait()
		require.Equal(t, 2, src.count("shop"))
		require.Equal(t, 2, src.count("bank"), "one tenant's queries hold up the other's")
		require.Equal(t, 2, fair.Tenants())
		close(src.release)
		wg.Wait()
		require.Zero(t, fair.Tenants(), "tenants without a query are kept")
	})
}

func TestFairWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newHeld()
		fair := history.NewFair(src, 1)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = fair.For("shop").QueryRange(t.Context(), "up", anHour) })
		synctest.Wait()
		_, err := fair.For("shop").QueryRange(t.Context(), "up", anHour)
		require.ErrorIs(t, err, history.ErrUnavailable)
		require.EqualError(t, err, "query http://prometheus: unavailable: waited 1m0s for one of the 1 queries that shop may run at a time: look for slow queries of its other pools")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = fair.For("shop").QueryRange(ctx, "up", anHour)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		close(src.release)
		wg.Wait()
		require.Zero(t, fair.Tenants())
		_, err = fair.For("shop").QueryRange(t.Context(), "up", anHour)
		require.NoError(t, err)
	})
}
