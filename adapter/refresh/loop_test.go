package refresh

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// monday is a midnight, far enough from the epoch for any window.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// daily is a load between 400 and 1,600 that repeats each day and rises
// steeply at nine.
func daily(t time.Time) float64 {
	h := float64(t.Hour()) + float64(t.Minute())/60
	switch {
	case h < 9:
		return 400
	case h < 9.5:
		return 400 + 1200*(h-9)*2
	case h < 18:
		return 1600
	}
	return 400
}

// source answers every query from a function of time, from since on. It counts
// the points that were asked for.
type source struct {
	load     func(time.Time) float64
	replicas func(time.Time) float64
	since    time.Time
	err      error
	warnings []string
	queries  int
	points   int
	// profiles counts the queries of profiles, which find nothing.
	profiles int
}

func (s *source) QueryRange(_ context.Context, expr string, r history.Range) (history.Result, error) {
	if strings.Contains(expr, "container_") {
		s.profiles++
		return history.Result{}, nil
	}
	s.queries++
	s.points += r.Points()
	if s.err != nil {
		return history.Result{}, s.err
	}
	value := s.load
	if expr == "replicas" {
		value = s.replicas
	}
	var points []history.Point
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		if v := value(t); !t.Before(s.since) && !math.IsNaN(v) {
			points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: v})
		}
	}
	res := history.Result{Warnings: s.warnings}
	if len(points) > 0 {
		res.Series = []history.Samples{{Points: points}}
	}
	return res, nil
}

// pool is a pool in mode Predict whose replicas carry 100 each.
func pool(change func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
	per := v1alpha1.Decimal("100")
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = "shop", "web"
	p.Spec.Mode = v1alpha1.ModePredict
	p.Spec.ScaleTargetRef.Name = "web"
	p.Spec.Load.Query, p.Spec.Load.CapacityPerReplica = "load", &per
	p.Spec.History.Window = "14d"
	if change != nil {
		change(p)
	}
	p.Default()
	return p
}

func anyExpr(expr, _ string) (string, error) { return expr, nil }

// asGiven asks what the pool says.
var asGiven = Binding{Given: anyExpr, Ours: anyExpr}

func newTestLoop(t *testing.T, p *v1alpha1.ShadowPool, src history.Source) *Loop {
	t.Helper()
	s, err := SettingsOf(p, asGiven, DefaultInterval)
	require.NoError(t, err)
	l, err := NewLoop(s, src, nil)
	require.NoError(t, err)
	return l
}

func at(day int, clock string) time.Time {
	c, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return monday.AddDate(0, 0, day).Add(time.Duration(c.Hour())*time.Hour + time.Duration(c.Minute())*time.Minute)
}

func TestTickAsksForTheRiseAheadOfIt(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(nil), src)

	before := l.Tick(context.Background(), at(0, "08:30"))
	require.NoError(t, before.Refused)
	if got, want := before.Decision.Value, 5; got != want {
		t.Errorf("half an hour ahead the value is %d, want the floor %d", got, want)
	}
	// In five minutes, the cold-start lead, the load will be 600 and more.
	ahead := l.Tick(context.Background(), at(0, "09:00"))
	if got := ahead.Decision; got.Value < 6 || got.Floor != 5 {
		t.Errorf("at the foot of the rise the value is %d above a floor of %d, want at least 6 above 5", got.Value, got.Floor)
	}
	if got := ahead.Published().PredictedCapacity.Value; got != float64(ahead.Decision.Value) {
		t.Errorf("published %v, want %d", got, ahead.Decision.Value)
	}
}

func TestTickReadsOnlyWhatIsNew(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(nil), src)
	l.Tick(context.Background(), at(0, "08:30"))
	first := src.points
	l.Tick(context.Background(), at(0, "08:31"))
	if delta := src.points - first; delta > 2*history.LateSteps || delta >= first/100 {
		t.Errorf("the second round asked for %d points after %d", delta, first)
	}
}

