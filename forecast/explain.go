package forecast

import (
	"fmt"
	"time"
)

// Explanation says how a forecast came about.
type Explanation struct {
	// History is what the fit has seen.
	History HistoryUse
	// Daily and Weekly say whether the forecast repeats days and weeks.
	Daily, Weekly SeasonUse
	// Level is the mean load of the last hour; of less than two hours in all, the
	// last value.
	Level float64
	// Shaped says that there are shapes of earlier days or weeks. Expected is
	// what they said of the last value, Deviation how far it lies above that.
	Shaped              bool
	Expected, Deviation float64
	// Unusual is how many steps have lain so far off the leading model, on one side,
	// that the load may have moved for good, less four for each other one among them.
	Unusual int
	// Horizons are the parts of some steps, the nearest first.
	Horizons []HorizonExplanation
}

// HistoryUse is the history of a fit.
type HistoryUse struct {
	Start, End time.Time
	// Values is how many steps it has, Missing how many of them are gaps.
	Values, Missing int
}

// SeasonUse says whether a cycle is repeated.
type SeasonUse struct {
	Used bool
	// Weight is the share of the models that repeat it, a day ahead.
	Weight float64
	// Why says so in words.
	Why string
}

// HorizonExplanation takes apart the forecast of one step.
type HorizonExplanation struct {
	Ahead time.Duration
	// Weights are the shares of the models, the greatest first.
	Weights []Weight
	// Known says that the forecast reaches so far. Point is its middle, and Bands
	// are how far the quantiles lie from there, by Levels.
	Known bool
	Point float64
	Bands []float64
	// Carried is how much of the point is the recent deviation that is expected
	// to last, where the forecast is Shaped; Share is Carried over Deviation.
	Carried, Share float64
}

// Horizons are the horizons at which forecasts are explained and judged, in whole
// steps of step, at least one: those that become the same are one.
func Horizons(step time.Duration) []time.Duration {
	var out []time.Duration
	for _, h := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, day} {
		h = max(h.Truncate(step), step)
		if n := len(out); n == 0 || out[n-1] != h {
			out = append(out, h)
		}
	}
	return out
}

func useOf(s Series) HistoryUse {
	return HistoryUse{Start: s.Start, End: s.Origin(), Values: len(s.Values), Missing: len(s.Values) - s.Present()}
}

func (f *Fitted) explainHistory(layers []layer) Explanation {
	return Explanation{
		History: f.use,
		Daily:   f.explainSeason(layers, "day", f.day, 5*f.day/4), Weekly: f.explainSeason(layers, "week", f.week, 9*f.day),
	}
}

// explainSeason says why a cycle of m steps is repeated or not, which takes a
// history of least steps.
func (f *Fitted) explainSeason(layers []layer, name string, m, least int) SeasonUse {
	switch {
	case m == 0:
		return SeasonUse{Why: fmt.Sprintf("a step of %v is too coarse for the shape of a %s", f.step, name)}
	case f.n < least || f.maturity == Starting:
		return SeasonUse{Why: fmt.Sprintf("%s of history, and a %s needs %s", age(time.Duration(f.n)*f.step), name, age(time.Duration(least)*f.step))}
	}
	w := 0.0
	a, frac := locate(layers, f.day)
	b := min(a+1, len(layers)-1)
	for k := range f.models {
		if f.models[k].season(f.seasons) == m {
			w += lerp(layers[a].weights[k], layers[b].weights[k], frac)
		}
	}
	if w == 0 {
		return SeasonUse{Why: "no model in use repeats the " + name}
	}
	return SeasonUse{Used: true, Weight: w, Why: fmt.Sprintf("by their errors at past origins, models that repeat the %s weigh %.0f%% a day ahead", name, 100*w)}
}

