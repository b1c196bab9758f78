package v1alpha1

import (
	"fmt"
	"time"
)

// Calendar says by which clock the load lives, and which days are unlike others.
type Calendar struct {
	// The time zone in which days begin and clocks are changed, by its name in
	// the IANA database, such as Europe/Berlin. Without it: UTC.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$') && self != 'Local'",message="write a time zone of the IANA database, such as Europe/Berlin"
	// +optional
	TimeZone string `json:"timeZone,omitempty"`

	// The days that are not like others of their weekday. Those of the past are
	// left out of the profile of ordinary days; where two entries name the same
	// day, the first one counts.
	// +kubebuilder:validation:MaxItems=100
	// +listType=atomic
	// +optional
	Days []CalendarDay `json:"days,omitempty"`

	// Spans of the past whose load says nothing of other days, such as an outage:
	// the forecast learns nothing from them. One that is not over is followed as
	// any load is.
	// +kubebuilder:validation:MaxItems=50
	// +listType=atomic
	// +optional
	Incidents []Incident `json:"incidents,omitempty"`
}

// CalendarDay is a day or several in a row.
//
// +kubebuilder:validation:XValidation:rule="has(self.name)",fieldPath=".name",reason=FieldValueRequired,message="write a name, such as Christmas: days of one name are taken to be alike"
// +kubebuilder:validation:XValidation:rule="has(self.date) != (has(self.from) || has(self.to))",fieldPath=".date",message="write either date, or from and to"
// +kubebuilder:validation:XValidation:rule="has(self.from) == has(self.to)",fieldPath=".to",message="write both from and to, the first and the last day, or date"
// +kubebuilder:validation:XValidation:rule="!has(self.from) || !has(self.to) || self.from <= self.to",fieldPath=".to",message="write the last day: from, or a later one"
type CalendarDay struct {
	// What the day is called. Days of one name are taken to be alike. Required.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.trim() != ''",message="write a name, such as Christmas"
	// +optional
	Name string `json:"name,omitempty"`

	// Holiday: like earlier days of its name, else like earlier holidays, else
	// like a Sunday. Event: like earlier days of its name, else like an ordinary
	// day.
	// +kubebuilder:default=Holiday
	// +optional
	Class DayClass `json:"class,omitempty"`

	// The day, such as 2026-12-25.
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$') && !self.matches('-(02-30|(02|04|06|09|11)-31)$') && (!self.endsWith('-02-29') || [int(self.substring(0, 4))].all(y, y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))",message="write a day that there is, as year, month and day: 2026-12-25"
	// +optional
	Date Date `json:"date,omitempty"`

	// The first of several days in a row.
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$') && !self.matches('-(02-30|(02|04|06|09|11)-31)$') && (!self.endsWith('-02-29') || [int(self.substring(0, 4))].all(y, y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))",message="write a day that there is, as year, month and day: 2026-12-25"
	// +optional
	From Date `json:"from,omitempty"`

	// The last of several days in a row.
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$') && !self.matches('-(02-30|(02|04|06|09|11)-31)$') && (!self.endsWith('-02-29') || [int(self.substring(0, 4))].all(y, y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))",message="write a day that there is, as year, month and day: 2026-12-25"
	// +optional
	To Date `json:"to,omitempty"`
}

// Date is a day as year, month and day: 2026-12-25.
type Date string

// Parse returns midnight of the day in UTC.
func (d Date) Parse() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, fmt.Errorf("date %q: write year, month and day: 2026-12-25", string(d))
	}
	return t, nil
}

// DateOf is the day of a time in its location.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Range returns the first day and the one after the last, at midnight in UTC.
func (d *CalendarDay) Range() (first, after time.Time, err error) {
	from, to := d.From, d.To
	if d.Date != "" {
		from, to = d.Date, d.Date
	}
	if first, err = from.Parse(); err != nil {
		return first, after, err
	}
	last, err := to.Parse()
	return first, last.AddDate(0, 0, 1), err
}

// Location loads the time zone: UTC where none is named.
func (c *Calendar) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil || c.TimeZone == "Local" {
		return nil, fmt.Errorf("time zone %q: %s", c.TimeZone, timeZoneWanted)
	}
	return loc, nil
}
