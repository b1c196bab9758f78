package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// onDays is localLoad with days on which it is as on a Sunday, times a factor.
func onDays(factor float64, dates ...string) func(time.Time) float64 {
	return func(at time.Time) float64 {
		for _, d := range dates {
			if at.Format(time.DateOnly) == d {
				for at.Weekday() != time.Sunday {
					at = at.AddDate(0, 0, 1)
				}
				return factor * localLoad(at)
			}
		}
		return localLoad(at)
	}
}

func days(t *testing.T, name string, class forecast.DayClass, dates ...string) []forecast.CalendarDays {
	t.Helper()
	var out []forecast.CalendarDays
	for _, d := range dates {
		from, err := time.Parse(time.DateOnly, d)
		require.NoError(t, err)
		out = append(out, forecast.CalendarDays{Name: name, Class: class, From: from, To: from.AddDate(0, 0, 1)})
	}
	return out
}

func TestForecastOfAHoliday(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	const holiday, dayAfter = "2026-05-14", "2026-05-15" // a Thursday
	load := onDays(1, holiday)
	for _, c := range []struct {
		name, origin     string
		better, atMost   float64
		known, otherwise []forecast.CalendarDays
	}{
		{name: "the day before", origin: "2026-05-14T00:00:00+02:00", better: 0.1, atMost: 0.03},
		{name: "from noon of the day before on", origin: "2026-05-13T12:00:00+02:00", better: 0.15, atMost: 0.03},
		{name: "while it lasts", origin: "2026-05-14T10:00:00+02:00", better: 0.4, atMost: 0.03},
		{name: "the day after is ordinary", origin: "2026-05-15T00:00:00+02:00", better: 0.4, atMost: 0.03},
		{name: "a week later it is forgotten, without a calendar too", origin: "2026-05-21T00:00:00+02:00", better: 1.2, atMost: 0.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin, err := time.Parse(time.RFC3339, c.origin)
			require.NoError(t, err)
			s := seriesOf(origin, 28, 5*time.Minute, berlin, load)
			known, covered := missed(t, s, forecast.Config{Location: berlin, Calendar: days(t, "Ascension", forecast.Holiday, holiday)}, berlin, load)
			unknown, _ := missed(t, s, forecast.Config{Location: berlin}, berlin, load)
			t.Logf("mean error %.4f, without a calendar %.4f; covered %.3f", known, unknown, covered)
			require.Less(t, known, c.atMost)
			require.Less(t, known, c.better*unknown)
			require.Greater(t, covered, 0.9)
		})
	}
}

func TestHolidayIsTakenFor(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		name  string
		load  func(time.Time) float64
		days  []forecast.CalendarDays
		today string
	}{
		{
			"earlier days of its name", onDays(3, "2026-05-05", "2026-05-14"),
			days(t, "Sale", forecast.Event, "2026-05-05", "2026-05-14"),
			"Sale (Event) today, forecast as earlier days of that name",
		},
		{
			"earlier holidays", onDays(0.3, "2026-05-01", "2026-05-05", "2026-05-14"),
			append(days(t, "A", forecast.Holiday, "2026-05-01", "2026-05-05"), days(t, "B", forecast.Holiday, "2026-05-14")...),
			"B (Holiday) today, forecast as earlier holidays",
		},
		{
			"a Sunday", onDays(1, "2026-05-14"), days(t, "Ascension", forecast.Holiday, "2026-05-14"),
			"Ascension (Holiday) today, forecast as a Sunday",
		},
		{
			"an ordinary day", localLoad, days(t, "Sale", forecast.Event, "2026-05-14"),
			"Sale (Event) today, forecast as an ordinary day, since the history has none like it",
		},
		{
			"nothing, where the calendar names another day", localLoad, days(t, "Ascension", forecast.Holiday, "2026-05-12"), "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin := time.Date(2026, 5, 14, 0, 0, 0, 0, berlin)
			s := seriesOf(origin, 28, 5*time.Minute, berlin, c.load)
			cfg := forecast.Config{Location: berlin, Calendar: c.days}
			known, _ := missed(t, s, cfg, berlin, c.load)
			require.Less(t, known, 0.08) // of a load that may be a seventh of an ordinary day's
			fit, err := forecast.Fit(s, cfg)
			require.NoError(t, err)
			f, err := fit.Forecast(s, 12, []float64{0.9})
			require.NoError(t, err)
			require.Equal(t, c.today, f.Today)
		})
	}
}