// explain takes the forecast apart that begins gap steps after the last value.
func (v *view) explain(out *Forecast, s Series, gap int) Explanation {
	e := v.explainHistory(v.layers)
	e.Level = s.level(int(time.Hour / v.step))
	if base, ok := v.shapes(v.last, v.last-1, 1); ok {
		e.Shaped, e.Expected = true, finite(base*v.unit)
		e.Deviation = finite((v.h.at(v.last) - base) * v.unit)
	}
	if len(out.Weights) > 0 {
		for k := range v.models {
			if v.models[k].name == out.Weights[0].Model {
				e.Unusual = v.odd[k]
			}
		}
	}
	for _, ahead := range Horizons(v.step) {
		e.Horizons = append(e.Horizons, v.explainStep(out, int(ahead/v.step), gap, e.Deviation))
	}
	return e
}

// explainStep takes apart step i of the forecast, counted from 1.
func (v *view) explainStep(out *Forecast, i, gap int, deviation float64) HorizonExplanation {
	h := gap + i
	a, frac := locate(v.layers, h)
	b := min(a+1, len(v.layers)-1)
	e := HorizonExplanation{Ahead: time.Duration(i) * v.step, Weights: v.weightsAt(a, b, frac)}
	if i > len(out.Point) {
		return e
	}
	e.read(out, i)
	if base, ok := v.shapes(v.last+h, v.last, h); ok {
		e.Carried = finite((v.blend(h, a, b, frac).point - base) * v.unit)
		if deviation != 0 {
			e.Share = e.Carried / deviation
		}
	}
	return e
}

// read takes the point and the bands from step i of a forecast.
func (e *HorizonExplanation) read(out *Forecast, i int) {
	e.Known, e.Point, e.Bands = true, out.Point[i-1], make([]float64, len(out.Levels))
	for l := range out.Levels {
		e.Bands[l] = out.Quantiles[l][i-1] - e.Point
	}
}

// shapes blends the curves at index t as known at index o, by the weights of h
// steps ahead, of the models that repeat a cycle; the others have no curve.
func (v *view) shapes(t, o, h int) (base float64, ok bool) {
	a, frac := locate(v.layers, h)
	b := min(a+1, len(v.layers)-1)
	sum, total := 0.0, 0.0
	for k := range v.models {
		if v.models[k].season(v.seasons) == 0 {
			continue
		}
		w := lerp(v.layers[a].weights[k], v.layers[b].weights[k], frac)
		if c := v.curve(k, t, o); w > 0 && c == c {
			sum, total = sum+w*c, total+w
		}
	}
	return sum / total, total > 0
}

// level is the mean of the values of the last steps, of which one is no gap.
func (s Series) level(steps int) float64 {
	_, at, _ := s.Last()
	s = s.Between(at.Add(-time.Duration(max(steps, 1)-1)*s.Step), at)
	mean, n := 0.0, float64(s.Present())
	for _, x := range s.Values {
		if x == x {
			mean += x / n
		}
	}
	return finite(mean)
}

// explain brings the explanation of a forecast of slots to what is published of
// it: the steps, in the load of the days that they lie on.
func (c *civil) explain(out *Forecast, s Series, ahead []int) {
	e := &out.Explanation
	if out.Maturity == Starting {
		return
	}
	e.Level = s.level(int(time.Hour / s.Step))
	origin := c.slot(s.Origin())
	v, at, _ := s.Last()
	if last := c.at(c.slot(at)); e.Shaped && dateAt(last) == dateAt(c.at(origin)) && c.calendar.on(dateAt(last)) != nil {
		e.Deviation = finite(e.Deviation * c.timesAt(last))
		e.Expected = finite(v - e.Deviation)
	}
	for k := range e.Horizons {
		h := &e.Horizons[k]
		i := int(h.Ahead / s.Step)
		if i > len(ahead) {
			h.Known, h.Point, h.Bands, h.Carried, h.Share = false, 0, nil, 0, 0
			continue
		}
		h.read(out, i)
		h.Carried = finite(h.Carried * c.timesAt(c.at(origin+ahead[i-1])))
		if h.Share = 0; e.Deviation != 0 {
			h.Share = h.Carried / e.Deviation
		}
	}
}

// timesAt returns what the effect at a local time multiplies by.
func (c *civil) timesAt(wall time.Time) float64 {
	if times, _ := c.effectAt(wall); times == times {
		return times
	}
	return 1
}
