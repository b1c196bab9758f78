package refresh

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func TestCalendarRefitsWithoutReadingAgain(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	plain := pool(nil)
	l := newTestLoop(t, plain, src)
	workday := l.Tick(t.Context(), at(0, "09:00"))
	require.Empty(t, workday.Forecast.Today)
	points := src.points

	holiday := plain.DeepCopy()
	holiday.Spec.Calendar.Days = []v1alpha1.CalendarDay{{Name: "Founders' Day", Class: v1alpha1.DayHoliday, Date: v1alpha1.DateOf(monday)}}
	s, err := SettingsOf(holiday, asGiven, DefaultInterval)
	require.NoError(t, err)
	next, err := NewLoop(s, src, l)
	require.NoError(t, err)
	r := next.Tick(t.Context(), at(0, "09:01"))
	require.Less(t, src.points-points, points/100, "the history was read again")
	require.Equal(t, "Founders' Day (Holiday) today, forecast as a Sunday", r.Forecast.Today)
	require.Equal(t, r.Forecast.Today, r.Status().Forecast.Note)
	require.Equal(t, v1alpha1.ReasonForecasting, r.Status().Conditions[0].Reason)

	back, err := NewLoop(l.settings, src, next)
	require.NoError(t, err)
	require.Empty(t, back.Tick(t.Context(), at(0, "09:02")).Forecast.Today)
}

func TestIncidentsAreNotLearntFrom(t *testing.T) {
	src := &source{load: daily, since: monday.AddDate(0, 0, -14)}
	plain := pool(every5m)
	l := newTestLoop(t, plain, src)
	before := l.Tick(t.Context(), at(0, "09:00")).Forecast.Explanation.History.Missing

	told := plain.DeepCopy()
	outage := monday.AddDate(0, 0, -2).Add(14 * time.Hour)
	told.Spec.Calendar.Incidents = []v1alpha1.Incident{{From: v1alpha1.InstantOf(outage), To: v1alpha1.InstantOf(outage.Add(time.Hour))}}
	s, err := SettingsOf(told, asGiven, DefaultInterval)
	require.NoError(t, err)
	next, err := NewLoop(s, src, l)
	require.NoError(t, err)
	require.Equal(t, before+13, next.Tick(t.Context(), at(0, "09:05")).Forecast.Explanation.History.Missing)
}