func TestHolidaysAhead(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	origin := time.Date(2026, 5, 14, 9, 0, 0, 0, berlin) // a Thursday
	bridge := days(t, "Bridge Day", forecast.Holiday, "2026-05-15")
	for _, c := range []struct {
		name  string
		days  []forecast.CalendarDays
		hours int
		ahead string
	}{
		{"none within the horizon", bridge, 14, ""},
		{"tomorrow", bridge, 15, "Bridge Day (Holiday) on 2026-05-15, forecast as a Sunday"},
		{"days in a row once", []forecast.CalendarDays{{Name: "Break", Class: forecast.Holiday, From: origin.AddDate(0, 0, 2), To: origin.AddDate(0, 0, 5)}}, 96, "Break (Holiday) on 2026-05-16, forecast as a Sunday"},
		{"not what began", []forecast.CalendarDays{{Name: "Break", Class: forecast.Holiday, From: origin, To: origin.AddDate(0, 0, 3)}}, 48, ""},
		{
			"several", append(days(t, "Sale", forecast.Event, "2026-05-12", "2026-05-16"), bridge...), 48,
			"Bridge Day (Holiday) on 2026-05-15, forecast as a Sunday; Sale (Event) on 2026-05-16, forecast as earlier days of that name",
		},
		{"not what is too far ahead to be known", days(t, "Sale", forecast.Event, "2026-06-12"), 40 * 24, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := seriesOf(origin, 28, time.Hour, berlin, localLoad)
			fit, err := forecast.Fit(s, forecast.Config{Location: berlin, Calendar: c.days})
			require.NoError(t, err)
			f, err := fit.Forecast(s, c.hours, []float64{0.9})
			require.NoError(t, err)
			require.Equal(t, c.ahead, f.Ahead)
		})
	}
}

func TestHolidayFollowsTheLevel(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	holiday := onDays(1, "2026-05-14")
	load := func(at time.Time) float64 {
		if at.Before(time.Date(2026, 5, 7, 0, 0, 0, 0, berlin)) {
			return holiday(at)
		}
		return 2 * holiday(at)
	}
	s := seriesOf(time.Date(2026, 5, 14, 0, 0, 0, 0, berlin), 28, 5*time.Minute, berlin, load)
	known, covered := missed(t, s, forecast.Config{Location: berlin, Calendar: days(t, "Ascension", forecast.Holiday, "2026-05-14")}, berlin, load)
	require.Less(t, known, 0.3) // an ordinary day in its place is missed by a fifth
	require.Greater(t, covered, 0.9)
}

func TestCalendarThatSaysNothingChangesNoBit(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	s := seriesOf(time.Date(2026, 7, 14, 0, 0, 0, 0, berlin), 28, 5*time.Minute, berlin, localLoad)
	forecasts := func(cfg forecast.Config) forecast.Forecast {
		fit, err := forecast.Fit(s, cfg)
		require.NoError(t, err)
		f, err := fit.Forecast(s, 300, []float64{0.1, 0.9})
		require.NoError(t, err)
		return f
	}
	want := forecasts(forecast.Config{})
	for _, cfg := range []forecast.Config{
		{Location: time.UTC},
		{Location: berlin},
		{Location: zone(t, "Asia/Kolkata")},
		{Calendar: days(t, "New Year", forecast.Holiday, "2027-01-01")},
	} {
		require.Equal(t, want, forecasts(cfg))
	}
}