func TestTickDependsOnTheHistoryNotOnTheStart(t *testing.T) {
	wobbly := func(t time.Time) float64 { return daily(t) + 37*math.Sin(float64(t.Unix())/977) }
	since := monday.AddDate(0, 0, -20)
	early := newTestLoop(t, pool(nil), &source{load: wobbly, since: since})
	late := newTestLoop(t, pool(nil), &source{load: wobbly, since: since})
	for now := at(0, "06:00"); now.Before(at(0, "09:10")); now = now.Add(10 * time.Minute) {
		early.Tick(context.Background(), now)
	}
	want := early.Tick(context.Background(), at(0, "09:10"))
	got := late.Tick(context.Background(), at(0, "09:10"))
	if diff := cmp.Diff(want.Decision, got.Decision); diff != "" {
		t.Errorf("a loop that started later decides otherwise (-early +late):\n%s", diff)
	}
}

func TestTickWithoutPrometheus(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(nil), src)
	last := l.Tick(context.Background(), at(0, "09:00")).Decision.Value
	src.err = errors.New("query http://prometheus:9090: unreachable")
	for minute := 1; minute <= 15; minute++ {
		r := l.Tick(context.Background(), at(0, "09:00").Add(time.Duration(minute)*time.Minute))
		require.NoError(t, r.Refused)
		if r.Decision.Value < last {
			t.Fatalf("%d minutes into the outage the value fell from %d to %d", minute, last, r.Decision.Value)
		}
		last = r.Decision.Value
	}
	if last < 12 {
		t.Errorf("the forecast did not advance with the clock: %d replicas at 09:15, want at least 12", last)
	}
	r := l.Tick(context.Background(), at(0, "09:16"))
	want := "the newest sample of the load is too old: it is of 2026-03-02T09:00:00Z and spec.prediction.maxAge is 15m0s: query http://prometheus:9090: unreachable"
	if r.Refused == nil || r.Refused.Error() != want {
		t.Errorf("after maxAge: got  %v\nwant %s", r.Refused, want)
	}
	if got := r.Published(); got.PredictedCapacity.Reason != want || got.Fallback != publish.FallbackForecastStale {
		t.Errorf("published %+v, fallback %s", got.PredictedCapacity, got.Fallback)
	}

	src.err = nil
	r = l.Tick(context.Background(), at(0, "20:00"))
	require.NoError(t, r.Refused)
	if r.Decision.Value >= last || r.Decision.Held {
		t.Errorf("after the outage the value is still %d (held %v)", r.Decision.Value, r.Decision.Held)
	}
}

func TestTickPartialAnswersNeverLower(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(nil), src)
	day := l.Tick(context.Background(), at(0, "17:00"))
	src.warnings = []string{"a store did not answer"}
	evening := l.Tick(context.Background(), at(0, "19:00"))
	if evening.Decision.Value != day.Decision.Value || !evening.Decision.Held {
		t.Errorf("with warnings the value went from %d to %d", day.Decision.Value, evening.Decision.Value)
	}
	if got := evening.Status().Conditions[2]; got.Status != "True" || got.Message != "the value may go up and not down: a store did not answer" {
		t.Errorf("condition %+v", got)
	}
}

func TestTickLearnsTheCapacity(t *testing.T) {
	src := &source{
		load: daily, since: monday.AddDate(0, 0, -14),
		replicas: func(t time.Time) float64 { return daily(t) / 72 }, // 80 each, a tenth of it free
	}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica, p.Spec.Load.ReplicasQuery = nil, "replicas"
	}), src)
	r := l.Tick(context.Background(), at(0, "12:00"))
	require.NoError(t, r.Refused)
	if math.Abs(r.PerReplica-80) > 1e-3 || !r.Learnt {
		t.Errorf("learnt %v (%v), want 80", r.PerReplica, r.Learnt)
	}
	if r.Current != 22 {
		t.Errorf("%d replicas now, want 22", r.Current)
	}
}

