//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// twoLeaders pauses the leader and gives its lease to another one: the first
// comes back, still believes that it leads, and sees the same raise.
func twoLeaders(t *testing.T) {
	s := openShop(t, "leaders", 4, 6, "")
	first := s.takeOver(t)
	s.awaitWarm(t, 6)
	s.scaleTo(t, 7)
	require.NoError(t, first.child.Resume())
	s.awaitSettled(t, 7)
	s.awaitWarm(t, 6)
	first.awaitEnd(t)
	s.rec.judge(t)
}

// awaitEnd waits until a leader has seen that another one leads, and has ended.
func (c *controller) awaitEnd(t *testing.T) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the first leader to end", func(context.Context) (string, bool) {
		return "it runs", c.child.Ended()
	}))
}

// leaderPausedAmidRaise stops the leader between the raise and the end of its
// patches; another one finishes them, and then the first finds its own, late.
func leaderPausedAmidRaise(t *testing.T) {
	s := openShop(t, "stalled", 4, 10, "")
	before := s.shadows(t)
	s.scaleTo(t, 14)
	require.NoError(t, process.Until(t.Context(), time.Minute, "the first of them to serve", func(context.Context) (string, bool) {
		n := len(s.rec.servedAt(before))
		return fmt.Sprintf("%d serve", n), n > 0
	}))
	first := s.takeOver(t)
	s.awaitSettled(t, 14)
	s.scaleTo(t, 15)
	require.NoError(t, first.child.Resume())
	s.awaitSettled(t, 15)
	s.awaitWarm(t, 10)
	first.awaitEnd(t)
	s.rec.judge(t)
}

// takeOver pauses the leader, lets another one lead from now on, and returns the
// first.
func (s *shop) takeOver(t *testing.T) *controller {
	t.Helper()
	first, epoch := s.controller, s.epoch(t)
	require.NoError(t, first.child.Pause())
	t.Cleanup(func() { require.NoError(t, first.child.Resume()) }) // whoever is paused hears no signal to end
	shared.freeLease(t)
	s.controller = shared.newController(t, s.namespace)
	s.start(t)
	require.NoError(t, s.child.Await(t.Context(), time.Minute, "another leader", func(context.Context) (string, bool) {
		e := s.epoch(t)
		return fmt.Sprintf("epoch %d", e), e > epoch
	}))
	return first
}

// epoch is that of the leader that wrote the pool last.
func (s *shop) epoch(t *testing.T) int64 {
	t.Helper()
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	return p.Status.Epoch
}

// laggingControllers stops the kube-controller-manager around the hand-over: it
// sees the raised replicas, the pods that joined and its own pods all at once.
func laggingControllers(t *testing.T) {
	s := openShop(t, "lag", 4, 3, "")
	before := s.live(t)
	replicas := 4
	for _, after := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond} {
		s.scaleTo(t, replicas+3)
		s.pass(t, after)
		require.NoError(t, shared.ControllerManager().Pause())
		s.pass(t, time.Second)
		require.NoError(t, shared.ControllerManager().Resume())
		replicas += 3
		s.awaitSettled(t, replicas)
		s.awaitWarm(t, 3)
	}
	require.Empty(t, s.rec.deletedOf(before), "pods that served before the first raise are gone")
	s.rec.judge(t)
}

// pass lets time go by.
func (s *shop) pass(t *testing.T, d time.Duration) {
	t.Helper()
	from := s.workload.clock.Now()
	require.NoError(t, process.Until(t.Context(), d+time.Minute, d.String(), func(context.Context) (string, bool) {
		return "", s.workload.clock.Since(from) >= d
	}))
}
