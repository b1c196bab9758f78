package ics_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/cli/ics"
)

// file is a calendar of events, each given by its lines.
func file(events ...string) string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN"}
	for _, e := range events {
		lines = append(lines, "BEGIN:VEVENT")
		lines = append(lines, strings.Split(e, "|")...)
		lines = append(lines, "END:VEVENT")
	}
	return strings.Join(append(lines, "END:VCALENDAR"), "\r\n") + "\r\n"
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, c := range []struct {
		name, event string
		want        []v1alpha1.CalendarDay
	}{
		{
			"a day", "SUMMARY:New Year|DTSTART;VALUE=DATE:20270101",
			[]v1alpha1.CalendarDay{{Name: "New Year", Class: "Holiday", Date: "2027-01-01"}},
		},
		{
			"the end is no part of it", "SUMMARY:Christmas\\, both days|DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261227",
			[]v1alpha1.CalendarDay{{Name: "Christmas, both days", Class: "Holiday", From: "2026-12-25", To: "2026-12-26"}},
		},
		{
			"hours of UTC are brought to local time", "SUMMARY:Sale|CATEGORIES:Work,EVENT|DTSTART:20261126T230000Z|DTEND:20261127T230000Z",
			[]v1alpha1.CalendarDay{{Name: "Sale", Class: "Event", Date: "2026-11-27"}},
		},
		{
			"hours of a place are its own", "SUMMARY:Sale|CATEGORIES:Event|DTSTART;TZID=America/New_York:20261127T180000|DTEND;TZID=America/New_York:20261128T020000",
			[]v1alpha1.CalendarDay{{Name: "Sale", Class: "Event", From: "2026-11-27", To: "2026-11-28"}},
		},
		{
			"every year", "SUMMARY:Unity|DTSTART;VALUE=DATE:19901003|RRULE:FREQ=YEARLY",
			[]v1alpha1.CalendarDay{{Name: "Unity", Class: "Holiday", Date: "2026-10-03"}, {Name: "Unity", Class: "Holiday", Date: "2027-10-03"}},
		},
		{
			"the fourth Thursday of November", "SUMMARY:Thanksgiving|DTSTART;VALUE=DATE:20101125|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH|EXDATE;VALUE=DATE:20271125",
			[]v1alpha1.CalendarDay{{Name: "Thanksgiving", Class: "Holiday", Date: "2026-11-26"}},
		},
		{"until a year that is over", "SUMMARY:Old|DTSTART;VALUE=DATE:20101125|RRULE:FREQ=YEARLY;UNTIL=20200101", nil},
		{"called off", "SUMMARY:Off|STATUS:CANCELLED|DTSTART;VALUE=DATE:20261225", nil},
		{
			"it begins before the span", "SUMMARY:Long|DTSTART;VALUE=DATE:20260928|DTEND;VALUE=DATE:20261002",
			[]v1alpha1.CalendarDay{{Name: "Long", Class: "Holiday", From: "2026-09-28", To: "2026-10-01"}},
		},
		{"it ends before the span", "SUMMARY:Long|DTSTART;VALUE=DATE:20260928|DTEND;VALUE=DATE:20261001", nil},
		{"it begins after the span", "SUMMARY:Late|DTSTART;VALUE=DATE:20280101", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cal, err := ics.Read("days.ics", strings.NewReader(file(c.event, "SUMMARY:Other|DTSTART;VALUE=DATE:20000101")), berlin)
			require.NoError(t, err)
			if diff := cmp.Diff(c.want, cal.Days(day(2026, 10, 1), day(2028, 1, 1))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDaysAreInOrderAndOnce(t *testing.T) {
	cal, err := ics.Read("days.ics", strings.NewReader(file(
		"SUMMARY:B|DTSTART;VALUE=DATE:20261226", "SUMMARY:A|DTSTART;VALUE=DATE:20261226", "SUMMARY:C|DTSTART;VALUE=DATE:20261225",
		"SUMMARY:A|DTSTART;VALUE=DATE:20261226|DTEND;VALUE=DATE:20261227",
	)), time.UTC)
	require.NoError(t, err)
	var names []string
	for _, d := range cal.Days(day(2026, 1, 1), day(2027, 1, 1)) {
		names = append(names, d.Name)
	}
	require.Equal(t, []string{"C", "A", "B"}, names)
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"timestamp,value\n1,2\n", `days.ics: parsing calendar line 0: write an iCalendar file (RFC 5545), from BEGIN:VCALENDAR to END:VCALENDAR`},
		{file(), "days.ics: no event: write one for each holiday, from BEGIN:VEVENT to END:VEVENT"},
		{file("DTSTART;VALUE=DATE:20261225"), "days.ics:4: an event without a name: write a SUMMARY, such as SUMMARY:Christmas"},
		{
			file("SUMMARY:Load test|DTSTART:20261126T100000Z|DTEND:20261126T120000Z"),
			`days.ics:4: event "Load test": 20261126T100000Z is an hour, and a holiday is whole days: write 20261126; or CATEGORIES:Event for a sale; a load test or an outage is told as an incident`,
		},
		{
			file("SUMMARY:A|DTSTART;VALUE=DATE:20261126|DTEND:20261127T120000Z"),
			`days.ics:4: event "A": 20261127T120000Z is an hour, and a holiday is whole days: write 20261127; or CATEGORIES:Event for a sale; a load test or an outage is told as an incident`,
		},
		{file("SUMMARY:A"), `days.ics:4: event "A": no day: write DTSTART;VALUE=DATE:20261225`},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261325"), `days.ics:4: event "A": DTSTART 20261325: write a date such as 20261225`},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261224"), `days.ics:4: event "A": DTEND 20261224: write the day after the last one, not before DTSTART 20261225`},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20280101"), `days.ics:4: event "A": it lasts 372 days: write 366 at most; what lasts longer is no exception`},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|DURATION:P2D"), `days.ics:4: event "A": DURATION is not read: write DTEND, the day after the last one`},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|RDATE;VALUE=DATE:20270101"), `days.ics:4: event "A": RDATE is not read: write an event of its own for each day that it means`},
		{
			file("SUMMARY:A|DTSTART;VALUE=DATE:20261225", "SUMMARY:B|DTSTART;VALUE=DATE:20261225|RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:C|DTSTART;VALUE=DATE:20261225|RRULE:FREQ=OFTEN"),
			`days.ics:8: event "B": RRULE FREQ=WEEKLY;COUNT=3: write FREQ=YEARLY, such as RRULE:FREQ=YEARLY or RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH, or an event for each day` + "\n" +
				`days.ics:13: event "C": RRULE FREQ=OFTEN: write FREQ=YEARLY, such as RRULE:FREQ=YEARLY or RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH, or an event for each day`,
		},
		{
			file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|RRULE:FREQ=YEARLY;INTERVAL=-1"),
			`days.ics:4: event "A": RRULE FREQ=YEARLY;INTERVAL=-1: write FREQ=YEARLY, such as RRULE:FREQ=YEARLY or RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH, or an event for each day`,
		},
		{file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|RRULE:FREQ=YEARLY|EXDATE:tomorrow"), `days.ics:4: event "A": EXDATE tomorrow: write a date such as 20261225`},
	} {
		_, err := ics.Read("days.ics", strings.NewReader(c.file), time.UTC)
		require.EqualError(t, err, c.want)
	}
}

// FuzzRead wants an error or days that the API takes, of any file.
func FuzzRead(f *testing.F) {
	f.Add(file("SUMMARY:A|DTSTART;VALUE=DATE:20261225|RRULE:FREQ=YEARLY;INTERVAL=2|EXDATE:20281225"))
	f.Add(file("SUMMARY:A|DTSTART:20261225T100000Z|DTEND:20261226T100000Z|CATEGORIES:Event"))
	f.Fuzz(func(t *testing.T, s string) {
		cal, err := ics.Read("days.ics", strings.NewReader(s), time.UTC)
		if err != nil {
			return
		}
		pool := &v1alpha1.ShadowPool{}
		pool.Name, pool.Spec.ScaleTargetRef.Name, pool.Spec.Load.Query = "web", "web", "up"
		pool.Spec.Calendar.Days = cal.Days(day(2026, 1, 1), day(2027, 1, 1))
		pool.Spec.Calendar.Days = pool.Spec.Calendar.Days[:min(100, len(pool.Spec.Calendar.Days))]
		pool.Default()
		require.Empty(t, pool.Validate())
	})
}
