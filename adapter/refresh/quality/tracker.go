package quality

import (
	"math"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

const (
	// Days is how many days before today are looked back upon.
	Days = 7
	// Reach is how much longer than a forecast's own history the load must be
	// known, so that the oldest of those days can be forecast again.
	Reach = (Days + 1) * day

	day = 24 * time.Hour
	// stride is the time between two forecasts that are judged. Every second one
	// is judged a day ahead too, which costs the most.
	stride = 30 * time.Minute
	// A value no longer changes after lateSteps, nor after settling: until then
	// the values around it are not yet rounded together (forecast.Samples).
	lateSteps = 5
	settling  = 2 * time.Hour
)

// Predict makes the forecast that was served when known was all that was known.
type Predict func(known forecast.Series, horizon int, levels []float64) (forecast.Forecast, error)

// Config says what is judged.
type Config struct {
	Step time.Duration
	// Span is the history that a forecast may see.
	Span time.Duration
	// Levels are the quantiles, ascending; Level is the one of them by which the
	// forecast stands or falls.
	Levels []float64
	Level  float64
}

// Tracker judges the forecasts of one pool. It is for one goroutine.
type Tracker struct {
	cfg      Config
	stride   time.Duration
	origins  int // of a day
	horizons []int
	days     []*record // ascending, without a gap; at most Days+1
	behind   bool      // there is more of the past to forecast again
}

// New returns a tracker that knows nothing yet.
func New(cfg Config) *Tracker {
	t := &Tracker{cfg: cfg, behind: true, stride: max(cfg.Step, stride)}
	t.origins = int(day / t.stride)
	for _, h := range forecast.Horizons(cfg.Step) {
		t.horizons = append(t.horizons, int(h/cfg.Step))
	}
	return t
}

// Advance takes in a load that has grown: it judges what has come due, and
// makes the forecasts of up to a day of origins that were not judged yet, the
// oldest first.
func (t *Tracker) Advance(load forecast.Series, predict Predict) {
	settled := load.Origin().Add(-lateSteps*t.cfg.Step - settling)
	t.roll(settled)
	t.judge(load, settled)
	left := t.origins
	for _, d := range t.days {
		for ; d.next < t.origins; d.next++ {
			origin := t.origin(d.start, d.next)
			if origin.After(settled) {
				break
			}
			if _, ok := valueAt(load, origin); !ok || d.next > 0 && origin.Equal(t.origin(d.start, d.next-1)) {
				continue
			}
			if left == 0 {
				t.behind = true
				t.judge(load, settled)
				return
			}
			t.forecast(d, load, origin, predict)
			left--
		}
	}
	t.behind = false
	t.judge(load, settled)
}

// Behind says that the past is not judged whole yet.
func (t *Tracker) Behind() bool { return t.behind }

// origin returns the i-th origin of a day: one in each stride, at minutes that
// vary by the golden ratio, so that what happens at fixed minutes is met neither
// each time nor never.
func (t *Tracker) origin(start time.Time, i int) time.Time {
	_, frac := math.Modf(float64(i) * (math.Phi - 1))
	into := time.Duration(i)*t.stride + time.Duration(frac*t.stride.Seconds())*time.Second
	return start.Add(into.Truncate(t.cfg.Step))
}

// roll adds the days up to the settled instant and drops those too far back.
func (t *Tracker) roll(settled time.Time) {
	today := settled.UTC().Truncate(day)
	first := today.Add(-Days * day)
	for len(t.days) > 0 && t.days[0].start.Before(first) {
		t.days = t.days[1:]
	}
	from := first
	if n := len(t.days); n > 0 {
		from = t.days[n-1].start.Add(day)
	}
	for ; !from.After(today); from = from.Add(day) {
		t.days = append(t.days, newRecord(from, len(t.horizons), len(t.cfg.Levels)))
	}
}

// forecast makes the forecast from one origin and keeps what is to be judged.
func (t *Tracker) forecast(d *record, load forecast.Series, origin time.Time, predict Predict) {
	if !d.spreadKnown {
		d.spread, d.spreadKnown = naiveSpread(t.known(load, d.start)), true
	}
	horizons := t.horizons
	if d.next%2 == 1 && len(horizons) > 1 {
		horizons = horizons[:len(horizons)-1]
	}
	f, err := predict(t.known(load, origin), horizons[len(horizons)-1], t.cfg.Levels)
	if err != nil {
		return // there was none
	}
	for i, h := range horizons {
		p := pending{horizon: i, at: origin.Add(time.Duration(h) * t.cfg.Step), point: f.Point[h-1]}
		p.naive, p.compared = valueAt(load, p.at.Add(-day))
		p.bounds = make([]float64, len(t.cfg.Levels))
		for l := range p.bounds {
			p.bounds[l] = f.Quantiles[l][h-1]
		}
		d.pending = append(d.pending, p)
	}
}

// known is what a forecast from the origin saw.
func (t *Tracker) known(load forecast.Series, origin time.Time) forecast.Series {
	return load.Between(origin.Add(-t.cfg.Span), origin)
}

// judge scores the forecasts whose value has settled.
func (t *Tracker) judge(load forecast.Series, settled time.Time) {
	for _, d := range t.days {
		kept := d.pending[:0]
		for _, p := range d.pending {
			if p.at.After(settled) {
				kept = append(kept, p)
				continue
			}
			if y, ok := valueAt(load, p.at); ok {
				d.cells[p.horizon].add(p, y, d.spread, t.cfg.Levels)
			}
		}
		clear(d.pending[len(kept):])
		if d.pending = kept; d.next == t.origins && cap(kept) > 2*len(kept) {
			d.pending = slices.Clone(kept) // a day that is over asks for no more room
		}
		d.settled = d.next == t.origins && settled.Sub(d.start) >= day+shortest
	}
}

// valueAt returns the value of s at an instant of its grid; ok is false for a
// gap and outside of s.
func valueAt(s forecast.Series, at time.Time) (v float64, ok bool) {
	i := int(at.Sub(s.Start) / s.Step)
	if at.Before(s.Start) || i >= len(s.Values) {
		return math.NaN(), false
	}
	v = s.Values[i]
	return v, !math.IsNaN(v)
}

// naiveSpread is the root mean square of the change from one day to the next,
// over the last week of s; NaN if s has no two days.
func naiveSpread(s forecast.Series) float64 {
	m := int(day / s.Step)
	sum, n := 0.0, 0
	for i := max(m, len(s.Values)-Days*m); i < len(s.Values); i++ {
		if d := s.Values[i] - s.Values[i-m]; !math.IsNaN(d) {
			sum += d * d
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Sqrt(sum / float64(n))
}
