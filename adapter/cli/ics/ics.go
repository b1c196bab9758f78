package ics

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// maxSize is the longest file that is read.
const maxSize = 4 << 20

// Calendar holds the events of a file.
type Calendar struct{ events []event }

// Read reads a file that is called name. Hours are those of loc.
func Read(name string, r io.Reader, loc *time.Location) (Calendar, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return Calendar{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxSize {
		return Calendar{}, fmt.Errorf("%s: longer than %d MiB: write a calendar of the days unlike others alone", name, maxSize>>20)
	}
	parsed, err := ical.ParseCalendarWithOptions(bytes.NewReader(raw), ical.WithUnknownPropertyHandler(ical.AcceptUnknownPropertyHandler))
	if err != nil {
		return Calendar{}, fmt.Errorf("%s: %w: write an iCalendar file (RFC 5545), from BEGIN:VCALENDAR to END:VCALENDAR", name, err)
	}
	var c Calendar
	var errs []error
	lines := eventLines(raw)
	for i, e := range parsed.Events() {
		at := name
		if i < len(lines) {
			at = fmt.Sprintf("%s:%d", name, lines[i])
		}
		event, wanted, err := newEvent(e, loc)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		case wanted:
			c.events = append(c.events, event)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Calendar{}, err
	}
	if len(c.events) == 0 {
		return Calendar{}, fmt.Errorf("%s: no event: write one for each holiday, from BEGIN:VEVENT to END:VEVENT", name)
	}
	return c, nil
}

// eventLines returns the lines on which the events begin.
func eventLines(raw []byte) []int {
	var out []int
	s := bufio.NewScanner(bytes.NewReader(raw))
	s.Buffer(nil, maxSize+1)
	for n := 1; s.Scan(); n++ {
		if strings.EqualFold(strings.TrimSpace(s.Text()), "BEGIN:VEVENT") {
			out = append(out, n)
		}
	}
	return out
}

// Days returns the days of the events that touch [from, to), by date and name.
func (c Calendar) Days(from, to time.Time) []v1alpha1.CalendarDay {
	var out []v1alpha1.CalendarDay
	for i := range c.events {
		e := &c.events[i]
		for _, first := range e.starts(from, to) {
			d := v1alpha1.CalendarDay{Name: e.name, Class: e.class, Date: v1alpha1.DateOf(first)}
			if e.days > 1 {
				d.From, d.To, d.Date = d.Date, v1alpha1.DateOf(first.AddDate(0, 0, e.days-1)), ""
			}
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.CalendarDay) int {
		return cmp.Or(cmp.Compare(a.Date+a.From, b.Date+b.From), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(out)
}
