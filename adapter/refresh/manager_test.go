package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// statuses remembers the last status of each pool.
type statuses struct {
	mu   sync.Mutex
	last map[string]v1alpha1.ShadowPoolStatus
}

func (s *statuses) Set(pool *v1alpha1.ShadowPool, status v1alpha1.ShadowPoolStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[pool.Name] = status
}

// shared makes one source safe for many loops.
type shared struct {
	mu sync.Mutex
	source
}

func (s *shared) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.QueryRange(ctx, expr, r)
}

// counts returns the queries and the points that were asked for so far.
func (s *shared) counts() (queries, points int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries, s.points
}

// hung never answers before its context ends.
type hung struct{}

func (hung) QueryRange(ctx context.Context, _ string, _ history.Range) (history.Result, error) {
	<-ctx.Done()
	return history.Result{}, ctx.Err()
}

// configured are the sources that a test's operator has configured.
type configured struct {
	mu      sync.Mutex
	sources map[string]From
}

func (c *configured) of(name, _ string) (From, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, ok := c.sources[name]
	if !ok {
		return From{}, fmt.Errorf("unknown source %q", name)
	}
	return from, nil
}

func (c *configured) change(change func(map[string]From)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c.sources)
}

// notBad takes every expression but one.
var notBad = Binding{Ours: anyExpr, Given: func(expr, _ string) (string, error) {
	if expr == "bad" {
		return "", errors.New("does not parse")
	}
	return expr, nil
}}

type bench struct {
	manager    *Manager
	board      *publish.Board
	source     *shared
	configured *configured
	status     *statuses
	reg        *prometheus.Registry
}

// inBubble runs f beside a manager whose time is the bubble's.
func inBubble(t *testing.T, f func(t *testing.T, b bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := bench{
			board: &publish.Board{}, status: &statuses{last: map[string]v1alpha1.ShadowPoolStatus{}},
			source: &shared{source: source{load: daily, since: time.Now().AddDate(0, 0, -14)}},
			reg:    prometheus.NewPedanticRegistry(),
		}
		b.configured = &configured{sources: map[string]From{
			v1alpha1.DefaultSource: {Source: b.source, Bind: notBad}, "hung": {Source: hung{}, Bind: notBad},
		}}
		var err error
		b.manager, err = NewManager(Config{
			Interval: DefaultInterval,
			Sources:  b.configured.of,
			Status:   b.status,
		}, b.board, clock.RealClock{}, log.NewNopLogger(), b.reg)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.manager.Run(ctx) }()
		synctest.Wait()
		f(t, b)
		cancel()
		require.NoError(t, <-done)
	})
}

// pass lets the bubble's time pass.
func pass(d time.Duration) { clock.RealClock{}.Sleep(d) }

func named(name string, change func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
	p := pool(change)
	p.Name = name
	return p
}

func TestManagerRefreshesEachPoolOnceAnInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		_, ok := b.board.Snapshot().Pool("shop", "web")
		require.True(t, ok, "a new pool is refreshed at once")
		pass(2 * DefaultInterval)
		synctest.Wait()
		before, _ := b.source.counts()
		pass(time.Hour)
		synctest.Wait()
		if after, _ := b.source.counts(); after-before != 60 {
			t.Errorf("%d queries in an hour, want 60", after-before)
		}
	})
}

func TestManagerForgetsADeletedPool(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		b.manager.Delete("shop", "web")
		synctest.Wait()
		if n := b.board.Snapshot().Len(); n != 0 {
			t.Errorf("%d pools are still published", n)
		}
		before, _ := b.source.counts()
		pass(time.Hour)
		if after, _ := b.source.counts(); after-before != 0 {
			t.Errorf("a deleted pool asked %d queries", after-before)
		}
	})
}

func TestManagerTakesOverANewSpec(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		_, points := b.source.counts()
		twice := v1alpha1.Decimal("200")
		b.manager.Set(named("web", func(p *v1alpha1.ShadowPool) { p.Spec.Load.CapacityPerReplica = &twice }))
		synctest.Wait()
		got, _ := b.board.Snapshot().Pool("shop", "web")
		if got.CapacityPerReplica != 200 {
			t.Errorf("capacity per replica %v, want 200", got.CapacityPerReplica)
		}
		_, after := b.source.counts()
		if read := after - points; read > 2*history.LateSteps {
			t.Errorf("the new spec read %d points again", read)
		}
	})
}

func TestManagerKeepsPoolsApart(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("slow", func(p *v1alpha1.ShadowPool) { p.Spec.Load.Source = "hung" }))
		b.manager.Set(named("bad", func(p *v1alpha1.ShadowPool) { p.Spec.Load.Query = "bad" }))
		b.manager.Set(named("lost", func(p *v1alpha1.ShadowPool) { p.Spec.Load.Source = "elsewhere" }))
		b.manager.Set(named("web", nil))
		synctest.Wait()
		if got, ok := b.board.Snapshot().Pool("shop", "web"); !ok || got.PredictedCapacity.Reason != "" {
			t.Errorf("web is published as %+v", got.PredictedCapacity)
		}
		for name, want := range map[string]string{
			"bad":  `spec.load.query: Invalid value: "bad": does not parse`,
			"lost": `spec.load.source: unknown source "elsewhere"`,
		} {
			got, _ := b.board.Snapshot().Pool("shop", name)
			if got.PredictedCapacity.Reason != want {
				t.Errorf("%s is refused with %q, want %q", name, got.PredictedCapacity.Reason, want)
			}
			b.status.mu.Lock()
			if c := b.status.last[name].Conditions; len(c) != 1 || c[0].Message != want {
				t.Errorf("%s has conditions %+v", name, c)
			}
			b.status.mu.Unlock()
		}
	})
}

func TestManagerMetricsAreLinted(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		problems, err := testutil.GatherAndLint(b.reg)
		require.NoError(t, err)
		require.Empty(t, problems)
		got := testutil.ToFloat64(b.manager.metrics.rounds.WithLabelValues(resultSuccess))
		require.Positive(t, got)
	})
}

func TestNewManagerRefusesABadConfig(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"no interval", Config{}, "refresh interval 0s: write at least 1s"},
		{"no source", Config{Interval: time.Minute}, "no source of load: write at least default"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewManager(tc.cfg, &publish.Board{}, clock.RealClock{}, log.NewNopLogger(), nil)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestManagerKeepsWhatIsUnderWayWhenAPoolComesAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		before, _ := b.source.counts()
		for range 5 {
			b.manager.Set(named("web", nil))
		}
		synctest.Wait()
		if after, _ := b.source.counts(); after-before != 0 {
			t.Errorf("a pool that came again as it was asked %d queries", after-before)
		}
	})
}

func TestManagerSaysThatAPoolHasNotBeenComputedYet(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("slow", func(p *v1alpha1.ShadowPool) { p.Spec.Load.Source = "hung" }))
		b.manager.Set(named("web", nil))
		synctest.Wait()
		got, ok := b.board.Snapshot().Pool("shop", "slow")
		if !ok || got.PredictedCapacity.Reason != "it has not been computed yet" {
			t.Errorf("published %v %+v", ok, got.PredictedCapacity)
		}
		if n := b.manager.Unseen(); n != 1 {
			t.Errorf("%d pools are unseen, want the slow one", n)
		}
	})
}
