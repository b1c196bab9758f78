package calendar_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestOf(t *testing.T) {
	spec := v1alpha1.Calendar{TimeZone: "Europe/Berlin", Days: []v1alpha1.CalendarDay{
		{Name: "Christmas", Class: v1alpha1.DayHoliday, From: "2026-12-25", To: "2026-12-26"},
		{Name: "Sale", Class: v1alpha1.DayEvent, Date: "2026-11-27"},
	}, Incidents: []v1alpha1.Incident{{From: "2026-11-02T14:05:00Z", To: "2026-11-02T16:00:00Z"}}}
	c, err := calendar.Of(&spec)
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", c.Location.String())
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, time.UTC) }
	require.Equal(t, []forecast.CalendarDays{
		{Name: "Christmas", Class: forecast.Holiday, From: day(12, 25), To: day(12, 27)},
		{Name: "Sale", Class: forecast.Event, From: day(11, 27), To: day(11, 28)},
	}, c.Days)
	require.Equal(t, []forecast.Interval{{From: time.Date(2026, 11, 2, 14, 5, 0, 0, time.UTC), To: time.Date(2026, 11, 2, 16, 0, 0, 0, time.UTC)}}, c.Incidents)
	require.Equal(t, c.Incidents, c.Config(forecast.Auto).Incidents)
	_, err = forecast.Fit(forecast.Series{Step: time.Minute, Values: []float64{1}}, c.Config(forecast.Auto))
	require.NoError(t, err)

	again, err := calendar.Of(&spec)
	require.NoError(t, err)
	require.True(t, c.Same(again))
	spec.Days[1].Date = "2026-11-28"
	changed, err := calendar.Of(&spec)
	require.NoError(t, err)
	require.False(t, c.Same(changed))
	spec.Days[1].Date, spec.Incidents = "2026-11-27", nil
	changed, err = calendar.Of(&spec)
	require.NoError(t, err)
	require.False(t, c.Same(changed))
}

func TestOfWithoutAZoneIsUTC(t *testing.T) {
	c, err := calendar.Of(&v1alpha1.Calendar{})
	require.NoError(t, err)
	require.Equal(t, calendar.Calendar{}, c)
	utc, err := calendar.Of(&v1alpha1.Calendar{TimeZone: "UTC"})
	require.NoError(t, err)
	require.True(t, c.Same(utc))
}

func TestOfRefusesAZoneThatThereIsNot(t *testing.T) {
	_, err := calendar.Of(&v1alpha1.Calendar{TimeZone: "Europe/Bonn"})
	require.EqualError(t, err, `time zone "Europe/Bonn": write a time zone of the IANA database, such as Europe/Berlin`)
}
