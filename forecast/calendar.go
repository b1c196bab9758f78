package forecast

import (
	"errors"
	"fmt"
	"time"
)

// DayClass says how the days of a calendar differ from others of their weekday.
type DayClass string

const (
	// Holiday is a day like a Sunday, where no earlier one of its name is known.
	Holiday DayClass = "Holiday"
	// Event is a day like no other: one of a new name is forecast as if it were
	// an ordinary day.
	Event DayClass = "Event"
)

// CalendarDays are days in a row that are not like others of their weekday:
// their values teach nothing about ordinary days.
type CalendarDays struct {
	Name  string
	Class DayClass
	// From is the first day, To the one after the last. Both are dates: their
	// hour counts no more than their location.
	From, To time.Time
}

// validate says what is wrong with an entry of a calendar.
func (d CalendarDays) validate() error {
	switch {
	case d.Name == "":
		return errors.New("write a name: days of one name are taken to be alike")
	case d.Class != Holiday && d.Class != Event:
		return fmt.Errorf("class %q: write %s or %s", d.Class, Holiday, Event)
	case dateOf(d.From) >= dateOf(d.To):
		return fmt.Errorf("from %s to %s: write the day after the last one as the end", d.From.Format(time.DateOnly), d.To.Format(time.DateOnly))
	}
	return nil
}

// date counts days; 0 is 1970-01-01, a Thursday.
type date int

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return dateAt(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// dateAt returns the day of a local time that is written as UTC.
func dateAt(wall time.Time) date {
	s := wall.Unix()
	if s < 0 {
		s -= 24*60*60 - 1
	}
	return date(s / (24 * 60 * 60))
}

func (d date) weekday() time.Weekday { return time.Weekday(phaseOf(int(d)+int(time.Thursday), 7)) }

// calendar is a Config.Calendar in days.
type calendar []calendarDays

type calendarDays struct {
	name     string
	class    DayClass
	from, to date // [from, to)
}

func newCalendar(days []CalendarDays) calendar {
	c := make(calendar, len(days))
	for i, d := range days {
		c[i] = calendarDays{name: d.Name, class: d.Class, from: dateOf(d.From), to: dateOf(d.To)}
	}
	return c
}

// on returns the entry of a day, the first one if there are several; nil for an
// ordinary day.
func (c calendar) on(d date) *calendarDays {
	for i := range c {
		if c[i].from <= d && d < c[i].to {
			return &c[i]
		}
	}
	return nil
}