func TestCalendarOfMostDaysIsNotFollowed(t *testing.T) {
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	s := seriesOf(from.AddDate(0, 0, 27), 27, 5*time.Minute, time.UTC, localLoad)
	cfg := forecast.Config{Calendar: []forecast.CalendarDays{{Name: "Summer", Class: forecast.Event, From: from, To: from.AddDate(0, 0, 40)}}}
	fit, err := forecast.Fit(s, cfg)
	require.NoError(t, err)
	f, err := fit.Forecast(s, 300, []float64{0.9})
	require.NoError(t, err)
	require.Contains(t, f.Note, "names most of the history")
	plain, err := forecast.Fit(s, forecast.Config{})
	require.NoError(t, err)
	want, err := plain.Forecast(s, 300, []float64{0.9})
	require.NoError(t, err)
	require.Equal(t, want.Point, f.Point)
}

func TestCalendarIsRefused(t *testing.T) {
	first := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		entry forecast.CalendarDays
		want  string
	}{
		{forecast.CalendarDays{Class: forecast.Holiday, From: first, To: first.AddDate(0, 0, 1)}, "calendar entry 1 (): write a name: days of one name are taken to be alike"},
		{forecast.CalendarDays{Name: "A", From: first, To: first.AddDate(0, 0, 1)}, `calendar entry 1 (A): class "": write Holiday or Event`},
		{forecast.CalendarDays{Name: "A", Class: forecast.Event, From: first, To: first}, "calendar entry 1 (A): from 2026-05-01 to 2026-05-01: write the day after the last one as the end"},
	} {
		_, err := forecast.Fit(forecast.Series{Step: time.Minute, Values: []float64{1}}, forecast.Config{Calendar: []forecast.CalendarDays{c.entry}})
		require.EqualError(t, err, c.want)
	}
}

// FuzzCalendar holds the invariants of doc.go in local time and with a calendar.
func FuzzCalendar(f *testing.F) {
	f.Add(uint16(2000), uint16(400), int16(-3), uint8(2), uint8(1), int64(1774746000), uint8(0))
	f.Add(uint16(5000), uint16(30), int16(0), uint8(1), uint8(0), int64(1792890000), uint8(3))
	f.Fuzz(func(t *testing.T, n, horizon uint16, offset int16, length, class uint8, end int64, gaps uint8) {
		loc, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		steps := int(n)%9000 + 1
		s := forecast.Series{Start: time.Unix(end%(1<<33), 0).Add(-time.Duration(steps) * 5 * time.Minute).UTC(), Step: 5 * time.Minute}
		for i := range steps {
			v := localLoad(s.Time(i).In(loc))
			if gaps > 0 && i%(int(gaps)+1) < int(gaps)/3 {
				v = math.NaN()
			}
			s.Values = append(s.Values, v)
		}
		from := s.Origin().AddDate(0, 0, int(offset)%30)
		cfg := forecast.Config{Location: loc, Calendar: []forecast.CalendarDays{{
			Name: "Day", Class: []forecast.DayClass{forecast.Holiday, forecast.Event}[class%2], From: from, To: from.AddDate(0, 0, int(length)%10+1),
		}}}
		fit, err := forecast.Fit(s, cfg)
		if err != nil {
			require.ErrorIs(t, err, forecast.ErrNoData)
			return
		}
		out, err := fit.Forecast(s, int(horizon)%700+1, []float64{0.05, 0.5, 0.9, 0.99})
		require.NoError(t, err)
		again, err := fit.Forecast(s, int(horizon)%700+1, []float64{0.05, 0.5, 0.9, 0.99})
		require.NoError(t, err)
		require.Equal(t, out, again)
		for i, p := range out.Point {
			require.False(t, math.IsNaN(p) || math.IsInf(p, 0) || p < 0, "point %d: %v", i, p)
			require.LessOrEqual(t, p, out.Quantiles[1][i])
			for l := range out.Quantiles {
				require.LessOrEqual(t, out.Quantiles[max(l-1, 0)][i], out.Quantiles[l][i])
				require.LessOrEqual(t, out.Quantiles[l][i], 3*s.Max()*(1+1e-9))
			}
		}
		_, err = out.Peak(0.99, out.Origin, out.End())
		require.NoError(t, err)
	})
}