func TestTickWithoutACapacityRefuses(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14), replicas: func(time.Time) float64 { return math.NaN() }}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica, p.Spec.Load.ReplicasQuery = nil, "replicas"
	}), src)
	r := l.Tick(context.Background(), at(0, "12:00"))
	require.EqualError(t, r.Refused, "the capacity of one replica is not known, and cannot be learnt: spec.load.replicasQuery: query returned nothing: no sample in the last 15d: check the metric's name, its labels and that it is scraped")
	if got := r.Published(); got.Fallback != publish.FallbackCapacityUnknown || got.PredictedCapacity.Reason == "" {
		t.Errorf("published %+v", got)
	}
	if got := r.Status().Conditions[1]; got.Status != "True" || got.Reason != v1alpha1.ReasonCapacityNotLearnt {
		t.Errorf("condition %+v", got)
	}
}

func TestTickObservingGivesTheFloorAndShowsTheForecast(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) { p.Spec.Mode = v1alpha1.ModeObserve }), src)
	r := l.Tick(context.Background(), at(0, "09:00"))
	require.NoError(t, r.Refused)
	if r.Decision.Value != 5 {
		t.Errorf("value %d, want the floor 5", r.Decision.Value)
	}
	if got := r.Published(); len(got.Loads) != 9 || got.Fallback != publish.FallbackObserve {
		t.Errorf("%d quantile loads, fallback %q; want 9, Observe", len(got.Loads), got.Fallback)
	}
}

func TestTickNamesAStepThatTheToleranceSwallows(t *testing.T) {
	src := &source{load: func(time.Time) float64 { return 2000 }, since: monday.AddDate(0, 0, -14), replicas: func(time.Time) float64 { return 21 }}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) { p.Spec.Load.ReplicasQuery = "replicas" }), src)
	r := l.Tick(context.Background(), at(0, "12:00"))
	require.NoError(t, r.Refused)
	want := `23: needed by the observed load; from 21 replicas this step lies within an HPA's default tolerance of 10 % and is ignored: write behavior.scaleUp.tolerance and scaleDown.tolerance "0" into the HPA`
	if got := r.Status().Capacity.Note; got != want {
		t.Errorf("note\ngot  %s\nwant %s", got, want)
	}
}

func TestNewLoopKeepsTheHistoryUnderANewQuantile(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	old := newTestLoop(t, pool(nil), src)
	old.Tick(context.Background(), at(0, "08:30"))
	points := src.points
	s, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) { p.Spec.Prediction.Quantile = "0.97" }), asGiven, DefaultInterval)
	require.NoError(t, err)
	l, err := NewLoop(s, src, old)
	require.NoError(t, err)
	r := l.Tick(context.Background(), at(0, "08:31"))
	require.NoError(t, r.Refused)
	if delta := src.points - points; delta > 2*history.LateSteps {
		t.Errorf("a new quantile read %d points again", delta)
	}
	if r.Decision.Fallback != capacity.FallbackNone {
		t.Errorf("fallback %s", r.Decision.Fallback)
	}
}

func TestTickWithAPartialFirstAnswerRefuses(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14), warnings: []string{"a store did not answer"}}
	l := newTestLoop(t, pool(nil), src)
	r := l.Tick(context.Background(), at(0, "12:00"))
	require.EqualError(t, r.Refused, "the first answer may be partial: nothing is published until one is whole: a store did not answer")
	if c := r.Status().Conditions[0]; c.Status != "False" || c.Reason != v1alpha1.ReasonPartialAnswers {
		t.Errorf("condition %+v", c)
	}
	src.warnings = nil
	require.NoError(t, l.Tick(context.Background(), at(0, "12:01")).Refused)
}

