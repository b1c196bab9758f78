package refresh

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh/quality"
)

// restless is daily with a noise of its own.
func restless(t time.Time) float64 {
	n := uint64(t.Unix()/60) * 2654435761
	return daily(t) * (1 + 0.2*(float64(n%1000)/1000-0.5))
}

// looked runs rounds until the past has been judged whole, and returns the
// last report.
func looked(t *testing.T, l *Loop, now time.Time) Report {
	t.Helper()
	var r Report
	for i := 0; i == 0 || l.quality.Behind(); i++ {
		require.Less(t, i, quality.Days+2)
		r = l.Tick(context.Background(), now)
	}
	return r
}

func every5m(p *v1alpha1.ShadowPool) {
	p.Spec.History.Step, p.Spec.Prediction.MaxAge = "5m", "20m"
}

func TestQualityIsKnownSoonAfterAStart(t *testing.T) {
	now := at(0, "12:00")
	first := newTestLoop(t, pool(every5m), &source{load: restless, since: monday.AddDate(0, 0, -60)})
	r := looked(t, first, now)
	require.Len(t, r.Quality, 4)
	for _, s := range r.Quality {
		level, ok := s.At(0.9)
		require.True(t, ok)
		if s.Forecasts < 100 || level.Coverage < 0.8 || !(level.PinballRatio < 1) {
			t.Errorf("%v ahead: %d forecasts, coverage %v, ratio %v", s.Horizon, s.Forecasts, level.Coverage, level.PinballRatio)
		}
	}
	published := r.Published().Quality
	require.Len(t, published, 4)
	require.Equal(t, "0.9", published[0].Levels[0].P)
	status := r.Status().Forecast.Quality
	require.Len(t, status, 4)
	for i, want := range []v1alpha1.Duration{"5m", "15m", "1h", "1d"} {
		q := status[i]
		require.Equal(t, want, q.Horizon)
		for _, d := range []v1alpha1.Decimal{q.AbsoluteError, q.PinballRatio, q.Coverage} {
			_, err := d.Parse()
			require.NoError(t, err)
		}
	}
	if got := r.History; got > (14*24+26)*time.Hour {
		t.Errorf("the history of a window of 14d is said to be %v", got)
	}
}

func TestQualityIsTheSameInTwoReplicas(t *testing.T) {
	src := &source{load: restless, since: monday.AddDate(0, 0, -60)}
	old := newTestLoop(t, pool(every5m), src)
	for now := at(0, "00:00"); now.Before(at(2, "12:00")); now = now.Add(4 * time.Hour) {
		old.Tick(context.Background(), now)
	}
	now := at(2, "12:00")
	was, is := looked(t, old, now), looked(t, newTestLoop(t, pool(every5m), src), now)
	if diff := cmp.Diff(was.Quality, is.Quality, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("quality (-running +started):\n%s", diff)
	}
	require.Equal(t, was.Decision, is.Decision)
}

func TestQualityFollowsTheSpec(t *testing.T) {
	src := &source{load: restless, since: monday.AddDate(0, 0, -30)}
	now := at(0, "12:00")
	old := newTestLoop(t, pool(every5m), src)
	looked(t, old, now)
	asked := src.points
	next := func(change func(*v1alpha1.ShadowPool)) *Loop {
		s, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) { every5m(p); change(p) }), asGiven, DefaultInterval)
		require.NoError(t, err)
		l, err := NewLoop(s, src, old)
		require.NoError(t, err)
		return l
	}
	if l := next(func(p *v1alpha1.ShadowPool) { p.Spec.Prediction.Cap = "2" }); l.quality.Behind() {
		t.Error("another cap forgets how good the forecasts were")
	}
	l := next(func(p *v1alpha1.ShadowPool) { p.Spec.Prediction.Quantile = "0.8" })
	r := looked(t, l, now)
	if _, ok := r.Quality[0].At(0.8); !ok {
		t.Error("the new quantile is not judged")
	}
	if more := src.points - asked; more > 2000 {
		t.Errorf("another quantile reads %d points again", more)
	}
}

func TestWhatMayBeHalfOfTheLoadJudgesNothing(t *testing.T) {
	src := &source{load: restless, since: monday.AddDate(0, 0, -30), warnings: []string{"half"}}
	l := newTestLoop(t, pool(every5m), src)
	for range quality.Days + 2 {
		require.Empty(t, l.Tick(context.Background(), at(0, "12:00")).Quality)
	}
}

func TestShortDecimal(t *testing.T) {
	for v, want := range map[float64]v1alpha1.Decimal{
		0.91271: "0.913", 1: "1", 12345: "12300", 0: "0", math.NaN(): "", math.Inf(1): "",
	} {
		if got := shortDecimal(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

// A fit weighs more than all else that is kept of a pool: that of yesterday stays
// for the hours in which its forecasts are judged yet.
func TestAPastFitIsKeptNoLongerThanNeeded(t *testing.T) {
	l := newTestLoop(t, pool(every5m), &source{load: restless, since: monday.AddDate(0, 0, -30)})
	looked(t, l, at(0, "12:00"))
	require.Nil(t, l.fits.Past())
	yesterday := l.fits.Current()
	l.Tick(t.Context(), at(0, "23:55"))
	for now := at(1, "00:00"); now.Before(at(1, "02:00")); now = now.Add(5 * time.Minute) {
		l.Tick(t.Context(), now)
		require.Same(t, yesterday, l.fits.Past(), now)
	}
	for now := at(1, "02:00"); now.Before(at(1, "04:00")); now = now.Add(5 * time.Minute) {
		l.Tick(t.Context(), now)
	}
	require.Nil(t, l.fits.Past())
}
