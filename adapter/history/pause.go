package history

import (
	"context"
	"errors"
	"maps"
	"time"
)

// pauses spaces out reads of a whole window that keep ending in the same way:
// 1, 2, 4, ... up to maxPause reads apart.
type pauses struct {
	left  int // reads until the next attempt; 0: now
	next  int // reads between the last attempt and the next
	quiet int // reads since that gave no cause for an attempt
}

func (p *pauses) due() bool { return p.left == 0 }

// pass counts one read.
func (p *pauses) pass() { p.left = max(p.left-1, 0) }

// tried notes an attempt.
func (p *pauses) tried() {
	p.next = min(max(2*p.next, 1), maxPause)
	p.left, p.quiet = p.next, 0
}

// calm notes a read without cause for an attempt; enough of them in a row make
// a fresh start.
func (p *pauses) calm() {
	if p.quiet++; p.quiet >= maxPause {
		*p = pauses{}
	}
}

// refusal tells an answer that no Load can be made of from a source that did
// not answer.
func refusal(err error) bool {
	if _, ok := errors.AsType[*QueryError](err); ok {
		return false
	}
	return errors.Is(err, ErrManySeries) || noValues(err)
}

// noValues says that the whole window has nothing that is a load.
func noValues(err error) bool {
	for _, kind := range []error{ErrNoSeries, ErrOnlyNaN, ErrHistogram, ErrBadQuery} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// settle keeps an outcome for the reads that follow.
func (r *Reader) settle(err error) {
	switch {
	case err == nil && r.refused != nil:
		r.refused, r.pauses = nil, pauses{}
	case err == nil:
		r.pauses.calm()
	case refusal(err):
		r.refused = err
		r.pauses.tried()
	}
}

// lateRange is the last steps up to end.
func (r *Reader) lateRange(end time.Time) Range {
	n := min(LateSteps, r.length())
	return Range{Start: end.Add(-time.Duration(n-1) * r.cfg.Step), End: end, Step: r.cfg.Step}
}

// appeared says whether the last steps of an answer have a load where the whole
// window had none.
func (r *Reader) appeared(res Result) bool {
	if !noValues(r.refused) || len(res.Series) == 0 {
		return false
	}
	for _, s := range res.Series {
		for _, p := range s.Points {
			if isLoad(p.Value) {
				return true
			}
		}
	}
	return false
}

// isLoad says whether a value can be a load.
func isLoad(v float64) bool { return v >= 0 && v <= maxLoad }

func (r *Reader) otherSeries(res Result) bool {
	return r.labels != nil && len(res.Series) == 1 && !maps.Equal(r.labels, res.Series[0].Labels)
}

// twoSeries is what a window has in which one series took over from another.
func (r *Reader) twoSeries(res Result) error {
	return &ManySeriesError{Count: 2, Examples: []map[string]string{r.labels, res.Series[0].Labels}}
}

// newDay is the start of the day before end's, if end is the first instant read
// of its day: what came in late was stored by then. All days are in UTC.
func (r *Reader) newDay(end time.Time) (time.Time, bool) {
	const day = 24 * time.Hour
	midnight := end.Truncate(day)
	if r.window == nil || !r.window.end.Before(midnight) {
		return time.Time{}, false
	}
	return Align(midnight.Add(-day), r.cfg.Step), true
}

// probe reads the last steps only, while the rest is not due after a refusal.
// It returns nil if they are a reason to read the rest at once.
func (r *Reader) probe(ctx context.Context, end time.Time) error {
	res, err := r.src.QueryRange(ctx, r.cfg.Expr, r.lateRange(end))
	switch {
	case err != nil && !errors.Is(err, ErrManySeries):
		return err
	case err == nil && r.appeared(res):
		return nil
	}
	return r.refused
}
