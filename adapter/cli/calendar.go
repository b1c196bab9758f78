package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/adapter/cli/ics"
)

// calendarFlags say by which clock a load lives, and which days are unlike
// others.
type calendarFlags struct {
	zone, file string

	loc  *time.Location
	read ics.Calendar
}

func (c *calendarFlags) install(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&c.zone, "time-zone", "", "Time zone in which days begin and clocks are changed, such as Europe/Berlin; empty for UTC.")
	fs.StringVar(&c.file, "calendar", "", "iCalendar file (.ics) of the days unlike others. An event of the category Event is one, any other a holiday; those that repeat do so yearly.")
	_ = cmd.MarkFlagFilename("calendar", "ics") // the flag is there
}

func (c *calendarFlags) changed(cmd *cobra.Command) bool {
	return cmd.Flags().Changed("time-zone") || cmd.Flags().Changed("calendar")
}

// parse loads the zone and reads the file.
func (c *calendarFlags) parse(cmd *cobra.Command) error {
	var err error
	spec := v1alpha1.Calendar{TimeZone: c.zone}
	if c.loc, err = spec.Location(); err != nil {
		return fmt.Errorf("--time-zone: %q: write a time zone of the IANA database, such as Europe/Berlin", c.zone)
	}
	if !cmd.Flags().Changed("calendar") {
		return nil
	}
	if c.file == "" {
		return errors.New("--calendar: write an iCalendar file, such as holidays.ics")
	}
	f, err := os.Open(filepath.Clean(c.file))
	if err != nil {
		return fmt.Errorf("--calendar: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	if c.read, err = ics.Read(c.file, f, c.loc); err != nil {
		return fmt.Errorf("--calendar: %w", err)
	}
	return nil
}

// calendarOf returns the calendar of series and of a horizon after them.
func (s *loadSource) calendarOf(series []backtest.Series, horizon time.Duration) (calendar.Calendar, error) {
	spec := v1alpha1.Calendar{TimeZone: s.calendar.zone, Incidents: s.algorithm.spans}
	if len(series) > 0 {
		first, last := series[0].Start, series[0].Origin()
		for i := range series {
			if series[i].Start.Before(first) {
				first = series[i].Start
			}
			if series[i].Origin().After(last) {
				last = series[i].Origin()
			}
		}
		s.noteIncidents(first, last)
		// A day more on either side, where it is another day than in UTC.
		spec.Days = s.calendar.read.Days(first.AddDate(0, 0, -1), last.Add(horizon).AddDate(0, 0, 2))
	}
	if s.calendar.file != "" {
		s.tell("%s: days or runs of days within the load and what is forecast: %d\n", s.calendar.file, len(spec.Days))
	}
	return calendar.Of(&spec) //nolint:wrapcheck // the zone was loaded, and the days come from ics
}

// noteIncidents says which spans of --incident name nothing of the history.
func (s *loadSource) noteIncidents(first, last time.Time) {
	for i, span := range s.algorithm.spans {
		if span.To < v1alpha1.InstantOf(first) || span.From > v1alpha1.InstantOf(last) {
			s.tell("note: --incident: %q lies outside of the history, %s to %s: check its dates\n",
				s.algorithm.incidents[i], first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
		}
	}
}

// yearAhead returns the calendar that the flags of configure mean: the days
// that the history of a pool may hold, and those of the year to come. It says
// which they are.
func (o *configureOptions) yearAhead(cmd *cobra.Command) (v1alpha1.Calendar, error) {
	out := v1alpha1.Calendar{TimeZone: o.calendar.zone}
	if err := o.calendar.parse(cmd); err != nil {
		return out, err
	}
	if o.calendar.file == "" {
		return out, nil
	}
	now := o.Clock.Now().In(o.calendar.loc)
	from, to := now.AddDate(0, 0, -28), now.AddDate(1, 0, 0)
	if out.Days = o.calendar.read.Days(from, to); len(out.Days) == 0 {
		return out, fmt.Errorf("--calendar: %s: no event from %s to %s: write the days of the coming year", o.calendar.file, v1alpha1.DateOf(from), v1alpha1.DateOf(to))
	}
	_, _ = fmt.Fprintf(o.Streams.ErrOut, "%s, from %s to %s:\n", o.calendar.file, v1alpha1.DateOf(from), v1alpha1.DateOf(to))
	for _, d := range out.Days {
		when := string(d.Date)
		if d.Date == "" {
			when = fmt.Sprintf("%s to %s", d.From, d.To)
		}
		_, _ = fmt.Fprintf(o.Streams.ErrOut, "  %-24s  %s (%s)\n", when, d.Name, d.Class)
	}
	return out, nil
}
