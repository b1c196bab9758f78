package forecast

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Fitted is what a fit has learnt from one series. It is immutable and safe
// for concurrent use.
type Fitted struct {
	seasons
	step   time.Duration
	start  time.Time // of step 0
	n      int       // steps at the fit; the last one is n-1
	unit   float64
	unrest unrest // without the origins
	loud   loudness
	models []model
	limits []float64 // by model: deviations beyond it are unusual
	banded bool      // it has learnt bands
	packed packed    // the rest of what was learnt

	moved  int // steps before it were brought to the new level by offset
	offset float64

	lo, hi   float64 // least and greatest value of the history
	backDays float64 // days that were scored
	maturity Maturity
	note     string
	use      HistoryUse

	civil *civil // nil: the series is in local time already

	incidents []Interval
	ended     []span // incidents that the fit found, see findEnded
}

// Fit learns from s how to forecast it: the shape of its days and weeks, how
// long a deviation lasts, which model did best at which horizon, and how far
// the blend was off. It looks at the last Window of s only, costs
// milliseconds, and is meant to be repeated each day, and as soon as the
// history grows from one Maturity into the next.
//
// Gaps are skipped. ErrNoData is returned if every value is a gap.
func Fit(s Series, cfg Config) (*Fitted, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s = s.without(cfg.Incidents)
	if c := newCivil(s, cfg); c != nil {
		return c.fit(s, cfg)
	}
	return fit(s, cfg)
}

func fit(s Series, cfg Config) (*Fitted, error) {
	s = trimmed(cfg.recent(s))
	if len(s.Values) == 0 {
		return nil, ErrNoData
	}
	f := &Fitted{
		seasons: seasonsOf(s.Step), step: s.Step, start: s.Start, n: len(s.Values),
		unit: unitOf(s.Values), lo: s.Min(), hi: s.Max(), incidents: slices.Clone(cfg.Incidents),
	}
	f.maturity = maturityOf(s)
	if f.maturity != Starting {
		a := arenas.Get().(*arena)
		defer a.giveBack()
		h, cut, offset := newHistoryIn(a, s.Values, f.seasons, f.unit)
		f.moved, f.offset, f.ended = cut, offset, h.ended
		f.learn(h, cfg)
	}
	f.note, f.use = f.describe(s, cfg), useOf(s)
	return f, nil
}

// trimmed cuts gaps at both ends and what is older than Window.
func trimmed(s Series) Series {
	if n := int(Window / s.Step); n > 0 && len(s.Values) > n {
		s = Series{Start: s.Time(len(s.Values) - n), Step: s.Step, Values: s.Values[len(s.Values)-n:]}
	}
	lo, hi := 0, len(s.Values)
	for lo < hi && math.IsNaN(s.Values[lo]) {
		lo++
	}
	for hi > lo && math.IsNaN(s.Values[hi-1]) {
		hi--
	}
	return Series{Start: s.Time(lo), Step: s.Step, Values: s.Values[lo:hi]}
}

// learn fills the models, layers and tables; it leaves the fit at Starting if
// no horizon could be scored.
func (f *Fitted) learn(h *history, cfg Config) {
	r := newRolling(h, f.choose(cfg))
	r.power = cfg.Parameters[WeightsPower]
	if len(r.models) == 0 {
		f.maturity = Starting
		return
	}
	l := learnt{bands: h.bands, swings: h.swings}
	scored := horizons((f.n-r.start)/3, f.seasons)
	l.layers = make([]layer, 0, len(scored))
	for _, horizon := range scored {
		layer, ok := r.learn(horizon)
		if !ok {
			break
		}
		l.layers = append(l.layers, layer)
	}
	if len(l.layers) == 0 {
		f.maturity = Starting
		return
	}
	f.models, f.limits, f.unrest.mean, f.loud = r.models, r.limits, r.unrest.mean, r.loud
	l.peaks = r.learnPeaks(l.layers)
	if f.day > 0 {
		f.backDays = float64(f.n-r.start) / float64(f.day)
	}
	f.banded = len(h.bands.lo) > 0
	f.packed = l.pack(f.models, f.tabulate(h, r, &l), h.arena)
}

