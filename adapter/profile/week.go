package profile

import (
	"context"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// hours are those of a week, the first from midnight on Monday, UTC.
const hours = 7 * 24

// weekStep is the distance of the values from which hours of the week are made:
// four for each.
const weekStep = 15 * time.Minute

// Week holds what is usual for the pod in the middle at each hour of the week.
type Week [hours]Stats

// HourOfWeek returns the hour of the week of t, 0 to 167, in UTC.
func HourOfWeek(t time.Time) int {
	t = t.UTC()
	return (int(t.Weekday())+6)%7*24 + t.Hour()
}

// WeekOf sorts values by their hour of the week.
func WeekOf(points []history.Point) Week {
	var sorted [hours][]float64
	for _, p := range points {
		h := HourOfWeek(time.UnixMilli(p.TimeMillis))
		sorted[h] = append(sorted[h], p.Value)
	}
	var w Week
	for h, values := range sorted {
		w[h] = StatsOf(values)
	}
	return w
}

// readWeek reads the hours of the week up to the last midnight, once a day. What
// cannot be read stays what it was, and is read again with the next window.
func (r *Reader) readWeek(ctx context.Context, end time.Time) error {
	day := end.Truncate(24 * time.Hour)
	if day.Equal(r.weekOf) || r.cfg.History < 24*time.Hour {
		return nil
	}
	rng := history.Range{Start: day.Add(-r.cfg.History), End: day, Step: weekStep}.Aligned()
	whole := true
	for _, q := range r.cfg.Weekly {
		res, err := r.src.QueryRange(ctx, q.Expr, rng)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && len(res.Series) == 1 {
			r.week[q.Dimension] = WeekOf(res.Series[0].Points)
		}
		whole = whole && err == nil
	}
	if whole {
		r.weekOf = day
	}
	return nil
}
