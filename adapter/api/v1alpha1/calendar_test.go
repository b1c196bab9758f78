package v1alpha1_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func TestCalendarDayRange(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 12, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		day          v1alpha1.CalendarDay
		first, after time.Time
	}{
		{v1alpha1.CalendarDay{Date: "2026-12-25"}, day(25), day(26)},
		{v1alpha1.CalendarDay{From: "2026-12-25", To: "2026-12-31"}, day(25), day(32)},
	} {
		first, after, err := c.day.Range()
		require.NoError(t, err)
		require.Equal(t, []time.Time{c.first, c.after}, []time.Time{first, after})
	}
	_, _, err := (&v1alpha1.CalendarDay{From: "2026-12-25"}).Range()
	require.EqualError(t, err, `date "": write year, month and day: 2026-12-25`)
}

func TestCalendarLocation(t *testing.T) {
	for zone, want := range map[string]string{"": "UTC", "UTC": "UTC", "Europe/Berlin": "Europe/Berlin"} {
		loc, err := (&v1alpha1.Calendar{TimeZone: zone}).Location()
		require.NoError(t, err)
		require.Equal(t, want, loc.String())
	}
	for _, zone := range []string{"Local", "Europe/Bonn"} {
		_, err := (&v1alpha1.Calendar{TimeZone: zone}).Location()
		require.EqualError(t, err, `time zone "`+zone+`": write a time zone of the IANA database, such as Europe/Berlin`)
	}
}
