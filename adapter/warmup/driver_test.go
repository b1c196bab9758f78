package warmup

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

// coldApp answers slowly until its cache is full.
type coldApp struct {
	cold, warm time.Duration
	fills      float64 // requests after which the difference has halved
	status     func(n int) Class

	mu          sync.Mutex
	unreachable bool
	n           int
	inFlight    int
	lastEnd     time.Time
	maxFlight   int
}

func (a *coldApp) Reach(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unreachable {
		return errors.New("connect to the app: connection refused")
	}
	return nil
}

func (a *coldApp) Do(ctx context.Context, r *Request) Outcome {
	a.mu.Lock()
	n := a.n
	a.n++
	a.inFlight++
	a.maxFlight = max(a.maxFlight, a.inFlight)
	a.mu.Unlock()
	o := Outcome{Route: r.Route, Class: ClassSuccess, Latency: a.warm + time.Duration(float64(a.cold-a.warm)*math.Exp2(-float64(n)/a.fills))}
	if a.status != nil {
		o.Class = a.status(n)
	}
	c := clock.RealClock{}
	timer := c.NewTimer(o.Latency)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-ctx.Done():
		o.Class = ClassError
	}
	o.At = c.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight--
	a.lastEnd = o.At
	return o
}

func (a *coldApp) sent() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

func (a *coldApp) reachable(yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unreachable = !yes
}

// label is the pod's state as the test sets it.
type label struct {
	mu    sync.Mutex
	state string
}

func (l *label) set(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
}

func (l *label) get() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func listOf(t *testing.T, yaml string) func() *List {
	t.Helper()
	l, err := ParseList([]byte(yaml))
	require.NoError(t, err)
	return func() *List { return l }
}

// drive runs a driver in a bubble until the test ends.
func drive(t *testing.T, s Settings, app App, feed Feed) (d *Driver, stop func()) {
	t.Helper()
	d, err := NewDriver(s, app, feed, rand.New(rand.NewPCG(1, 2)), clock.RealClock{}, log.NewNopLogger(), NewMetrics(nil))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	return d, func() {
		cancel()
		<-done
	}
}

func pass(d time.Duration) {
	clock.RealClock{}.Sleep(d)
	synctest.Wait()
}

// until returns the time at which a condition came to hold, second by second.
func until(t *testing.T, d *Driver, within time.Duration, holds func(Progress) bool) time.Duration {
	t.Helper()
	for gone := time.Duration(0); gone <= within; gone += time.Second {
		if holds(d.Progress()) {
			return gone
		}
		pass(time.Second)
	}
	t.Fatalf("after %s: %+v", within, d.Progress())
	return 0
}

const onePage = "requests: [{path: /}]"

func inStage(s Stage) func(Progress) bool { return func(p Progress) bool { return p.Stage == s } }

func TestDriverWarmsAColdAppUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: 400 * time.Millisecond, warm: 8 * time.Millisecond, fills: 30, unreachable: true}
		state := &label{state: "creating"}
		profile := &Profile{Version: 1, RequestsPerSecond: 40, LoadRatio: 1.25, Routes: map[string]RouteProfile{AnyRoute: {P50: 0.01, P90: 0.012}}}
		d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage), State: state.get, Profile: func() *Profile { return profile }})
		defer stop()

		until(t, d, 5*time.Second, inStage(StageWaitingForApp))
		app.reachable(true)
		until(t, d, 5*time.Second, inStage(StageWaitingForReady))
		require.Zero(t, app.sent(), "nothing is sent to a pod that is not Ready")
		state.set("warming")
		until(t, d, 5*time.Second, inStage(StageRamping))
		until(t, d, time.Minute, inStage(StageLatencyAbove))
		require.Contains(t, d.Progress().Message, "the source's is 10ms")
		require.Less(t, d.Progress().Ratio, 0.8)
		until(t, d, 2*time.Minute, inStage(StageStabilising))
		stable := until(t, d, time.Minute, func(p Progress) bool { return p.Done })
		require.GreaterOrEqual(t, stable, DefaultSettings().Stable-time.Second)
		p := d.Progress()
		require.Equal(t, StageReady, p.Stage)
		require.Equal(t, 1.0, p.Ratio)
		require.Equal(t, ReferenceProfile, p.Reference)
		require.Equal(t, 1, p.Round)

		sent := app.sent()
		pass(10 * time.Minute)
		require.Equal(t, sent, app.sent(), "nothing is sent after the warm-up")
	})
}

// After a warm-up the pod serves; when it returns to the pool it warms up again.
func TestDriverKeepsWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: 50 * time.Millisecond, warm: 5 * time.Millisecond, fills: 5}
		state := &label{state: "warming"}
		d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage), State: state.get})
		defer stop()
		until(t, d, 2*time.Minute, func(p Progress) bool { return p.Done })
		require.Equal(t, ReferenceSelf, d.Progress().Reference)
		state.set("ready")
		pass(time.Minute)
		require.True(t, d.Progress().Done, "what the round came to stays visible")
		sent := app.sent()
		state.set("warming")
		until(t, d, 5*time.Second, func(p Progress) bool { return p.Round == 2 && !p.Done })
		until(t, d, 2*time.Minute, func(p Progress) bool { return p.Done })
		require.Greater(t, app.sent(), sent)
	})
}

// A label that changes ends the round, whatever it came to: the pod may serve.
func TestDriverStopsWhenThePodIsNoWarmingShadowAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: time.Second, warm: time.Second, fills: 5}
		state := &label{state: "warming"}
		d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage), State: state.get})
		defer stop()
		until(t, d, time.Minute, func(p Progress) bool { return p.InFlight > 0 })
		state.set("active")
		pass(2 * time.Second)
		require.Equal(t, StageIdle, d.Progress().Stage)
		sent := app.sent()
		pass(10 * time.Minute)
		require.Equal(t, sent, app.sent())
		require.Zero(t, app.inFlight)
	})
}

