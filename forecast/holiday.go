package forecast

import (
	"math"
	"time"
)

const (
	alikeDays   = 4   // days of one kind whose median is their profile
	effectReach = 16  // days after a fit for which effects are learnt
	effectFloor = 0.1 // share of an ordinary day's mean that both profiles are raised by
)

// effect is what makes a day of the calendar of an ordinary one, by phase:
//
//	load of the day = times * load of an ordinary day + plus.
//
// It is a prior adjustment as statistical offices make it before they adjust
// for seasons (D. Findley et al., X-12-ARIMA, JBES 16, 1998). With u the profile
// of ordinary days of that weekday and p the one that the day is taken to have,
// both medians of up to four days, and e a tenth of the mean of u, times is
// (p+e)/(u+e) and plus e(times-1); where the load may be negative, times is 1
// and plus p-u. The values of a day that has begun are made ordinary by it, so
// that the engine follows them, and a forecast is made one of the day. Its band
// is that of the phase, on Sundays as on others; it grows with the root of times.
type effect struct {
	times, plus []float64 // NaN: not known
	as          string    // what the day is taken for
}

// newEffect returns the effect that takes usual to profile.
func newEffect(usual, profile []float64, negative bool, as string) effect {
	mean, n := 0.0, 0.0
	for _, u := range usual {
		if u == u {
			mean += u
			n++
		}
	}
	floor := effectFloor * mean / n
	e := effect{times: make([]float64, len(usual)), plus: make([]float64, len(usual)), as: as}
	for i, u := range usual {
		e.times[i], e.plus[i] = 1, profile[i]-u
		if !negative && floor > 0 {
			e.times[i] = (profile[i] + floor) / (u + floor)
			e.plus[i] = floor * (e.times[i] - 1)
		}
		if !(math.Abs(e.plus[i]) < math.MaxFloat64) || !(e.times[i] < math.MaxFloat64) {
			e.times[i], e.plus[i] = math.NaN(), math.NaN()
		}
	}
	return e
}

// learn learns the effects of the days of the calendar from the last day of
// local on, and returns local without those days. It reports whether the
// calendar names so much of the history that it is better not followed.
func (c *civil) learn(local Series) (ordinary Series, crowded bool) {
	if len(c.calendar) == 0 || len(local.Values) == 0 {
		return local, false
	}
	ordinary = c.ordinary(local, false, nil)
	if 2*ordinary.Present() < local.Present() {
		c.calendar = nil
		return local, true
	}
	d := rowsOf(local, c.calendar)
	if d.m == 0 {
		return ordinary, false
	}
	c.effects = map[date]effect{}
	for day := d.last; day <= d.last+effectReach; day++ {
		if entry := c.calendar.on(day); entry != nil {
			c.effects[day] = d.effect(day, entry, c.lo < 0)
		}
	}
	return ordinary, false
}

// ordinary returns local without the days of the calendar. The day of the
// origin stays where it is followed, brought to an ordinary level.
func (c *civil) ordinary(local Series, follow bool, a *arena) Series {
	n := len(local.Values)
	if len(c.calendar) == 0 || n == 0 {
		return local
	}
	out, copied, today := local, false, dateAt(local.Origin())
	for i := 0; i < n; {
		day := dateAt(local.Time(i))
		end := min(n, max(i+1, local.index(midnight(day+1), true)))
		if c.calendar.on(day) != nil {
			if !copied {
				out.Values, copied = a.take(n), true
				copy(out.Values, local.Values)
			}
			c.level(out, i, end, follow && day == today)
		}
		i = end
	}
	if _, _, ok := out.Last(); follow && !ok {
		return local // there is nothing else to start from
	}
	return out
}

// level takes the steps from lo to hi out of x, or makes them those of an
// ordinary day.
func (c *civil) level(x Series, lo, hi int, follow bool) {
	for i := lo; i < hi; i++ {
		if !follow {
			x.Values[i] = math.NaN()
			continue
		}
		times, plus := c.effectAt(x.Time(i))
		if v := (x.Values[i] - plus) / times; v == v {
			x.Values[i] = finite(c.bounded(v, math.MaxFloat64))
		}
	}
}

func midnight(d date) time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// effectAt returns the effect at a local time; NaN where there is none.
func (c *civil) effectAt(wall time.Time) (times, plus float64) {
	day := dateAt(wall)
	e, found := c.effects[day]
	if !found || len(e.times) == 0 {
		return math.NaN(), math.NaN()
	}
	i := min(int(wall.Sub(midnight(day))/c.step), len(e.times)-1)
	return e.times[i], e.plus[i]
}

// restore makes a forecast from slot origin on one of the days of the calendar.
func (c *civil) restore(out *Forecast, origin int, s Series) {
	limit := upperLimit(c.lo, c.hi)
	if after := s.Between(c.origin, s.Origin()).Max(); after > c.hi {
		limit = upperLimit(c.lo, after)
	}
	for i, ordinary := range out.Point {
		times, plus := c.effectAt(c.at(origin + i + 1))
		if times != times {
			continue
		}
		out.ceiling = max(out.ceiling, limit)
		point := finite(c.bounded(times*ordinary+plus, limit))
		out.Point[i] = point
		for l, q := range out.Quantiles {
			out.Quantiles[l][i] = finite(c.bounded(point+(q[i]-ordinary)*max(1, math.Sqrt(times)), limit))
		}
	}
}

