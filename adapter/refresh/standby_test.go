package refresh

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// active changes a pool to mode Active with so many replicas covered; below 0
// nobody has said yet.
func active(cover int32) func(*v1alpha1.ShadowPool) {
	return func(p *v1alpha1.ShadowPool) {
		p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
		if cover >= 0 {
			p.Status.Cover = &v1alpha1.CoverStatus{Replicas: cover}
		}
	}
}

func TestStandbyOf(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.ShadowPoolStatus)
		want   Standby
	}{
		{"a status that says nothing", func(*v1alpha1.ShadowPoolStatus) {}, Standby{}},
		{"no cover is a cover too", func(s *v1alpha1.ShadowPoolStatus) { s.Cover = &v1alpha1.CoverStatus{} }, Standby{CoverKnown: true}},
		{"a cover below 0 is none", func(s *v1alpha1.ShadowPoolStatus) { s.Cover = &v1alpha1.CoverStatus{Replicas: -1} }, Standby{CoverKnown: true}},
		{
			"leads are rounded up",
			func(s *v1alpha1.ShadowPoolStatus) { s.Leads = &v1alpha1.LeadStatus{ColdStart: "41s", WarmUp: "10s"} },
			Standby{ColdStart: 50 * time.Second, WarmUp: 10 * time.Second},
		},
		{
			"a pod that hung does not teach more than a spec may say",
			func(s *v1alpha1.ShadowPoolStatus) { s.Leads = &v1alpha1.LeadStatus{ColdStart: "3d", WarmUp: "2h"} },
			Standby{ColdStart: 6 * time.Hour, WarmUp: time.Hour},
		},
		{
			"leads that cannot be read taught nothing",
			func(s *v1alpha1.ShadowPoolStatus) { s.Leads = &v1alpha1.LeadStatus{ColdStart: "soon"} },
			Standby{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := pool(nil)
			tc.change(&p.Status)
			require.Equal(t, tc.want, StandbyOf(p))
		})
	}
}

func TestSettingsOfTakesLearntLeads(t *testing.T) {
	learnt := &v1alpha1.LeadStatus{ColdStart: "2m", WarmUp: "30s"}
	for _, tc := range []struct {
		name               string
		change             func(*v1alpha1.ShadowPool)
		coldStart, shadows time.Duration
	}{
		{"without evidence", active(0), 5 * time.Minute, 5*time.Minute + 10*time.Second},
		{"learnt", func(p *v1alpha1.ShadowPool) { p.Status.Leads = learnt }, 2 * time.Minute, 150 * time.Second},
		{"learnt, without a warm-up yet", func(p *v1alpha1.ShadowPool) {
			p.Status.Leads = &v1alpha1.LeadStatus{ColdStart: "2m"}
		}, 2 * time.Minute, 130 * time.Second},
		{"a given lead stays, and shadows go by what was learnt", func(p *v1alpha1.ShadowPool) {
			p.Spec.Prediction.ColdStartLead, p.Status.Leads = "4m", learnt
		}, 4 * time.Minute, 150 * time.Second},
		{"a given lead is better than none", func(p *v1alpha1.ShadowPool) {
			p.Spec.Prediction.ColdStartLead, p.Spec.WarmUp.MinReady = "4m", "20s"
		}, 4 * time.Minute, 260 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := SettingsOf(pool(tc.change), asGiven, DefaultInterval)
			require.NoError(t, err)
			require.Equal(t, tc.coldStart, s.Capacity.ColdStartLead)
			require.Equal(t, tc.shadows, s.Capacity.ShadowLead)
		})
	}
}

func TestTickTakesTheCoverOffTheValue(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	report := func(mode v1alpha1.Mode, cover int32) Report {
		return newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
			active(cover)(p)
			p.Spec.Mode, p.Spec.Prediction.ColdStartLead = mode, "15m"
		}), src).Tick(context.Background(), at(0, "09:00"))
	}
	bare, covered, predict := report(v1alpha1.ModeActive, 0), report(v1alpha1.ModeActive, 2), report(v1alpha1.ModePredict, 2)
	require.Greater(t, bare.Decision.Value, bare.Decision.NowTerm+2, "the example needs room for a cover")
	require.Equal(t, bare.Decision.Value-2, covered.Decision.Value)
	require.Equal(t, bare.Decision.Value, predict.Decision.Value, "a pool that is not Active has no cover")
	c := covered.Status().Capacity
	require.EqualValues(t, covered.Decision.NowTerm, *c.NowReplicas)
	require.EqualValues(t, covered.Decision.ShadowNeed, *c.ShadowReplicas)
	require.Contains(t, c.Note, "2 of the "+strconv.Itoa(bare.Decision.Value)+" needed within the cold-start lead of 15m0s are covered by shadows")
}