// A sidecar that starts anew in a pod that serves sends nothing.
func TestDriverIsIdleInAPodThatServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{warm: time.Millisecond, cold: time.Millisecond, fills: 5}
		for _, state := range []string{"active", "ready", "draining", ""} {
			d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage), State: func() string { return state }})
			pass(10 * time.Minute)
			require.Equal(t, StageIdle, d.Progress().Stage, state)
			stop()
		}
		require.Zero(t, app.sent())
	})
}

func TestDriverTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: 300 * time.Millisecond, warm: 300 * time.Millisecond, fills: 5}
		profile := &Profile{Version: 1, Routes: map[string]RouteProfile{AnyRoute: {P50: 0.01, P90: 0.02}}}
		s := DefaultSettings()
		began := clock.RealClock{}.Now()
		d, stop := drive(t, s, app, Feed{List: listOf(t, onePage), Profile: func() *Profile { return profile }})
		defer stop()
		until(t, d, s.Timeout+2*time.Second, inStage(StageTimedOut))
		p := d.Progress()
		require.True(t, p.TimedOut)
		require.False(t, p.Done)
		require.Less(t, p.Ratio, 0.5)
		require.Contains(t, p.Message, "not warm after 4m50s: LatencyAbove: *: p")
		require.LessOrEqual(t, clock.RealClock{}.Since(began), s.Timeout+2*time.Second)
		sent := app.sent()
		pass(time.Minute)
		require.Equal(t, sent, app.sent(), "nothing is sent after the end")
	})
}

// An app may take connections long before its pod is Ready: it has time to warm
// up all the same, and not as long as the pool gives it.
func TestDriverGivesALateAppTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: time.Millisecond, warm: time.Millisecond, fills: 5, status: func(int) Class { return ClassClient }}
		state := &label{state: "creating"}
		s := DefaultSettings()
		d, stop := drive(t, s, app, Feed{List: listOf(t, onePage), State: state.get})
		defer stop()
		pass(2 * s.Timeout)
		require.Equal(t, StageWaitingForReady, d.Progress().Stage)
		state.set("warming")
		gone := until(t, d, s.Timeout, inStage(StageTimedOut))
		require.InDelta(t, (s.Timeout - lateness).Seconds(), gone.Seconds(), 2)
	})
}

// A shadow that answers 401 to everything is fast and cold.
func TestDriverSeesThatResponsesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, profile := range map[string]*Profile{
			"by the source's profile": {Version: 1, Routes: map[string]RouteProfile{AnyRoute: {P50: 0.01, P90: 0.02, Classes: map[Class]float64{ClassSuccess: 0.98, ClassClient: 0.02}}}},
			"without one":             nil,
		} {
			app := &coldApp{cold: time.Millisecond, warm: time.Millisecond, fills: 5, status: func(int) Class { return ClassClient }}
			d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage), Profile: func() *Profile { return profile }})
			until(t, d, time.Minute, inStage(StageResponsesDiffer))
			require.Less(t, d.Progress().Ratio, 0.1, name)
			require.Contains(t, d.Progress().Message, "100 % of the responses are 4xx", name)
			stop()
		}
	})
}

// An app that answers 500 to everything is left alone, longer and longer.
func TestDriverAbortsOnAnErrorBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: time.Millisecond, warm: time.Millisecond, fills: 5, status: func(int) Class { return ClassServer }}
		s := DefaultSettings()
		d, stop := drive(t, s, app, Feed{List: listOf(t, onePage)})
		defer stop()
		until(t, d, 2*time.Minute, inStage(StageAborted))
		require.Zero(t, d.Progress().Ratio)
		require.Equal(t, burst, app.sent(), "a burst is enough")
		until(t, d, s.Timeout, inStage(StageTimedOut))
		require.LessOrEqual(t, app.sent(), 6*burst, "no flood")
	})
}

// One that has recovered warms up all the same.
func TestDriverForgivesAnErrorBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: time.Millisecond, warm: time.Millisecond, fills: 5, status: func(n int) Class {
			if n < burst {
				return ClassError
			}
			return ClassSuccess
		}}
		d, stop := drive(t, DefaultSettings(), app, Feed{List: listOf(t, onePage)})
		defer stop()
		until(t, d, 2*time.Minute, inStage(StageAborted))
		until(t, d, 2*time.Minute, func(p Progress) bool { return p.Done })
		require.GreaterOrEqual(t, app.sent(), burst+DefaultSettings().MinRequests, "what came before the burst does not count")
	})
}

func TestDriverHasNoMoreInFlightThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := &coldApp{cold: 9 * time.Second, warm: 9 * time.Second, fills: 5}
		s := DefaultSettings()
		s.MaxInFlight = 3
		_, stop := drive(t, s, app, Feed{List: listOf(t, onePage)})
		pass(2 * time.Minute)
		stop()
		require.Equal(t, 3, app.maxFlight)
		require.Zero(t, app.inFlight, "a stop waits for what is on its way")
	})
}

func TestDriverHasNothingToSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, stop := drive(t, DefaultSettings(), &coldApp{}, Feed{List: func() *List { return nil }})
		defer stop()
		until(t, d, 5*time.Second, inStage(StageNoRequests))
		until(t, d, DefaultSettings().Timeout+time.Second, inStage(StageTimedOut))
	})
}
