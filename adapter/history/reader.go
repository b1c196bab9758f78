package history

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/prometheus/common/model"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

const (
	// LateSteps is how many steps are read again with each delta: samples may
	// arrive after the step that they belong to was read.
	LateSteps = 5
	// maxLoad is the highest value taken for a load. In thousandths it still
	// fits the 64 bits of the metrics APIs.
	maxLoad = 1e15
	// maxPause bounds how many reads pass before a degraded range, or a window
	// that was refused, is read again.
	maxPause = 64
)

// ReaderConfig says what one Reader reads.
type ReaderConfig struct {
	Expr   string // checked by CheckQuery or written by Confine
	Window time.Duration
	Step   time.Duration
}

func (c ReaderConfig) validate() error {
	switch {
	case c.Expr == "":
		return fmt.Errorf("query is empty: write an expression such as %s", exampleQuery)
	case c.Step < time.Second || c.Step%time.Millisecond != 0:
		return fmt.Errorf("step %v: write whole milliseconds, at least 1s", c.Step)
	case c.Window < c.Step:
		return fmt.Errorf("window %v: write at least the step, %v", c.Window, c.Step)
	}
	return nil
}

// Load is what is known of one query at one time.
type Load struct {
	// Series ends at the last step at or before the time of reading; steps
	// without a value are gaps, those before the first value are left out. The
	// caller owns it. Its values are within a 65,000th of the range of the two
	// hours around them, for each time that those were read (forecast.Samples).
	Series forecast.Series
	// Newest is the last value of Series as it was read.
	Newest float64
	// Degraded says that part of the window came from an answer with warnings:
	// it may raise a capacity, never lower it.
	Degraded bool
	Warnings []string       // of the last answer
	Dropped  map[string]int // of the last answer, by reason
}

// Reader reads the history of one query: first the window, afterwards only
// what is new. An error loses nothing that was read before. A Reader is for
// one goroutine.
type Reader struct {
	src    Source
	cfg    ReaderConfig
	empty  *window           // what a window begins as
	window *window           // nil until the first answer
	labels map[string]string // of the series in the window; nil: none seen yet

	refused error // why the last answer was no Load; nil: it was one
	pauses  pauses

	degradedFrom time.Time // start of the oldest range with warnings; zero: none
	pause        int       // reads to pass before it is read again
	nextPause    int
}

// NewReader returns a Reader that has not read yet.
func NewReader(src Source, cfg ReaderConfig) (*Reader, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	w, err := newWindow(cfg.Step, int(cfg.Window/cfg.Step))
	if err != nil {
		return nil, fmt.Errorf("window %v at a step of %v: %w", cfg.Window, cfg.Step, err)
	}
	return &Reader{src: src, cfg: cfg, empty: w}, nil
}

// Read brings the window up to now.
func (r *Reader) Read(ctx context.Context, now time.Time) (Load, error) {
	end := Align(now, r.cfg.Step)
	r.pauses.pass()
	if r.refused != nil && !r.pauses.due() {
		if err := r.probe(ctx, end); err != nil {
			return Load{}, err
		}
	}
	return r.read(ctx, end)
}

func (r *Reader) read(ctx context.Context, end time.Time) (Load, error) {
	if r.window != nil && end.Before(r.window.end) {
		return r.readAll(ctx, end) // the clock went back
	}
	rng := r.delta(end)
	res, err := r.src.QueryRange(ctx, r.cfg.Expr, rng)
	if err != nil {
		r.settle(err)
		return Load{}, err
	}
	if r.window != nil && r.otherSeries(res) {
		if !r.pauses.due() {
			return Load{}, r.twoSeries(res)
		}
		// Over the whole window these are two series, or the old one is gone.
		return r.readAll(ctx, end)
	}
	load, err := r.merge(res, rng)
	r.settle(err)
	return load, err
}

func (r *Reader) readAll(ctx context.Context, end time.Time) (Load, error) {
	fresh := &Reader{src: r.src, cfg: r.cfg, empty: r.empty}
	load, err := fresh.read(ctx, end)
	if err != nil {
		r.settle(err)
		return Load{}, err
	}
	if r.refused == nil { // one series after another: no refusal, yet as dear
		fresh.pauses = r.pauses
	}
	fresh.pauses.tried()
	*r = *fresh
	return load, nil
}