func TestTickWithoutAForecastSaysNothingOfShadows(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	paused := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		active(2)(p)
		p.Annotations = map[string]string{v1alpha1.PauseAnnotation: "forecast"}
	}), src).Tick(context.Background(), at(0, "09:00"))
	c := paused.Status().Capacity
	require.EqualValues(t, 5, *c.NowReplicas)
	require.Nil(t, c.ShadowReplicas)
	require.NotContains(t, c.Note, "covered")

	src.err = errors.New("query http://prometheus:9090: unreachable")
	refused := newTestLoop(t, pool(active(2)), src).Tick(context.Background(), at(0, "09:00"))
	require.Nil(t, refused.Status().Capacity.NowReplicas)
}

func TestAgainAsksNobodyAndDecidesAsATickWould(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(active(3)), src)
	last := l.Tick(context.Background(), at(0, "09:00"))
	queries := src.queries
	l.SetStandby(Standby{Cover: 0, CoverKnown: true})
	got := l.Again(last, at(0, "09:00").Add(20*time.Second))
	require.Equal(t, queries, src.queries)
	want := newTestLoop(t, pool(active(0)), src).Tick(context.Background(), at(0, "09:00"))
	if diff := cmp.Diff(want.Decision, got.Decision); diff != "" {
		t.Errorf("decision (-tick +again):\n%s", diff)
	}
	require.Greater(t, got.Decision.Value, last.Decision.Value)
	require.Equal(t, at(0, "09:00").Add(20*time.Second), got.Published().PredictedCapacity.ComputedAt)
}

func TestAnUnknownCoverKeepsTheLastValueUntilMaxAge(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	resumed := func(p *v1alpha1.ShadowPool) {
		active(-1)(p)
		p.Status.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: ptr.To[int32](9)}
	}
	value := func(l *Loop, clock string) capacity.Decision {
		r := l.Tick(context.Background(), at(0, clock))
		require.NoError(t, r.Refused)
		return r.Decision
	}
	l := newTestLoop(t, pool(resumed), src)
	if got := value(l, "03:00"); got.Value != 9 || !got.Held {
		t.Errorf("after the start the value is %d (held %v), want the last one, 9", got.Value, got.Held)
	}
	require.Equal(t, 9, value(l, "03:15").Value, "maxAge is not over")
	require.Equal(t, 5, value(l, "03:16").Value, "nobody said anything: there is no cover")

	l = newTestLoop(t, pool(resumed), src)
	value(l, "03:00")
	l.SetStandby(Standby{CoverKnown: true})
	require.Equal(t, 5, value(l, "03:01").Value, "a known cover ends it")

	// A pool that has just become Active had no shadows.
	was := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		resumed(p)
		p.Spec.Mode = v1alpha1.ModePredict
	}), src)
	value(was, "03:00")
	s, err := SettingsOf(pool(resumed), asGiven, DefaultInterval)
	require.NoError(t, err)
	turned, err := NewLoop(s, src, was)
	require.NoError(t, err)
	require.Equal(t, 5, value(turned, "03:01").Value)
}

func TestANewLeadCountsFromTheForecastThatReachesIt(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(active(0)), src)
	first := l.Tick(context.Background(), at(0, "07:30"))
	require.Equal(t, 5, first.Decision.Value)
	src.err = errors.New("query http://prometheus:9090: unreachable")
	long := Standby{CoverKnown: true, ColdStart: 2 * time.Hour}
	l.SetStandby(long)
	held := l.Tick(context.Background(), at(0, "07:31"))
	require.NoError(t, held.Refused)
	require.Equal(t, capacity.FallbackNone, held.Decision.Fallback, "a lead beyond the forecast must not put it out of use")
	require.Equal(t, 5*time.Minute, held.Settings.Capacity.ColdStartLead)
	src.err = nil
	far := l.Tick(context.Background(), at(0, "07:32"))
	require.Equal(t, 2*time.Hour, far.Settings.Capacity.ColdStartLead)
	require.Greater(t, far.Decision.Value, 12, "two hours ahead the load has risen")
	require.Equal(t, 2*time.Hour+10*time.Second, far.Settings.Capacity.ShadowLead)

	// The same minute, without a new value of the load.
	l.SetStandby(Standby{CoverKnown: true})
	require.Equal(t, 5, l.Tick(context.Background(), at(0, "07:32").Add(30*time.Second)).Decision.Value)
}