// today says which entry of the calendar a day is; empty for none.
func (c *civil) today(d date) string {
	if entry := c.calendar.on(d); entry != nil {
		return c.takenFor(d, entry, "today")
	}
	return ""
}

// upcoming says which entries of the calendar begin after a day, up to last.
func (c *civil) upcoming(day, last date) string {
	out, before := "", c.calendar.on(day)
	for d := day + 1; d <= last; d++ {
		entry := c.calendar.on(d)
		if _, learnt := c.effects[d]; learnt && entry != before {
			out = join(out, c.takenFor(d, entry, "on "+midnight(d).Format(time.DateOnly)))
		}
		before = entry
	}
	return out
}

func (c *civil) takenFor(d date, entry *calendarDays, when string) string {
	as := c.effects[d].as
	if as == "" {
		as = asOrdinary
	}
	return entry.name + " (" + string(entry.class) + ") " + when + ", forecast " + as
}

// The days that an entry of the calendar may be taken for.
const (
	asSame     = "as earlier days of that name"
	asClass    = "as earlier holidays"
	asSunday   = "as a Sunday"
	asOrdinary = "as an ordinary day, since the history has none like it"
)

// rowsByDay are the values of a history by day and phase.
type rowsByDay struct {
	m           int
	first, last date
	start       []int     // index of the first phase, by day from first on; may be negative
	smooth      []float64 // over less than a quarter of an hour
	calendar    calendar
	weekly      bool // there is enough history to tell weekdays apart
}

func rowsOf(local Series, cal calendar) rowsByDay {
	season := seasonsOf(local.Step)
	d := rowsByDay{
		m: season.day, first: dateAt(local.Start), last: dateAt(local.Origin()), calendar: cal,
		weekly: len(local.Values) >= 9*season.day,
	}
	for day := d.first; day <= d.last; day++ {
		d.start = append(d.start, local.index(midnight(day), true))
	}
	d.smooth = make([]float64, len(local.Values))
	for i := range d.smooth {
		d.smooth[i] = windowMean(local.Values, i-season.half, i+season.half)
	}
	return d
}

// at returns the value of a phase; NaN for a gap and outside the history.
func (d *rowsByDay) at(day date, phase int) float64 {
	if i := d.start[day-d.first] + phase; i >= 0 && i < len(d.smooth) {
		return d.smooth[i]
	}
	return math.NaN()
}

// before returns the latest days before one that are as asked, most at most.
func (d *rowsByDay) before(day date, most int, ok func(date, *calendarDays) bool) []date {
	var out []date
	for x := min(day, d.last+1) - 1; x >= d.first && len(out) < most; x-- {
		if ok(x, d.calendar.on(x)) {
			out = append(out, x)
		}
	}
	return out
}

// profile returns the median of some days by phase; nil for no days.
func (d *rowsByDay) profile(of []date) []float64 {
	if len(of) == 0 {
		return nil
	}
	out := make([]float64, d.m)
	col := make([]float64, 0, len(of))
	for p := range out {
		col = col[:0]
		for _, day := range of {
			if v := d.at(day, p); v == v {
				col = append(col, v)
			}
		}
		out[p] = median(col)
	}
	return out
}

// usual returns the profile of ordinary days of the weekday of day.
func (d *rowsByDay) usual(day date) []float64 {
	if d.weekly {
		same := d.before(day, alikeDays, func(x date, e *calendarDays) bool { return e == nil && x.weekday() == day.weekday() })
		if len(same) > 0 {
			return d.profile(same)
		}
	}
	return d.profile(d.before(day, shapeDays, func(_ date, e *calendarDays) bool { return e == nil }))
}

// alike returns the profile that a day of the calendar is taken to have, and
// what it is taken for; nil where nothing is like it.
func (d *rowsByDay) alike(day date, entry *calendarDays) (profile []float64, as string) {
	same := d.before(day, alikeDays, func(_ date, e *calendarDays) bool {
		return e != nil && e.name == entry.name && e.class == entry.class
	})
	if len(same) > 0 {
		return d.profile(same), asSame
	}
	if entry.class != Holiday {
		return nil, asOrdinary
	}
	class := d.before(day, alikeDays, func(_ date, e *calendarDays) bool { return e != nil && e.class == Holiday })
	if len(class) > 1 {
		return d.profile(class), asClass
	}
	sundays := d.before(day, alikeDays, func(x date, e *calendarDays) bool { return e == nil && x.weekday() == time.Sunday })
	if len(sundays) > 0 {
		return d.profile(sundays), asSunday
	}
	return nil, asOrdinary
}

func (d *rowsByDay) effect(day date, entry *calendarDays, negative bool) effect {
	profile, as := d.alike(day, entry)
	usual := d.usual(day)
	if profile == nil || usual == nil {
		return effect{as: asOrdinary}
	}
	return newEffect(usual, profile, negative, as)
}
