package profile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// podLabel is the label that names a pod in the answers.
const podLabel = "pod"

// Samples are what was read of one dimension: for each pod its values on the
// grid of the window, NaN for a gap.
type Samples struct {
	Dimension Dimension
	ByPod     map[string][]float64
	// Err is why nothing was read.
	Err error
}

// Raw is what was read for one profile.
type Raw struct {
	// End is the end of the window, Step the distance of its values.
	End     time.Time
	Step    time.Duration
	Samples []Samples
	// Week is what is usual by the hour of the week, where that is known.
	Week map[Dimension]Week
}

// Reader reads what profiles are made of. It is for one goroutine.
type Reader struct {
	src    history.Source
	cfg    Config
	last   time.Time // end of the last window that was read
	week   map[Dimension]Week
	weekOf time.Time // the day that week was read for
}

// NewReader returns a reader that has read nothing.
func NewReader(src history.Source, cfg Config) (*Reader, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Reader{src: src, cfg: cfg, week: map[Dimension]Week{}}, nil
}

// End returns the end of the newest window that is complete at now.
func End(now time.Time) time.Time { return now.Add(-settle).Truncate(Interval).UTC() }

// Due says that there is a window to read.
func (r *Reader) Due(now time.Time) bool { return End(now.Add(-r.cfg.Delay)).After(r.last) }

// Read reads the newest window: one query for each dimension. Once a day it also
// reads the hours of the week. After an error the window is given up: the
// profile before it stands for another Interval.
func (r *Reader) Read(ctx context.Context, now time.Time) (Raw, error) {
	rng := r.cfg.window(End(now.Add(-r.cfg.Delay)))
	raw := Raw{End: rng.End, Step: rng.Step}
	for _, q := range r.cfg.Queries {
		s := r.read(ctx, q, rng)
		if ctx.Err() != nil {
			return Raw{}, ctx.Err()
		}
		if errors.Is(s.Err, history.ErrUnavailable) || errors.Is(s.Err, history.ErrTimeout) {
			// Half of the behaviour would make another choice than the whole.
			r.last = rng.End
			return Raw{}, s.Err
		}
		raw.Samples = append(raw.Samples, s)
	}
	if err := r.readWeek(ctx, rng.End); err != nil {
		return Raw{}, err
	}
	r.last, raw.Week = rng.End, maps.Clone(r.week)
	return raw, nil
}

// window returns the grid of the values that end at end.
func (c Config) window(end time.Time) history.Range {
	rng := history.Range{End: end, Step: c.step(), MaxSeries: maxPods}.Aligned()
	rng.Start = rng.End.Add(rng.Step - c.Window.Truncate(rng.Step))
	return rng
}

func (r *Reader) read(ctx context.Context, q Query, rng history.Range) Samples {
	out := Samples{Dimension: q.Dimension, ByPod: map[string][]float64{}}
	res, err := r.src.QueryRange(ctx, q.Expr, rng)
	if err != nil {
		out.Err = fmt.Errorf("spec.profile.queries.%s: %w", q.Dimension, err)
		return out
	}
	for _, s := range res.Series {
		pod := s.Labels[podLabel]
		if pod == "" {
			out.Err = fmt.Errorf("spec.profile.queries.%s: a series has no label pod: write one that keeps it, such as sum by (pod) (...)", q.Dimension)
			return out
		}
		values := out.ByPod[pod]
		if values != nil {
			out.Err = fmt.Errorf("spec.profile.queries.%s: pod %s has several series: write one that has one for each, such as sum by (pod) (...)", q.Dimension, pod)
			return out
		}
		out.ByPod[pod] = onGrid(s.Points, rng)
	}
	if len(res.Series) == 0 {
		out.Err = errNothing
	}
	return out
}

// errNothing says that a query has no series.
var errNothing = errors.New("no series: check the metric's name, its labels and that it is scraped")

// onGrid returns one value for each step of a range.
func onGrid(points []history.Point, rng history.Range) []float64 {
	values := make([]float64, rng.Points())
	for i := range values {
		values[i] = math.NaN()
	}
	start, step := rng.Start.UnixMilli(), rng.Step.Milliseconds()
	for _, p := range points {
		if i := int((p.TimeMillis - start) / step); i >= 0 && i < len(values) {
			values[i] = p.Value
		}
	}
	return values
}