// delta is the range to read: what the window lacks, the late steps, with the
// first read of a day the day before, and now and then what came with warnings.
func (r *Reader) delta(end time.Time) Range {
	whole := Range{Start: r.empty.start(end), End: end, Step: r.cfg.Step}
	if r.window == nil {
		return whole
	}
	from := r.window.end.Add(-time.Duration(LateSteps-1) * r.cfg.Step)
	if day, first := r.newDay(end); first && day.Before(from) {
		from = day
	}
	if !r.degradedFrom.IsZero() && r.pause == 0 && r.degradedFrom.Before(from) {
		from = r.degradedFrom
	}
	if from.After(whole.Start) {
		whole.Start = from
	}
	return whole
}

func (r *Reader) length() int { return int(r.cfg.Window / r.cfg.Step) }

// merge takes an answer into the window. A value once read stays until another
// one replaces it; a step without a value is a gap, not zero.
func (r *Reader) merge(res Result, rng Range) (Load, error) {
	if n := len(res.Series); n > 1 {
		return Load{}, &ManySeriesError{Count: n, Examples: Examples(res.Series)}
	}
	w := r.window
	if w == nil {
		w = r.empty.copy()
	}
	if err := w.advance(rng.End); err != nil {
		return Load{}, err
	}
	values, dropped := onGrid(res, rng)
	w.put(rng.Start, values)
	series := w.series()
	if len(series.Values) == 0 {
		r.window, r.labels = nil, nil
		return Load{}, r.nothing(res, dropped)
	}
	r.window = w
	if len(res.Series) == 1 {
		r.labels = res.Series[0].Labels
	}
	r.noteDegraded(res.Degraded(), rng)
	return Load{Series: series, Newest: w.values.Newest(), Degraded: !r.degradedFrom.IsZero(), Warnings: res.Warnings, Dropped: dropped}, nil
}

// onGrid lists the values of an answer by step, NaN for none, and what of it is
// no load, by reason.
func onGrid(res Result, rng Range) (values []float64, dropped map[string]int) {
	dropped = maps.Clone(res.Dropped)
	if dropped == nil {
		dropped = map[string]int{}
	}
	values = make([]float64, int(rng.End.Sub(rng.Start)/rng.Step)+1)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, s := range res.Series {
		for _, p := range s.Points {
			back := int(rng.End.Sub(time.UnixMilli(p.TimeMillis)) / rng.Step)
			switch i := len(values) - 1 - back; {
			case !isLoad(p.Value):
				dropped[DropOutOfRange]++
			case back >= 0 && i >= 0:
				values[i] = p.Value
			}
		}
	}
	return values, dropped
}

// nothing says why the whole window has no value.
func (r *Reader) nothing(res Result, dropped map[string]int) error {
	window := r.cfg.Window
	if window >= 2*24*time.Hour {
		window = window.Truncate(24 * time.Hour) // what is read beyond the days of a history tells nobody anything
	}
	last := model.Duration(window)
	switch {
	case dropped[DropHistogram] > 0:
		return fmt.Errorf("%w: write histogram_count(...) for their rate of events, or histogram_quantile(0.9, ...)", ErrHistogram)
	case dropped[DropOutOfRange] > 0:
		return fmt.Errorf("%w: every value is negative or above %.0e: write an expression for a load, 0 or more", ErrBadQuery, float64(maxLoad))
	case len(res.Series) > 0:
		return fmt.Errorf("%w: every value in the last %s is NaN or infinite: check for a division by zero", ErrOnlyNaN, last)
	default:
		return fmt.Errorf("%w: no sample in the last %s: check the metric's name, its labels and that it is scraped", ErrNoSeries, last)
	}
}

// noteDegraded remembers the range of an answer with warnings, to read it
// again: with the next read, and while that is no better, ever more rarely.
func (r *Reader) noteDegraded(degraded bool, rng Range) {
	oldest := r.window.start(r.window.end)
	again := !r.degradedFrom.IsZero() && (!rng.Start.After(r.degradedFrom) || rng.Start.Equal(oldest))
	switch {
	case !degraded && again:
		r.degradedFrom, r.pause, r.nextPause = time.Time{}, 0, 0
	case degraded && (r.degradedFrom.IsZero() || rng.Start.Before(r.degradedFrom)):
		r.degradedFrom, r.pause, r.nextPause = rng.Start, 0, 1
	case degraded && again:
		r.pause, r.nextPause = r.nextPause, min(2*r.nextPause, maxPause)
	case r.pause > 0:
		r.pause--
	}
}
