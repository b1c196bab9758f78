package ics

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	ical "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	maxName = 63  // characters of a name that the API takes
	maxDays = 366 // days of one event

	maxInterval = 100 // years between two events of a rule
)

// event is a day or several in a row, once or every year.
type event struct {
	name   string
	class  v1alpha1.DayClass
	first  time.Time // a date, as midnight in UTC
	days   int
	yearly *rrule.RRule // nil: once
	except map[time.Time]bool
}

// newEvent reads an event; wanted is false for one that was called off.
func newEvent(e *ical.VEvent, loc *time.Location) (out event, wanted bool, err error) {
	out.name = value(e, ical.ComponentPropertySummary)
	if out.name == "" {
		return out, false, errors.New("an event without a name: write a SUMMARY, such as SUMMARY:Christmas")
	}
	if utf8.RuneCountInString(out.name) > maxName {
		out.name = strings.TrimSpace(string([]rune(out.name)[:maxName]))
	}
	if strings.EqualFold(value(e, ical.ComponentPropertyStatus), string(ical.ObjectStatusCancelled)) {
		return out, false, nil
	}
	out.class = classOf(e)
	err = out.read(e, loc)
	if err != nil {
		err = fmt.Errorf("event %q: %w", out.name, err)
	}
	return out, true, err
}

func (e *event) read(from *ical.VEvent, loc *time.Location) error {
	for _, p := range []ical.ComponentProperty{ical.ComponentPropertyRdate, ical.ComponentPropertyExrule, ical.ComponentPropertyRecurrenceId} {
		if from.HasProperty(p) {
			return fmt.Errorf("%s is not read: write an event of its own for each day that it means", p)
		}
	}
	if err := e.readSpan(from, loc); err != nil {
		return err
	}
	return e.readRule(from, loc)
}

// readSpan reads the first day and how many there are.
func (e *event) readSpan(from *ical.VEvent, loc *time.Location) error {
	start := value(from, ical.ComponentPropertyDtStart)
	if start == "" {
		return errors.New("no day: write DTSTART;VALUE=DATE:20261225")
	}
	first, whole, err := dayOf(start, loc)
	if err != nil {
		return fmt.Errorf("DTSTART %w", err)
	}
	if !whole && e.class == v1alpha1.DayHoliday {
		return errHours(start, first)
	}
	e.first, e.days = first, 1
	if value(from, ical.ComponentPropertyDuration) != "" {
		return errors.New("DURATION is not read: write DTEND, the day after the last one")
	}
	end := value(from, ical.ComponentPropertyDtEnd)
	if end == "" {
		return nil
	}
	last, whole, err := dayOf(end, loc)
	if err != nil {
		return fmt.Errorf("DTEND %w", err)
	}
	if !whole && e.class == v1alpha1.DayHoliday {
		return errHours(end, last)
	}
	if whole && last.After(first) {
		last = last.AddDate(0, 0, -1) // the end is no part of an event
	}
	e.days = int(last.Sub(first)/(24*time.Hour)) + 1
	switch {
	case last.Before(first):
		return fmt.Errorf("DTEND %s: write the day after the last one, not before DTSTART %s", end, start)
	case e.days > maxDays:
		return fmt.Errorf("it lasts %d days: write %d at most; what lasts longer is no exception", e.days, maxDays)
	}
	return nil
}

// errHours refuses an hour of a holiday: a meeting would make a Sunday of its day.
func errHours(s string, day time.Time) error {
	return fmt.Errorf("%s is an hour, and a holiday is whole days: write %s; or CATEGORIES:Event for a sale; a load test or an outage is told as an incident", s, day.Format("20060102"))
}

// dayOf reads a date, or the local date of a time; whole says that a day begins
// there.
func dayOf(s string, loc *time.Location) (day time.Time, whole bool, err error) {
	var t time.Time
	switch {
	case len(s) == len("20060102"):
		t, err = time.Parse("20060102", s)
	case strings.HasSuffix(s, "Z"):
		t, err = time.Parse("20060102T150405Z", s)
		t = t.In(loc)
	default: // an hour of the place that it names, which is where the event is
		t, err = time.Parse("20060102T150405", s)
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("%s: write a date such as 20261225", s)
	}
	day = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return day, t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0, nil
}

// readRule reads how the event repeats: not, or every year.
func (e *event) readRule(from *ical.VEvent, loc *time.Location) error {
	rules := from.GetProperties(ical.ComponentPropertyRrule)
	switch {
	case len(rules) == 0:
		return nil
	case len(rules) > 1:
		return errors.New("two RRULEs: write an event for each")
	}
	rule := rules[0].Value
	option, err := rrule.StrToROption(rule)
	if err != nil || !readable(option) {
		return fmt.Errorf("RRULE %s: write FREQ=YEARLY, such as RRULE:FREQ=YEARLY or RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH, or an event for each day", rule)
	}
	option.Dtstart = e.first
	if e.yearly, err = rrule.NewRRule(*option); err != nil {
		return fmt.Errorf("RRULE %s: %w: write RRULE:FREQ=YEARLY, or an event for each day", rule, err)
	}
	e.except = map[time.Time]bool{}
	for _, p := range from.GetProperties(ical.ComponentPropertyExdate) {
		for s := range strings.SplitSeq(p.Value, ",") {
			day, _, err := dayOf(s, loc)
			if err != nil {
				return fmt.Errorf("EXDATE %w", err)
			}
			e.except[day] = true
		}
	}
	return nil
}

// readable says that a rule repeats every few years, and not within a day.
func readable(o *rrule.ROption) bool {
	return o.Freq == rrule.YEARLY && o.Interval >= 0 && o.Interval <= maxInterval && len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) == 0
}

// starts returns the first days of the event that touch [from, to).
func (e *event) starts(from, to time.Time) []time.Time {
	from = from.AddDate(0, 0, -e.days)
	all := []time.Time{e.first}
	if e.yearly != nil {
		all = e.yearly.Between(from, to, true)
	}
	var out []time.Time
	for _, t := range all {
		if t.After(from) && t.Before(to) && !e.except[t] {
			out = append(out, t)
		}
	}
	return out
}

// classOf is Event for an event of a category of that name.
func classOf(e *ical.VEvent) v1alpha1.DayClass {
	for _, p := range e.GetProperties(ical.ComponentPropertyCategories) {
		for c := range strings.SplitSeq(p.Value, ",") {
			if strings.EqualFold(strings.TrimSpace(c), string(v1alpha1.DayEvent)) {
				return v1alpha1.DayEvent
			}
		}
	}
	return v1alpha1.DayHoliday
}

// value returns the text of a property; empty if there is none.
func value(e *ical.VEvent, p ical.ComponentProperty) string {
	property := e.GetProperty(p)
	if property == nil {
		return ""
	}
	return strings.TrimSpace(property.Value)
}