func TestPublishedShadows(t *testing.T) {
	now := at(0, "09:00")
	p := pool(active(-1))
	const uncounted = "nobody has counted its shadows yet: look whether the adapter with the role shadows runs"
	require.Equal(t, uncounted, shadowsOf(p, now).Unknown)
	p.Status.Counts = &v1alpha1.ShadowCounts{Ready: 3, Warming: 2, Bridged: 1}
	require.Equal(t, uncounted, shadowsOf(p, now).Unknown)
	p.Status.Cover = &v1alpha1.CoverStatus{Replicas: 4, Lost: 1} // one of the three that are ready is held back
	p.Status.Shadows = []v1alpha1.ShadowStatus{
		{Name: "a", State: v1alpha1.ShadowCreating},
		{Name: "b", State: v1alpha1.ShadowWarming, Progress: "0.4"},
		{Name: "c", State: v1alpha1.ShadowReady, Progress: "0.9"},
		{Name: "d", State: v1alpha1.ShadowWarming, Progress: "7"},
		{Name: "e", State: v1alpha1.ShadowActive},
		{Name: "f", State: v1alpha1.ShadowBridged},
		{Name: "g", State: v1alpha1.ShadowDraining},
	}
	got := shadowsOf(p, now)
	want := publish.Shadows{Warm: 2, SeenAt: now, MaxAge: 15 * time.Minute, List: []publish.Shadow{
		{Pod: "a", State: "creating"},
		{Pod: "b", State: "warming", Progress: 0.4, Measured: true},
		{Pod: "c", State: "ready", Progress: 1},
		{Pod: "d", State: "warming", Progress: math.NaN(), Measured: true},
		{Pod: "f", State: "bridged", Progress: 1},
		{Pod: "g", State: "draining"},
	}}
	if !got.Same(want) || !got.SeenAt.Equal(now) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	p.Status.Cover = &v1alpha1.CoverStatus{Replicas: 1, Lost: 1} // paused: nothing may go live
	require.Zero(t, shadowsOf(p, now).Warm)
	p.Spec.Mode = v1alpha1.ModePredict
	require.Equal(t, "the pool is in mode Predict and keeps no shadows: write spec.mode Active", shadowsOf(p, now).Unknown)
}

// What is seen for the first time may have stood there for long, what comes later
// is news, and a new spec makes nothing younger.
func TestShadowsAreAsOldAsWhatWasWritten(t *testing.T) {
	decided := func(p *v1alpha1.ShadowPool) {
		active(1)(p)
		p.Status.Counts = &v1alpha1.ShadowCounts{Ready: 1}
		p.Status.LastDecision = &v1alpha1.LastDecision{Time: metav1.NewTime(at(0, "08:00"))}
	}
	first := newWorker(pool(decided), nil, at(0, "09:00"))
	require.Equal(t, at(0, "08:00"), first.shadows.SeenAt)
	require.Equal(t, at(0, "09:00"), newWorker(pool(active(1)), nil, at(0, "09:00")).shadows.SeenAt)
	edited := newWorker(pool(decided), first, at(0, "09:30"))
	require.Equal(t, at(0, "08:00"), edited.shadows.SeenAt)
	changed := newWorker(pool(func(p *v1alpha1.ShadowPool) {
		decided(p)
		p.Status.Cover.Replicas = 2
	}), first, at(0, "09:30"))
	require.Equal(t, at(0, "09:30"), changed.shadows.SeenAt)
}

// The names of labels that publish knows are those of the pods.
func TestPublishKnowsTheLabelsOfShadows(t *testing.T) {
	require.Equal(t, v1alpha1.PoolLabel, publish.PodLabelPool)
	require.Equal(t, v1alpha1.StateLabel, publish.PodLabelState)
}

