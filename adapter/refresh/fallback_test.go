package refresh

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// turned is restless until midnight of day 0, and from then on has its busy
// hours at night: what was so a week ago is wrong for a week, what was so
// yesterday for a day.
func turned(t time.Time) float64 {
	if t.Before(monday) {
		return restless(t)
	}
	return restless(t.Add(12 * time.Hour))
}

// weekly forecasts what was a week ago, whatever has happened since.
func weekly(p *v1alpha1.ShadowPool) {
	every5m(p)
	p.Spec.Algorithm.Type = "SeasonalNaiveWeek"
}

func fallsBackOn(r Report) bool { return r.Decision.Fallback == capacity.FallbackNoSkill }

func ready(r Report) (status, reason, message string) {
	c := meta.FindStatusCondition(r.Status().Conditions, v1alpha1.ConditionForecastReady)
	return string(c.Status), c.Reason, c.Message
}

func TestAForecastWithoutSkillIsNotFollowedUntilItHasSomeAgain(t *testing.T) {
	src := &source{load: turned, since: monday.AddDate(0, 0, -40)}
	l := newTestLoop(t, pool(weekly), src)
	looked(t, l, at(-1, "12:00"))
	fell, back := -1, -1
	for day := range 20 {
		for _, clock := range []string{"03:00", "09:00", "15:00", "21:00"} {
			r := l.Tick(context.Background(), at(day, clock))
			require.NoError(t, r.Refused)
			active := fallsBackOn(r)
			switch {
			case active && fell < 0:
				fell = day
			case !active && fell >= 0 && back < 0:
				back = day
			}
			p := r.Published()
			require.Equal(t, active, p.NoSkill)
			require.Equal(t, active, p.Fallback == publish.FallbackNoSkill)
			status, reason, message := ready(r)
			if active {
				require.Equal(t, r.Decision.Floor, r.Decision.Value)
				require.Equal(t, "False", status)
				require.Equal(t, v1alpha1.ReasonNoSkill, reason)
				require.Contains(t, message, "no better than the load of the day before for 3 days")
				require.Equal(t, message, r.Status().Forecast.Note)
				require.Contains(t, r.Status().Capacity.Note, "the reactive floor (NoSkill)")
				require.NotEmpty(t, r.Status().Forecast.PredictedLoad, "the forecast is still shown")
			} else {
				require.Equal(t, "True", status, message)
			}
		}
	}
	// Yesterday is right from the second day on, last week from the eighth; its
	// quantiles stay wide for another week.
	if fell < 3 || fell > 5 {
		t.Errorf("it fell back on day %d, want one after three days without skill", fell)
	}
	if back < 8 || back > 17 {
		t.Errorf("it came back on day %d, want one of the second week", back)
	}
}

func TestAutoKeepsItsSkillWhereTheLevelShifts(t *testing.T) {
	doubled := func(t time.Time) float64 {
		if t.Before(monday) {
			return restless(t)
		}
		return 2 * restless(t)
	}
	l := newTestLoop(t, pool(every5m), &source{load: doubled, since: monday.AddDate(0, 0, -40)})
	looked(t, l, at(-1, "12:00"))
	for day := range 8 {
		if r := l.Tick(context.Background(), at(day, "12:00")); fallsBackOn(r) {
			t.Errorf("day %d: fell back with skill %v", day, r.Verdict.Skill)
		}
	}
}

func TestARestartGoesOnWithTheFallback(t *testing.T) {
	src := &source{load: turned, since: monday.AddDate(0, 0, -40)}
	now := at(5, "12:00")
	running := newTestLoop(t, pool(weekly), src)
	looked(t, running, now)
	was := running.Tick(context.Background(), now)
	require.True(t, was.NoSkill)

	p := pool(weekly)
	p.Status = was.Status()
	l := newTestLoop(t, p, src)
	first := l.Tick(context.Background(), now)
	require.True(t, l.quality.Behind())
	require.True(t, fallsBackOn(first), "what the status says holds while the past is judged")

	// What the status says wrongly is put right by the history.
	other := pool(every5m)
	other.Status = was.Status()
	l = newTestLoop(t, other, &source{load: restless, since: src.since})
	require.True(t, fallsBackOn(l.Tick(context.Background(), now)))
	looked(t, l, now)
	require.False(t, fallsBackOn(l.Tick(context.Background(), now)))
}

func TestObserveSaysThatTheForecastWouldNotBeFollowed(t *testing.T) {
	src := &source{load: turned, since: monday.AddDate(0, 0, -40)}
	now := at(5, "12:00")
	l := newTestLoop(t, pool(func(p *v1alpha1.ShadowPool) { weekly(p); p.Spec.Mode = v1alpha1.ModeObserve }), src)
	looked(t, l, now)
	r := l.Tick(context.Background(), now)
	require.Equal(t, capacity.FallbackObserve, r.Decision.Fallback)
	require.True(t, r.Published().NoSkill)
	require.Contains(t, r.Status().Forecast.Note, "no better")
}
