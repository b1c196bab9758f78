package calendar

import (
	"fmt"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Calendar is by which clock a load lives, and which days are unlike others. Its
// zero value is UTC without such days.
type Calendar struct {
	Location *time.Location
	Days     []forecast.CalendarDays
	// Incidents are what the forecast learns nothing from.
	Incidents []forecast.Interval
}

// Of reads the calendar of a defaulted pool that passed Validate. An error is of
// its time zone, or of days that did not.
func Of(c *v1alpha1.Calendar) (Calendar, error) {
	var out Calendar
	if c.TimeZone != "" {
		loc, err := c.Location()
		if err != nil {
			return Calendar{}, err
		}
		out.Location = loc
	}
	for i := range c.Days {
		d := &c.Days[i]
		first, after, err := d.Range()
		if err != nil {
			return Calendar{}, fmt.Errorf("day %s: %w", d.Name, err)
		}
		out.Days = append(out.Days, forecast.CalendarDays{Name: d.Name, Class: forecast.DayClass(d.Class), From: first, To: after})
	}
	for _, v := range c.Incidents {
		from, err := v.From.Parse()
		if err != nil {
			return Calendar{}, fmt.Errorf("incident: %w", err)
		}
		to, err := v.To.Parse()
		if err != nil {
			return Calendar{}, fmt.Errorf("incident: %w", err)
		}
		out.Incidents = append(out.Incidents, forecast.Interval{From: from, To: to})
	}
	return out, nil
}

// Same says that two calendars change a forecast alike.
func (c Calendar) Same(o Calendar) bool {
	return c.Location.String() == o.Location.String() && slices.Equal(c.Days, o.Days) && slices.Equal(c.Incidents, o.Incidents)
}

// Config returns how a model forecasts with the calendar.
func (c Calendar) Config(model string) forecast.Config {
	return forecast.Config{Model: model, Location: c.Location, Calendar: c.Days, Incidents: c.Incidents}
}