func TestManagerDecidesAnewWhenTheCoverChanges(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.source.load = func(t time.Time) float64 { return 400 + 100*float64(t.Minute()) }
		b.manager.Set(named("web", active(3)))
		synctest.Wait()
		published := func() float64 {
			p, ok := b.board.Snapshot().Pool("shop", "web")
			require.True(t, ok)
			require.Empty(t, p.PredictedCapacity.Reason)
			return p.PredictedCapacity.Value
		}
		pass(DefaultInterval)
		synctest.Wait()
		queries, _ := b.source.counts()
		with := published()
		b.manager.Set(named("web", active(0)))
		synctest.Wait()
		if without := published(); without <= with {
			t.Errorf("3 shadows went live and the value went from %v to %v", with, without)
		}
		b.status.mu.Lock()
		require.EqualValues(t, published(), *b.status.last["web"].Capacity.PredictedReplicas)
		b.status.mu.Unlock()
		after, _ := b.source.counts()
		require.Equal(t, queries, after, "Prometheus is not asked for that")

		// What another role writes beside it changes nothing.
		b.manager.Set(named("web", func(p *v1alpha1.ShadowPool) {
			active(0)(p)
			p.Status.Epoch, p.Status.LastDecision = 7, &v1alpha1.LastDecision{Reason: "Steady"}
		}))
		synctest.Wait()
		after, _ = b.source.counts()
		require.Equal(t, queries, after)
	})
}

// stuck answers until it is told to hang.
type stuck struct {
	history.Source
	hangs atomic.Bool
}

func (s *stuck) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	if s.hangs.Load() {
		return hung{}.QueryRange(ctx, expr, r)
	}
	return s.Source.QueryRange(ctx, expr, r)
}

func TestManagerDecidesAnewWhilePrometheusHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		src := &stuck{Source: b.source}
		b.source.load = func(t time.Time) float64 { return 400 + 100*float64(t.Minute()) }
		b.configured.change(func(s map[string]From) { s["stuck"] = From{Source: src, Bind: notBad} })
		stuckPool := func(cover int32) *v1alpha1.ShadowPool {
			return named("web", func(p *v1alpha1.ShadowPool) {
				active(cover)(p)
				p.Spec.Load.Source = "stuck"
			})
		}
		b.manager.Set(stuckPool(3))
		synctest.Wait()
		src.hangs.Store(true)
		pass(DefaultInterval + time.Second)
		synctest.Wait()
		before, _ := b.board.Snapshot().Pool("shop", "web")
		b.manager.Set(stuckPool(0))
		synctest.Wait()
		after, _ := b.board.Snapshot().Pool("shop", "web")
		if after.PredictedCapacity.Value <= before.PredictedCapacity.Value {
			t.Errorf("the value stayed at %v while Prometheus hung", after.PredictedCapacity.Value)
		}
	})
}

func TestManagerPublishesTheShadowsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		counted := func(ready int32, state v1alpha1.ShadowState) *v1alpha1.ShadowPool {
			return named("web", func(p *v1alpha1.ShadowPool) {
				active(ready)(p)
				p.Status.Counts = &v1alpha1.ShadowCounts{Ready: ready}
				p.Status.Shadows = []v1alpha1.ShadowStatus{{Name: "web-1", State: state}}
			})
		}
		shadows := func() publish.Shadows {
			p, _ := b.board.Snapshot().Pool("shop", "web")
			return p.Shadows
		}
		b.manager.Set(counted(0, v1alpha1.ShadowWarming))
		require.Empty(t, shadows().Unknown, "before the first round")
		synctest.Wait()
		queries, _ := b.source.counts()
		b.manager.Set(counted(1, v1alpha1.ShadowReady))
		require.Equal(t, 1, shadows().Warm)
		require.Equal(t, "ready", shadows().List[0].State)
		pass(3 * DefaultInterval)
		synctest.Wait()
		require.Equal(t, 1, shadows().Warm, "rounds keep them")
		after, _ := b.source.counts()
		require.LessOrEqual(t, after-queries, 4)

		b.manager.Set(named("web", nil))
		require.Contains(t, shadows().Unknown, "mode Predict")
	})
}
