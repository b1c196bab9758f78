package simulate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// SpikeRamp is how long a spike takes to rise to its factor, and to fall again.
const SpikeRamp = time.Minute

// Spike is a burst that nothing in the history announces: the load is multiplied
// by Factor from Start for Length, with a ramp at both ends.
type Spike struct {
	Start  time.Time
	Length time.Duration
	Factor float64
}

// Span returns the time that the spike changes.
func (s Spike) Span() Span { return Span{Start: s.Start, End: s.Start.Add(s.Length + SpikeRamp)} }

// Apply returns the series with the spike in it; the given one stays as it is.
func (s Spike) Apply(series forecast.Series) (forecast.Series, error) {
	if !(s.Factor >= 0) || math.IsInf(s.Factor, 0) {
		return forecast.Series{}, fmt.Errorf("inject spike: factor %v: write a number of at least 0, such as 2", s.Factor)
	}
	if s.Length < SpikeRamp {
		return forecast.Series{}, fmt.Errorf("inject spike: length %v: write a duration of at least %v", s.Length, SpikeRamp)
	}
	if end := series.Start.Add(series.Span()); s.Start.Before(series.Start) || s.Span().End.After(end) {
		return forecast.Series{}, fmt.Errorf("inject spike: it lasts from %s to %s, the replay from %s to %s: write a start and a length inside the replay",
			stamp(s.Start), stamp(s.Span().End), stamp(series.Start), stamp(end))
	}
	out := forecast.Series{Start: series.Start, Step: series.Step, Values: slices.Clone(series.Values)}
	for i := range out.Values {
		// A value stands for the step that begins with it: its middle decides.
		out.Values[i] *= 1 + (s.Factor-1)*s.height(out.Time(i).Add(out.Step/2))
	}
	return out, nil
}

// height is the part of the factor in effect: 0 outside, 1 on top.
func (s Spike) height(t time.Time) float64 {
	rise := float64(t.Sub(s.Start)) / float64(SpikeRamp)
	fall := float64(s.Span().End.Sub(t)) / float64(SpikeRamp)
	return max(0, min(1, rise, fall))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
