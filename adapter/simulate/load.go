package simulate

import (
	"fmt"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Load is the load of a workload as a step function: a value holds from its
// instant until the next one, the first one before and the last one after the
// series.
type Load struct {
	series     forecast.Series
	unforeseen []Span
}

// Span is the time from Start up to, but not including, End.
type Span struct{ Start, End time.Time }

// Contains reports whether t lies in the span.
func (s Span) Contains(t time.Time) bool { return !t.Before(s.Start) && t.Before(s.End) }

// NewLoad returns the load of a series. Overload within an unforeseen span is
// counted apart. An empty series, a gap or a negative value is refused.
func NewLoad(s forecast.Series, unforeseen ...Span) (Load, error) {
	if err := s.Validate(); err != nil {
		return Load{}, fmt.Errorf("read load: %w", err)
	}
	if len(s.Values) == 0 {
		return Load{}, fmt.Errorf("read load: no values from %v on", s.Start)
	}
	for i, v := range s.Values {
		if math.IsNaN(v) || v < 0 {
			return Load{}, fmt.Errorf("read load: value %v at %v: write a number of at least 0", v, s.Time(i))
		}
	}
	return Load{series: s, unforeseen: unforeseen}, nil
}

// At returns the load at an instant.
func (l Load) At(t time.Time) float64 { return l.series.Values[l.index(t)] }

// Read is At in the form of a metric: what a query sees that returns the newest
// sample.
func (l Load) Read(t time.Time) (float64, error) { return l.At(t), nil }

// Unforeseen reports whether t lies in a span marked as such.
func (l Load) Unforeseen(t time.Time) bool {
	for _, s := range l.unforeseen {
		if s.Contains(t) {
			return true
		}
	}
	return false
}

// Start and End bound the series; the last value holds until End.
func (l Load) Start() time.Time { return l.series.Start }

// End returns the instant one step past the last value.
func (l Load) End() time.Time { return l.series.Time(len(l.series.Values)) }

func (l Load) index(t time.Time) int {
	d := t.Sub(l.series.Start)
	if d < 0 {
		return 0
	}
	return min(int(d/l.series.Step), len(l.series.Values)-1)
}

// next returns the first instant after t at which the load or its mark may
// change, or limit if that is earlier.
func (l Load) next(t, limit time.Time) time.Time {
	if d := l.series.Start.Sub(t); d > 0 {
		limit = earliest(limit, t, l.series.Start)
	} else {
		limit = earliest(limit, t, l.series.Time(int(-d/l.series.Step)+1))
	}
	for _, s := range l.unforeseen {
		limit = earliest(limit, t, s.Start)
		limit = earliest(limit, t, s.End)
	}
	return limit
}

// earliest returns event if it lies after t and before limit, else limit.
func earliest(limit, t, event time.Time) time.Time {
	if event.After(t) && event.Before(limit) {
		return event
	}
	return limit
}
