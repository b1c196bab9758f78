package history

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// Reasons in Result.Dropped and Load.Dropped. A sample out of order is put in
// its place, the others are left out.
const (
	DropNaN        = "nan"
	DropInf        = "inf"
	DropStale      = "stale"
	DropDuplicate  = "duplicate"
	DropOutOfOrder = "out_of_order"
	DropOffGrid    = "off_grid"
	DropHistogram  = "histogram"
	DropOutOfRange = "out_of_range"
)

// staleBits is the NaN by which Prometheus marks the end of a series.
const staleBits = 0x7ff0000000000002

const maxExamples = 3

// Builder collects the samples of one answer, in any order and in any number
// of parts, and gives each kind of bad sample its treatment. Every Source
// builds its results with it, so that they agree.
type Builder struct {
	grid      Range
	maxSeries int
	index     map[string]int
	series    []Samples
	warnings  []string
	dropped   map[string]int
}

// NewBuilder returns a builder for the grid of an aligned range that refuses
// more than maxSeries series.
func NewBuilder(r Range, maxSeries int) *Builder {
	return &Builder{grid: r, maxSeries: maxSeries, index: map[string]int{}, dropped: map[string]int{}}
}

// Series returns the number of a label set for Add.
func (b *Builder) Series(labels map[string]string) (int, error) {
	key := labelKey(labels)
	if i, ok := b.index[key]; ok {
		return i, nil
	}
	if len(b.series) == b.maxSeries {
		return 0, &ManySeriesError{Count: b.maxSeries, More: true, Examples: Examples(b.series)}
	}
	b.index[key] = len(b.series)
	b.series = append(b.series, Samples{Labels: labels})
	return len(b.series) - 1, nil
}

// Add takes one sample of a series.
func (b *Builder) Add(series int, timeMillis int64, v float64) {
	switch {
	case math.Float64bits(v) == staleBits:
		b.dropped[DropStale]++
	case math.IsNaN(v):
		b.dropped[DropNaN]++
	case math.IsInf(v, 0):
		b.dropped[DropInf]++
	case !b.onGrid(timeMillis):
		b.dropped[DropOffGrid]++
	default:
		s := &b.series[series]
		s.Points = append(s.Points, Point{TimeMillis: timeMillis, Value: v})
	}
}

// Drop counts samples that cannot be numbers.
func (b *Builder) Drop(reason string, n int) {
	if n > 0 {
		b.dropped[reason] += n
	}
}

const (
	maxWarnings    = 8
	maxWarningText = 256
)

// infoPrefix begins a remark on the expression, which some servers send among
// their warnings. It says nothing of the data.
const infoPrefix = "PromQL info: "

// Warn adds what the server said beside the data; repeated, excess and
// overlong warnings are cut, remarks on the expression are left out.
func (b *Builder) Warn(warnings ...string) {
	for _, w := range warnings {
		if strings.HasPrefix(w, infoPrefix) {
			continue
		}
		w = oneLine(w, maxWarningText)
		if len(b.warnings) < maxWarnings && !slices.Contains(b.warnings, w) {
			b.warnings = append(b.warnings, w)
		}
	}
}

func (b *Builder) onGrid(timeMillis int64) bool {
	start, end := b.grid.Start.UnixMilli(), b.grid.End.UnixMilli()
	return timeMillis >= start && timeMillis <= end && (timeMillis-start)%b.grid.Step.Milliseconds() == 0
}

// Result returns the samples sorted and without duplicates, whatever order
// they came in: of two values at one instant the higher stays, since too high
// a load costs less than too low a one.
func (b *Builder) Result() Result {
	for i := range b.series {
		b.series[i].Points = b.settle(b.series[i].Points)
	}
	slices.SortFunc(b.series, func(x, y Samples) int { return strings.Compare(labelKey(x.Labels), labelKey(y.Labels)) })
	return Result{Series: b.series, Warnings: b.warnings, Dropped: b.dropped}
}

func (b *Builder) settle(points []Point) []Point {
	last := int64(math.MinInt64)
	for _, p := range points {
		if p.TimeMillis < last {
			b.dropped[DropOutOfOrder]++
		}
		last = max(last, p.TimeMillis)
	}
	sort.Slice(points, func(i, j int) bool {
		if points[i].TimeMillis != points[j].TimeMillis {
			return points[i].TimeMillis < points[j].TimeMillis
		}
		return points[i].Value > points[j].Value
	})
	before := len(points)
	points = slices.CompactFunc(points, func(x, y Point) bool { return x.TimeMillis == y.TimeMillis })
	b.Drop(DropDuplicate, before-len(points))
	return points
}

// Examples returns the label sets of the first three series.
func Examples(series []Samples) []map[string]string {
	var sets []map[string]string
	for _, s := range series[:min(len(series), maxExamples)] {
		sets = append(sets, s.Labels)
	}
	return sets
}

// labelKey is one string per label set.
func labelKey(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name)
		b.WriteByte(0xff) // never part of valid UTF-8
		b.WriteString(labels[name])
		b.WriteByte(0xff)
	}
	return b.String()
}
