package forecast

import (
	"math"
	"slices"
	"time"
)

// civil brings a series to the time that people live by, and its forecast
// back: to local time, where a day has as many steps as any other, and to a
// calendar on which each day is ordinary (holiday.go). The engine sees nothing
// of either.
//
// A day of 23 hours gets a gap where the clock jumped. In a day of 25 hours the
// hour that comes twice is one hour, that of its second pass; in a forecast it
// is repeated. Local times are written as UTC.
type civil struct {
	loc   *time.Location
	step  time.Duration
	start time.Time // local time of slot 0 of the grid

	calendar calendar
	effects  map[date]effect // by day of the calendar, from the last one of the fit on
	origin   time.Time       // of the fit
	lo, hi   float64         // of the history, days of the calendar included
}

// newCivil returns nil where there is nothing to do.
func newCivil(s Series, cfg Config) *civil {
	if len(cfg.Calendar) == 0 && (cfg.Location == nil || cfg.Location == time.UTC) {
		return nil
	}
	c := &civil{loc: cfg.Location, step: s.Step, calendar: newCalendar(cfg.Calendar), origin: s.Origin()}
	if c.loc == nil {
		c.loc = time.UTC
	}
	c.start = c.wall(s.Start)
	return c
}

// wall returns the local time of an instant.
func (c *civil) wall(t time.Time) time.Time {
	_, offset := t.In(c.loc).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// slot returns the place of an instant on the local grid.
func (c *civil) slot(t time.Time) int {
	return int(math.Round(float64(c.wall(t).Sub(c.start)) / float64(c.step)))
}

// at returns the local time of a slot.
func (c *civil) at(slot int) time.Time { return c.start.Add(time.Duration(slot) * c.step) }

// local returns s on the local grid, in an array that a lends; it shares the
// values where no clock was changed.
func (c *civil) local(s Series, a *arena) Series {
	parts := c.parts(s)
	if len(parts) == 1 {
		return Series{Start: c.at(parts[0].slot), Step: s.Step, Values: s.Values}
	}
	first := parts[0].slot
	for _, p := range parts {
		first = min(first, p.slot)
	}
	out := a.take(c.slot(s.Origin()) - first + 1)
	filled := 0
	for _, p := range parts {
		from := p.slot - first
		for ; filled < min(from, len(out)); filled++ {
			out[filled] = math.NaN()
		}
		values := s.Values[p.lo:min(p.hi, p.lo+max(len(out)-from, 0))]
		twice := min(max(filled-from, 0), len(values))
		for i, v := range values[:twice] {
			if v == v {
				out[from+i] = v
			}
		}
		filled = max(filled, from+twice+copy(out[from+twice:], values[twice:]))
	}
	return Series{Start: c.at(first), Step: s.Step, Values: out}
}

// part is a run of steps between two changes of the clock.
type part struct{ lo, hi, slot int }

func (c *civil) parts(s Series) []part {
	n := len(s.Values)
	if n == 0 {
		return []part{{slot: c.slot(s.Start)}}
	}
	var out []part
	for lo := 0; lo < n; {
		hi := n
		if _, end := s.Time(lo).In(c.loc).ZoneBounds(); !end.IsZero() && end.Before(s.Time(n)) {
			hi = min(n, max(lo+1, s.index(end, true)))
		}
		out = append(out, part{lo, hi, c.slot(s.Time(lo))})
		lo = hi
	}
	return out
}

// fit learns from s what Fit does from a series that knows no clock.
func (c *civil) fit(s Series, cfg Config) (*Fitted, error) {
	s = trimmed(cfg.recent(s))
	c.origin = s.Origin()
	local := c.local(s, nil)
	c.lo, c.hi = local.Min(), local.Max()
	ordinary, crowded := c.learn(local)
	f, err := fit(ordinary, cfg)
	if err != nil {
		return nil, err
	}
	f.note, f.use = f.describe(local, cfg), useOf(s) // days of the calendar are not missing
	if crowded {
		f.note = join(f.note, "the calendar names most of the history; its days are taken as they come")
	}
	f.civil = c
	return f, nil
}

// forecast forecasts horizon steps after s.
func (c *civil) forecast(f *Fitted, s Series, horizon int, levels []float64, explained bool) (Forecast, error) {
	ahead := c.ahead(s.Origin(), horizon)
	a := arenas.Get().(*arena)
	defer a.giveBack()
	out, err := f.forecast(c.ordinary(c.local(s, a), true, a), max(horizon, slices.Max(ahead)), levels, explained)
	if err != nil {
		return Forecast{}, err
	}
	origin := c.slot(s.Origin())
	if len(c.calendar) > 0 {
		c.restore(&out, origin, s)
		out.Today = c.today(dateAt(c.at(origin)))
		out.Ahead = c.upcoming(dateAt(c.at(origin)), dateAt(c.at(origin+ahead[horizon-1])))
	}
	out.Origin = s.Origin()
	if len(out.Point) != horizon || ahead[horizon-1] != horizon {
		c.unfold(&out, ahead)
	}
	if explained {
		c.explain(&out, s, ahead)
	}
	return out, nil
}

// ahead returns how many slots after the origin each step lies, 1 at least: a
// forecast from within an hour that comes twice begins the second pass with
// what is to come next.
func (c *civil) ahead(origin time.Time, horizon int) []int {
	out := make([]int, horizon)
	for i := range out {
		out[i] = i + 1
	}
	end := origin.Add(time.Duration(len(out)) * c.step)
	if _, change := origin.In(c.loc).ZoneBounds(); change.IsZero() || change.After(end) {
		return out
	}
	from := c.slot(origin)
	for i := range out {
		out[i] = max(1, c.slot(origin.Add(time.Duration(i+1)*c.step))-from)
	}
	return out
}

// unfold brings a forecast of slots to the steps that they are ahead by. The
// hour that is gained or lost makes a quantile none the closer.
func (c *civil) unfold(out *Forecast, ahead []int) {
	point, quantiles := out.Point, out.Quantiles
	n := len(ahead)
	out.Point = make([]float64, n)
	for i, k := range ahead {
		out.Point[i] = point[k-1]
	}
	out.Quantiles = make([][]float64, len(quantiles))
	for l, q := range quantiles {
		out.Quantiles[l] = make([]float64, n)
		for i, k := range ahead {
			far := c.bounded(point[k-1]+q[i]-point[i], out.ceiling)
			if out.Levels[l] < 0.5 {
				out.Quantiles[l][i] = min(q[k-1], far)
			} else {
				out.Quantiles[l][i] = max(q[k-1], far)
			}
		}
	}
}

// bounded keeps x below the ceiling, and from falling below zero where the
// load never did.
func (c *civil) bounded(x, ceiling float64) float64 {
	if x = min(x, ceiling); c.lo >= 0 {
		return max(x, 0)
	}
	return x
}
