package forecast

import (
	"fmt"
	"slices"
	"time"
)

// Forecast is what one series will be, step by step. Its slices are read-only.
type Forecast struct {
	// Origin is the last instant known; step i is at Origin + (i+1)*Step.
	Origin time.Time
	Step   time.Duration
	// Point is the centre of the forecast.
	Point []float64
	// Levels are the probabilities asked for, ascending, and Quantiles[l][i]
	// is what step i stays below with probability Levels[l]. Quantiles never
	// cross; from 0.5 up none is below Point.
	Levels    []float64
	Quantiles [][]float64
	// Weights are the shares of the models in the first step, the greatest
	// first.
	Weights []Weight
	// Maturity says how much the history allowed, Note says in a sentence what
	// it lacks; empty if nothing.
	Maturity Maturity
	Note     string
	// Today says in a sentence which entry of the calendar the day of the origin
	// is, and what it is taken for; empty for an ordinary day.
	Today string
	// Ahead says the same of the days of the calendar that begin after the day of
	// the origin, each with its date, as far ahead as they are known; empty for none.
	Ahead string
	// Explanation says how the forecast came about, where Explained was asked.
	Explanation Explanation

	peaks   [][]float64 // by level and window: see Peak
	ceiling float64     // no value lies above it
}

// Weight is the share of one model in a blend.
type Weight struct {
	Model string
	Value float64
}

// End returns the instant of the last step.
func (f Forecast) End() time.Time {
	return f.Origin.Add(time.Duration(len(f.Point)) * f.Step)
}

// Max returns the highest value of the quantile for level over (from, to]. A
// from before the origin counts as the origin. It is an error if level was not
// asked for, if no step lies in the range, or if it goes past the last step.
func (f Forecast) Max(level float64, from, to time.Time) (float64, error) {
	l, err := f.level(level)
	if err != nil {
		return 0, err
	}
	lo, hi, err := f.steps(from, to)
	if err != nil {
		return 0, err
	}
	return slices.Max(f.Quantiles[l][lo:hi]), nil
}

// At returns the quantile for level at the first step at or after t; the first
// step for a t at or before the origin. The errors are those of Max.
func (f Forecast) At(level float64, t time.Time) (float64, error) {
	l, err := f.level(level)
	if err != nil {
		return 0, err
	}
	i := max(0, int((t.Sub(f.Origin)+f.Step-1)/f.Step)-1)
	if i >= len(f.Point) {
		return 0, fmt.Errorf("instant %s: the forecast ends at %s", stamp(t), stamp(f.End()))
	}
	return f.Quantiles[l][i], nil
}

// level returns the index of p in Levels.
func (f Forecast) level(p float64) (int, error) {
	if l := slices.Index(f.Levels, p); l >= 0 {
		return l, nil
	}
	return 0, fmt.Errorf("level %v: not asked for; this forecast has %v", p, f.Levels)
}

// steps returns the half-open index range of the steps in (from, to].
func (f Forecast) steps(from, to time.Time) (lo, hi int, err error) {
	if to.After(f.End()) {
		return 0, 0, fmt.Errorf("range to %s: the forecast ends at %s", stamp(to), stamp(f.End()))
	}
	lo = max(0, int(from.Sub(f.Origin)/f.Step))
	hi = max(0, int(to.Sub(f.Origin)/f.Step))
	if lo >= hi {
		return 0, 0, fmt.Errorf("range (%s, %s]: no step of %v lies in it", stamp(from), stamp(to), f.Step)
	}
	return lo, hi, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
