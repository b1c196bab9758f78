package v1alpha1

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	maxCalendarDays = 100
	maxIncidents    = 50
	timeZoneWanted  = "write a time zone of the IANA database, such as Europe/Berlin"
)

// timeZonePattern holds the form of a name. Whether there is such a zone,
// Location knows.
var timeZonePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

func (c *Calendar) validate(r *refusals, path *field.Path) {
	c.validateIncidents(r, path.Child("incidents"))
	if zone := path.Child("timeZone"); c.TimeZone != "" && r.atMost(zone, c.TimeZone, 64) {
		r.unless(timeZonePattern.MatchString(c.TimeZone) && c.TimeZone != "Local", zone, c.TimeZone, timeZoneWanted)
	}
	days := path.Child("days")
	if len(c.Days) > maxCalendarDays {
		r.add(field.TooMany(days, len(c.Days), maxCalendarDays))
		return
	}
	for i := range c.Days {
		c.Days[i].validate(r, days.Index(i))
	}
}

func (c *Calendar) validateIncidents(r *refusals, path *field.Path) {
	if len(c.Incidents) > maxIncidents {
		r.add(field.TooMany(path, len(c.Incidents), maxIncidents))
		return
	}
	for i := range c.Incidents {
		v, at := &c.Incidents[i], path.Index(i)
		short := v.From.validate(r, at.Child("from"))
		short = v.To.validate(r, at.Child("to")) && short
		if !short {
			continue
		}
		r.unlessStruct(v.From != "" && v.To != "", at.Child("to"), "write both from and to, the first and the last instant")
		r.unlessStruct(v.From == "" || v.To == "" || v.From <= v.To, at.Child("to"), "write the last instant: from, or a later one")
	}
}

// validate says whether an instant is short enough to be asked more of.
func (i Instant) validate(r *refusals, path *field.Path) bool {
	if !r.atMost(path, string(i), len("2026-11-02T14:05:00Z")) {
		return false
	}
	_, err := i.Parse()
	r.unless(i == "" || err == nil, path, string(i), instantWanted)
	return true
}

func (d *CalendarDay) validate(r *refusals, path *field.Path) {
	name := path.Child("name")
	if d.Name == "" {
		r.require(name, "write a name, such as Christmas: days of one name are taken to be alike")
	} else if r.atMost(name, d.Name, 63) {
		r.unless(strings.TrimSpace(d.Name) != "", name, d.Name, "write a name, such as Christmas")
	}
	r.oneOf(path.Child("class"), string(d.Class), string(DayHoliday), string(DayEvent))
	short := d.Date.validate(r, path.Child("date"))
	short = d.From.validate(r, path.Child("from")) && short
	short = d.To.validate(r, path.Child("to")) && short
	if !short {
		return
	}
	r.unlessStruct((d.Date != "") != (d.From != "" || d.To != ""), path.Child("date"), "write either date, or from and to")
	r.unlessStruct((d.From != "") == (d.To != ""), path.Child("to"), "write both from and to, the first and the last day, or date")
	r.unlessStruct(d.From == "" || d.To == "" || d.From <= d.To, path.Child("to"), "write the last day: from, or a later one")
}

// validate says whether a date is short enough to be asked more of.
func (d Date) validate(r *refusals, path *field.Path) bool {
	if !r.atMost(path, string(d), len("2026-12-25")) {
		return false
	}
	_, err := d.Parse()
	r.unless(d == "" || err == nil, path, string(d), "write a day that there is, as year, month and day: 2026-12-25")
	return true
}