func TestTickForgetsWhatItMadeOfPartialAnswers(t *testing.T) {
	src := &source{load: func(t time.Time) float64 { return daily(t) / 2 }, since: monday.AddDate(0, 0, -14), warnings: []string{"a store did not answer"}}
	l := newTestLoop(t, pool(nil), src)
	l.Tick(context.Background(), at(0, "06:00"))
	src.load, src.warnings = daily, nil
	l.Tick(context.Background(), at(0, "06:01"))
	fresh := newTestLoop(t, pool(nil), &source{load: daily, since: src.since})
	want := fresh.Tick(context.Background(), at(0, "09:00"))
	got := l.Tick(context.Background(), at(0, "09:00"))
	if diff := cmp.Diff(want.Decision, got.Decision); diff != "" {
		t.Errorf("a loop that began with half of the load decides otherwise (-fresh +healed):\n%s", diff)
	}
}

func TestTickDoesNotLearnFromPartialAnswers(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14), replicas: func(t time.Time) float64 { return daily(t) / 72 }}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica, p.Spec.Load.ReplicasQuery = nil, "replicas"
	}), src)
	src.warnings = []string{"a store did not answer"}
	r := l.Tick(context.Background(), at(0, "12:00"))
	require.ErrorIs(t, r.Refused, capacity.ErrCapacityUnknown)
	src.warnings = nil
	r = l.Tick(context.Background(), at(0, "12:01"))
	require.NoError(t, r.Refused)
	require.InDelta(t, 80, r.PerReplica, 1e-3)
}

// TestLearningFromAnHPAThatFollowsUsDoesNotGrowTheWorkload closes the loop:
// the replicas of each day are what was published the day before.
func TestLearningFromAnHPAThatFollowsUsDoesNotGrowTheWorkload(t *testing.T) {
	replicas := map[time.Time]float64{}
	src := &source{load: daily, since: monday, replicas: func(t time.Time) float64 {
		if n, ok := replicas[t]; ok {
			return n
		}
		return math.Ceil(daily(t) / 90) // before we came: 90 each
	}}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica, p.Spec.Load.ReplicasQuery = nil, "replicas"
		p.Spec.History.Window, p.Spec.History.Step, p.Spec.Prediction.MaxAge = "7d", "5m", "20m"
	}), src)
	most := 0
	for now := monday.AddDate(0, 0, 8); now.Before(monday.AddDate(0, 0, 50)); now = now.Add(5 * time.Minute) {
		r := l.Tick(context.Background(), now)
		require.NoError(t, r.Refused)
		replicas[now.Add(5*time.Minute)] = float64(r.Decision.Value)
		most = max(most, r.Decision.Value)
	}
	if most > 22 {
		t.Errorf("six weeks of following ourselves grew 18 replicas to %d", most)
	}
}

func TestTickPausedGivesTheFloorEvenOfPartialAnswers(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	l := newTestLoop(t, pool(nil), src)
	ahead := l.Tick(context.Background(), at(0, "09:00"))
	src.warnings = []string{"a store did not answer"}
	s, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) {
		p.Annotations = map[string]string{v1alpha1.PauseAnnotation: "forecast"}
	}), asGiven, DefaultInterval)
	require.NoError(t, err)
	paused, err := NewLoop(s, src, l)
	require.NoError(t, err)
	r := paused.Tick(context.Background(), at(0, "09:00"))
	require.NoError(t, r.Refused)
	if r.Decision.Value != 5 || ahead.Decision.Value <= 5 {
		t.Errorf("paused at %d of %d, want the floor 5", r.Decision.Value, ahead.Decision.Value)
	}
}

func TestTickSaysHowMuchItTakesToLearnACapacity(t *testing.T) {
	src := &source{load: daily, since: monday, replicas: func(time.Time) float64 { return 5 }}
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica, p.Spec.Load.ReplicasQuery = nil, "replicas"
	}), src)
	r := l.Tick(context.Background(), at(0, "00:05"))
	require.EqualError(t, r.Refused, "the capacity of one replica is not known yet: it is learnt from 120 values of spec.load.replicasQuery beside those of the load (2h of history): until then write spec.load.capacityPerReplica")
	src.err = errors.New("query http://prometheus:9090: unreachable")
	r = l.Tick(context.Background(), at(0, "00:06"))
	require.EqualError(t, r.Refused, "the capacity of one replica is not known, and cannot be learnt: query http://prometheus:9090: unreachable")
}
