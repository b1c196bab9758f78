package history

import (
	"context"
	"fmt"
	"time"
)

// Source answers range queries in PromQL. Remote and embedded implement it;
// historytest.Run says what both must do.
type Source interface {
	// QueryRange evaluates expr at r.Start, r.Start+r.Step, ... up to and
	// including r.End. Samples come back sorted by time, without duplicates,
	// one list per label set. An answer without series is no error.
	QueryRange(ctx context.Context, expr string, r Range) (Result, error)
}

// Range is a closed interval on a grid: Start is a multiple of Step since the
// Unix epoch.
type Range struct {
	Start, End time.Time
	Step       time.Duration
	// MaxSeries is how many label sets the answer may have, for a query that is
	// of each pod; 0: as many as Limits.MaxSeries.
	MaxSeries int
}

// Aligned moves both ends of the range down to the step grid.
func (r Range) Aligned() Range {
	r.Start, r.End = Align(r.Start, r.Step), Align(r.End, r.Step)
	return r
}

// Points counts the steps of an aligned range, both ends included.
func (r Range) Points() int {
	if r.End.Before(r.Start) {
		return 0
	}
	return int(r.End.Sub(r.Start)/r.Step) + 1
}

// Validate reports a range that no query can have.
func (r Range) Validate() error {
	if r.Step < time.Second || r.Step%time.Millisecond != 0 {
		return fmt.Errorf("range step %v: write whole milliseconds, at least 1s", r.Step)
	}
	if r.End.Before(r.Start) {
		return fmt.Errorf("range ends at %s, before its start %s", r.End.UTC().Format(time.RFC3339), r.Start.UTC().Format(time.RFC3339))
	}
	return nil
}

// Align returns the last multiple of step since the Unix epoch that is not
// after t, in UTC.
func Align(t time.Time, step time.Duration) time.Time {
	ms, stepMs := t.UnixMilli(), step.Milliseconds()
	rest := ms % stepMs
	if rest < 0 {
		rest += stepMs
	}
	return time.UnixMilli(ms - rest).UTC()
}

// Result is the answer to one range query.
type Result struct {
	Series []Samples
	// Warnings are what the server said beside the data. A result with
	// warnings may be partial: it may raise a capacity, never lower it.
	Warnings []string
	// Dropped counts samples that were NaN, infinite, stale, duplicate or out
	// of order, by that reason.
	Dropped map[string]int
}

// Degraded says that the server marked the answer as possibly partial.
func (r Result) Degraded() bool { return len(r.Warnings) > 0 }

// Samples are the values of one label set, sorted by time.
type Samples struct {
	Labels map[string]string
	Points []Point
}

// Point is one finite value; its time is Unix milliseconds.
type Point struct {
	TimeMillis int64
	Value      float64
}
