package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Forecast forecasts horizon steps after the last step of s, which lies on the
// grid of the fit and usually ends later; it may begin anywhere. The levels are
// probabilities in (0, 1), in any order.
//
// It costs no more for a longer history: it reads the recent values, and one
// value a cycle for each step. Gaps at the end of s make the forecast start
// from the last value, with the spread of the longer horizon.
func (f *Fitted) Forecast(s Series, horizon int, levels []float64) (Forecast, error) {
	return f.from(s, horizon, levels, false)
}

// Explained is Forecast with the Explanation, which costs about as much again.
func (f *Fitted) Explained(s Series, horizon int, levels []float64) (Forecast, error) {
	return f.from(s, horizon, levels, true)
}

func (f *Fitted) from(s Series, horizon int, levels []float64, explained bool) (Forecast, error) {
	levels, err := f.check(s, horizon, levels)
	if err != nil {
		return Forecast{}, err
	}
	s = s.without(f.incidents)
	if f.civil != nil {
		return f.civil.forecast(f, s, horizon, levels, explained)
	}
	return f.forecast(s, horizon, levels, explained)
}

func (f *Fitted) forecast(s Series, horizon int, levels []float64, explained bool) (Forecast, error) {
	last := len(s.Values) - 1
	for last >= 0 && math.IsNaN(s.Values[last]) {
		last--
	}
	if last < 0 {
		return Forecast{}, ErrNoData
	}
	out := newForecast(s, horizon, levels)
	out.Maturity, out.Note = f.maturity, f.note
	if f.maturity == Starting {
		if explained {
			out.Explanation = f.explainHistory(nil)
			out.Explanation.Level = s.Values[last]
		}
		fillStarting(&out, s.Values[:last+1])
		return out, nil
	}
	a := arenas.Get().(*arena)
	defer a.giveBack()
	v := f.observe(s, last, len(s.Values)-1-last+horizon, a)
	v.fill(&out, len(s.Values)-1-last)
	if explained {
		out.Explanation = v.explain(&out, s, len(s.Values)-1-last)
	}
	return out, nil
}

func (f *Fitted) check(s Series, horizon int, levels []float64) ([]float64, error) {
	if horizon <= 0 {
		return nil, fmt.Errorf("horizon %d: write a positive number of steps", horizon)
	}
	if s.Step != f.step {
		return nil, fmt.Errorf("series step %v: the fit was made on a step of %v", s.Step, f.step)
	}
	if len(levels) == 0 {
		return nil, errors.New("levels: write at least one probability, such as 0.9")
	}
	for _, p := range levels {
		if !(p > 0 && p < 1) {
			return nil, fmt.Errorf("level %v: write a probability between 0 and 1, such as 0.95", p)
		}
	}
	levels = slices.Clone(levels)
	slices.Sort(levels)
	return slices.Compact(levels), nil
}

// newForecast allocates all numbers at once.
func newForecast(s Series, horizon int, levels []float64) Forecast {
	out := Forecast{Origin: s.Origin(), Step: s.Step, Levels: levels, Quantiles: make([][]float64, len(levels))}
	all := make([]float64, (len(levels)+1)*horizon)
	out.Point = all[:horizon:horizon]
	for l := range levels {
		all = all[horizon:]
		out.Quantiles[l] = all[:horizon:horizon]
	}
	return out
}

const (
	dependence = 0.3 // share of the tail given up a day ahead
	fewDays    = 3   // scored days below which the tail is halved
)

// raised returns the probability at which a pool is read for level p. Days are
// few and dependent, so a day ahead residuals cover less than they say: the
// tail 1-p shrinks by 0.3 log h / log day, and by half on little history. It
// does so in full up to a tail of 0.1; the median stays where it is.
func (f *Fitted) raised(p float64, h int) float64 {
	tail := min(p, 1-p)
	keep := 1.0
	if f.day > 1 {
		keep -= dependence * farness(h, f.day)
	}
	if f.backDays < fewDays {
		keep /= 2
	}
	tail *= lerp(keep, 1, max(0, (tail-0.1)/0.4))
	if p < 0.5 {
		return tail
	}
	return 1 - tail
}

// farness grows with the logarithm of a horizon from 0 at one step to 1 at a day
// of m steps and beyond.
func farness(h, m int) float64 {
	if m <= 1 {
		return 0
	}
	return min(1, math.Log(float64(h))/math.Log(float64(m)))
}

// maxGrowth caps a forecast at a multiple of the highest value ever seen.
const maxGrowth = 3

func upperLimit(lo, hi float64) float64 {
	if lo >= 0 {
		return maxGrowth * hi
	}
	return hi + (maxGrowth-1)*max(math.Abs(lo), math.Abs(hi))
}

func lerp(a, b, frac float64) float64 { return a + frac*(b-a) }

// finite brings an overflow back to the greatest number.
func finite(x float64) float64 {
	return min(max(x, -math.MaxFloat64), math.MaxFloat64)
}

// Origin returns the last instant that the fit has seen.
func (f *Fitted) Origin() time.Time {
	if f.civil != nil {
		return f.civil.origin
	}
	return f.start.Add(time.Duration(f.n-1) * f.step)
}
