package embedded

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

const (
	// blockSpan is the grid of Prometheus' blocks.
	blockSpan = 2 * time.Hour
	// longSpan is the third level of Prometheus' own compaction. A history of
	// weeks in blocks of two hours would be hundreds of directories.
	longSpan = 9 * blockSpan
)

// WriteBlocks writes past samples into a data directory, as blocks that this
// Store and any Prometheus since 2.0 read: of two hours, or of eighteen where
// the samples span more than two days. No Store may be open on the directory.
// Any float is stored as it is, NaN, infinities and stale markers too; of two
// samples at one time the later in the list stays.
func WriteBlocks(dir string, series ...history.Samples) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return openError(dir, dirFlag, err)
	}
	sorted, first, last := sortedByTime(series)
	if first > last {
		return nil // no sample at all
	}
	span := blockSpan.Milliseconds()
	if last-first > (48 * time.Hour).Milliseconds() {
		span = longSpan.Milliseconds()
	}
	for start := floor(first, span); start <= last; start += span {
		if err := writeBlock(dir, sorted, start, span); err != nil {
			return fmt.Errorf("write block of %s in %s: %w", time.UnixMilli(start).UTC().Format(time.RFC3339), dir, openError(dir, dirFlag, err))
		}
	}
	return nil
}

// sortedByTime copies the series, sorted and without two samples at one time,
// and finds the first and the last instant.
func sortedByTime(series []history.Samples) (sorted []history.Samples, first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for _, s := range series {
		points := slices.Clone(s.Points)
		slices.Reverse(points) // the sort is stable: the later of two stays
		slices.SortStableFunc(points, func(a, b history.Point) int { return byTime(a, b.TimeMillis) })
		points = slices.CompactFunc(points, func(a, b history.Point) bool { return a.TimeMillis == b.TimeMillis })
		if n := len(points); n > 0 {
			first, last = min(first, points[0].TimeMillis), max(last, points[n-1].TimeMillis)
			sorted = append(sorted, history.Samples{Labels: s.Labels, Points: points})
		}
	}
	return sorted, first, last
}

func floor(ms, span int64) int64 {
	rest := ms % span
	if rest < 0 {
		rest += span
	}
	return ms - rest
}

// writeBlock writes the samples in [start, start+span).
func writeBlock(dir string, series []history.Samples, start, span int64) (err error) {
	var part []history.Samples
	for _, s := range series {
		lo, _ := slices.BinarySearchFunc(s.Points, start, byTime)
		hi, _ := slices.BinarySearchFunc(s.Points, start+span, byTime)
		if lo < hi {
			part = append(part, history.Samples{Labels: s.Labels, Points: s.Points[lo:hi]})
		}
	}
	if len(part) == 0 {
		return nil
	}
	// The writer refuses samples that are more than half its range older than
	// the newest: with twice the range each series may start at the beginning.
	w, err := tsdb.NewBlockWriter(promslog.NewNopLogger(), dir, 2*span)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	ctx := context.Background()
	app := w.AppenderV2(ctx)
	for _, s := range part {
		if err := appendSeries(app, s); err != nil {
			return err
		}
	}
	if err := app.Commit(); err != nil {
		return err
	}
	_, err = w.Flush(ctx)
	return err
}

func byTime(p history.Point, timeMillis int64) int {
	switch {
	case p.TimeMillis < timeMillis:
		return -1
	case p.TimeMillis > timeMillis:
		return 1
	}
	return 0
}
