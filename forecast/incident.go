package forecast

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Interval is a span of time, both ends included.
type Interval struct{ From, To time.Time }

func (v Interval) contains(t time.Time) bool { return !t.Before(v.From) && !t.After(v.To) }

func validIncidents(x []Interval) error {
	for _, v := range x {
		if v.To.Before(v.From) {
			return fmt.Errorf("incident %s to %s: write an end that is not before its beginning", stamp(v.From), stamp(v.To))
		}
	}
	return nil
}

// without returns s with gaps for its steps in the incidents, in a copy where
// there are any. One that the last value lies in is not over: its values stay,
// since what comes next is nearer to them than to any other day. Incidents that
// would leave no value at all are disregarded.
func (s Series) without(incidents []Interval) Series {
	_, now, ok := s.Last()
	if !ok {
		return s
	}
	out := s
	for _, v := range incidents {
		if v.contains(now) || v.To.Before(s.Start) || v.From.After(now) {
			continue
		}
		if &out.Values[0] == &s.Values[0] {
			out.Values = slices.Clone(s.Values)
		}
		lo, hi := max(s.index(v.From, true), 0), min(s.index(v.To, false), len(s.Values)-1)
		for i := lo; i <= hi; i++ {
			out.Values[i] = math.NaN()
		}
	}
	return out
}