// choose returns the models that the length of the history allows, and Auto uses.
func (f *Fitted) choose(cfg Config) []model {
	start, daily := backSpan(f.n, f.seasons)
	var out []model
	for _, m := range cfg.catalogue() {
		season := m.season(f.seasons)
		switch {
		case m.name == "Level":
		case season == 0 || start < season || !daily && season >= f.day:
			continue
		case m.days*f.day > f.n:
			continue
		}
		out = append(out, m)
	}
	if cfg.Model == Auto {
		return slices.DeleteFunc(out, func(m model) bool { return m.alone })
	}
	if i := slices.IndexFunc(out, func(m model) bool { return m.name == cfg.Model }); i >= 0 {
		return out[i : i+1]
	}
	// Coarse curves stand in for nothing.
	last := slices.DeleteFunc(slices.Clone(out), func(m model) bool { return m.coarse })
	return last[len(last)-1:]
}

// horizons returns the steps at which a fit is scored: 1, 2, 3, 5, 8, 12, 20, or 1,
// 3, 8, 20 where steps are fine, 40 and on in powers of two, up to two days or most,
// whichever is less. All from 8 on are even: what alternates at each step, a model without
// a season does not know an odd number of steps ahead.
func horizons(most int, c seasons) []int {
	if c.day > 0 {
		most = min(most, 2*c.day)
	}
	near := []int{1, 2, 3, 5, 8, 12, 20}
	if c.fine() {
		near = []int{1, 3, 8, 20}
	}
	var out []int
	for _, h := range near {
		if h <= most {
			out = append(out, h)
		}
	}
	for h := 40; h <= most; h *= 2 {
		out = append(out, h)
	}
	if k := len(out); k > 0 && most > out[k-1]*5/4 {
		out = append(out, most)
	}
	if len(out) == 0 {
		out = append(out, 1)
	}
	return out
}

// tabulate reads each curve from before the fit, so that recent deviations can
// be told, to two days after it. The curve of an hour is read from the values
// instead, and one of days that looks back whole days says on the second day
// what it says on the first.
func (f *Fitted) tabulate(h *history, r *rolling, l *learnt) []packedTable {
	l.tableStart = max(r.first, f.n-memory)
	l.tables = make([][]float64, len(r.models))
	shape := make([]packedTable, len(r.models))
	for k, m := range r.models {
		if !m.corrected || m.season(f.seasons) < f.day || f.day == 0 {
			continue
		}
		days := 2
		if m.lags && m.season(f.seasons) == f.day {
			days = 1
		}
		shape[k] = knotsOver(f.n-l.tableStart+days*f.day, f.half)
		if days == 1 {
			shape[k].repeat = f.day
		}
		tab := h.arena.take(shape[k].steps())
		copied := copy(tab, r.curves[k][l.tableStart-r.first:])
		m.extend(h, f.n-1, tab[copied:])
		l.tables[k] = tab
	}
	return shape
}

// describe says in one sentence what the history lacks; empty if nothing.
func (f *Fitted) describe(s Series, cfg Config) string {
	note := f.maturity.sentence(s.Span())
	if f.day > 0 {
		last := s.Between(s.Origin().Add(-week), s.Origin())
		if miss := 1 - float64(last.Present())/float64(max(len(last.Values), 1)); miss > 0.3 {
			note = join(note, fmt.Sprintf("%.0f%% of the last week is missing; quantiles come from what is present", 100*miss))
		}
	}
	if cfg.Model != Auto && f.maturity != Starting && f.models[0].name != cfg.Model {
		note = join(note, fmt.Sprintf("the history is too short for model %s; %s is used", cfg.Model, f.models[0].name))
	}
	return note
}

// Maturity returns how much the history allowed at the fit.
func (f *Fitted) Maturity() Maturity { return f.maturity }
