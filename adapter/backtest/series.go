package backtest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Series is one load of a source, on a regular grid.
type Series struct {
	Name string
	forecast.Series
	// Notes say in a sentence each what was done to the values as they came.
	Notes []string
}

const (
	// maxSteps bounds the grid of one series: four years at one value a minute.
	maxSteps = 1 << 21
	// changedRun is how many equal distances in a row, other than the step, are
	// no longer gaps but another step.
	changedRun = 24
	// longGap is a gap that a person should know of.
	longGap = 3 * time.Hour
)

// newSeries brings samples to a grid: the step is the median distance between
// two stamps, unless it is given; index = round((t - first) / step). Samples
// are sorted, and of two with one stamp, or in one step, the later one in the
// source counts.
//
// A given step takes the mean of what lies in [t, t + step) for t.
func newSeries(name string, samples []loadcsv.Sample, step time.Duration) (Series, error) {
	s := Series{Name: name}
	samples = s.sorted(samples)
	if len(samples) < 2 {
		return s, fmt.Errorf("series %s: %d value: write at least 2", name, len(samples))
	}
	if !slices.ContainsFunc(samples, func(p loadcsv.Sample) bool { return !math.IsNaN(p.Value) }) {
		return s, fmt.Errorf("series %s: none of its %d values is a number: look why nothing was measured", name, len(samples))
	}
	distances := distancesOf(samples)
	if usual := median(distances); step > 0 {
		if step < usual*2/3 { // stamps beside the grid apart
			return s, fmt.Errorf("series %s: --step=%s is finer than its values, which are %s apart: leave it out, or write %s or more", name, Duration(step), Duration(usual), Duration(usual))
		}
		// What is finer goes into the mean of a step; what is coarser leaves gaps.
		if from, d, changed := changedStep(samples, distances, step); changed && d > step {
			return s, stepChanges(name, usual, d, from)
		}
		err := s.resample(samples, step)
		return s, err
	}
	step = median(distances)
	if from, d, changed := changedStep(samples, distances, step); changed {
		return s, stepChanges(name, step, d, from)
	}
	first := samples[0].At
	index := func(t time.Time) int { return int((t.Sub(first) + step/2) / step) }
	n := index(samples[len(samples)-1].At) + 1
	if err := checkSteps(name, samples, n, step); err != nil {
		return s, err
	}
	s.Series = forecast.Series{Start: first, Step: step, Values: gaps(n)}
	for _, p := range samples {
		if !math.IsNaN(p.Value) { // a gap takes no value of its step away
			s.Values[index(p.At)] = p.Value
		}
	}
	s.noteMissing()
	return s, nil
}

// sorted orders the samples and leaves the later one of each stamp.
func (s *Series) sorted(samples []loadcsv.Sample) []loadcsv.Sample {
	disordered := 0
	for i := 1; i < len(samples); i++ {
		if samples[i].At.Before(samples[i-1].At) {
			disordered++
		}
	}
	if disordered > 0 {
		s.note("%s out of order: the series was sorted", plural(disordered, "value is", "values are"))
		slices.SortStableFunc(samples, func(a, b loadcsv.Sample) int { return a.At.Compare(b.At) })
	}
	out := samples[:0]
	for _, p := range samples {
		if n := len(out); n > 0 && out[n-1].At.Equal(p.At) {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	if n := len(samples) - len(out); n > 0 {
		s.note("%s the stamp of an earlier one: the later one counts", plural(n, "value has", "values have"))
	}
	return out
}

func (s *Series) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// noteMissing says that much of the grid is empty, or a long run of it.
func (s *Series) noteMissing() {
	if from, n := longestGap(s.Values); time.Duration(n)*s.Step >= longGap && n > 1 {
		s.note("%s without a value, from %s on", Duration(time.Duration(n)*s.Step), stamp(s.Time(from)))
	}
	if miss := 1 - float64(s.Present())/float64(len(s.Values)); miss > maxHistoryMissing {
		s.note("%.0f%% of its steps of %s have no value", 100*miss, Duration(s.Step))
	}
}

// longestGap is the longest run of gaps: where it begins, and how long it is.
func longestGap(values []float64) (from, n int) {
	run := 0
	for i, v := range values {
		if !math.IsNaN(v) {
			run = 0
			continue
		}
		if run++; run > n {
			from, n = i+1-run, run
		}
	}
	return from, n
}

// resample takes the mean of each step.
func (s *Series) resample(samples []loadcsv.Sample, step time.Duration) error {
	first := samples[0].At.Truncate(step)
	index := func(t time.Time) int { return int(t.Sub(first) / step) }
	n := index(samples[len(samples)-1].At) + 1
	if err := checkSteps(s.Name, samples, n, step); err != nil {
		return err
	}
	s.Series = forecast.Series{Start: first, Step: step, Values: make([]float64, n)}
	count := make([]int, n)
	for _, p := range samples {
		if !math.IsNaN(p.Value) {
			s.Values[index(p.At)] += p.Value
			count[index(p.At)]++
		}
	}
	for i, k := range count {
		s.Values[i] /= float64(k) // 0/0 is a gap
	}
	s.noteMissing()
	return nil
}

// checkSteps refuses a grid that one stray stamp would make endless.
func checkSteps(name string, samples []loadcsv.Sample, n int, step time.Duration) error {
	if n <= maxSteps {
		return nil
	}
	return fmt.Errorf("series %s: %d steps of %s from %s to %s: at most %d are read: look for a wrong timestamp, or write a coarser --step",
		name, n, Duration(step), stamp(samples[0].At), stamp(samples[len(samples)-1].At), maxSteps)
}

func distancesOf(samples []loadcsv.Sample) []time.Duration {
	out := make([]time.Duration, len(samples)-1)
	for i := range out {
		out[i] = samples[i+1].At.Sub(samples[i].At)
	}
	return out
}

// median returns the middle, in whole seconds, or in what is between two of
// them where it is less than one.
func median(distances []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(distances))
	n := len(sorted)
	d := (sorted[(n-1)/2] + sorted[n/2]) / 2
	return cmp.Or(d.Truncate(time.Second), d)
}

func stepChanges(name string, step, d time.Duration, from time.Time) error {
	return fmt.Errorf("series %s: the step changes: it is %s, and from %s on %s: write one step, or bring all to one with --step=%s",
		name, Duration(step), stamp(from), Duration(d), Duration(max(step, d)))
}

// changedStep finds a run of equal distances that are not the step, the coarsest
// if there are several.
func changedStep(samples []loadcsv.Sample, distances []time.Duration, step time.Duration) (from time.Time, d time.Duration, changed bool) {
	run := 0
	for i, apart := range distances {
		if i > 0 && apart == distances[i-1] {
			run++
		} else {
			run = 1
		}
		if off := (apart - step).Abs(); off > step/2 && run == changedRun && apart > d {
			from, d, changed = samples[i+1-run].At, apart, true
		}
	}
	return from, d, changed
}

func sortByName(series []Series) {
	slices.SortFunc(series, func(a, b Series) int { return cmp.Compare(a.Name, b.Name) })
}

// gaps returns n values that are none.
func gaps(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// filled returns the history as peers that know no gap get it: a gap of at most
// an hour as a line, a longer one as the value a season before, else a season
// after, else the median.
func filled(values []float64, m, hour int) []float64 {
	present := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(present) == len(values) || len(present) == 0 {
		return values
	}
	out := slices.Clone(values)
	slices.Sort(present)
	middle := (present[(len(present)-1)/2] + present[len(present)/2]) / 2
	for lo := 0; lo < len(values); lo++ {
		if !math.IsNaN(values[lo]) {
			continue
		}
		hi := lo
		for hi < len(values) && math.IsNaN(values[hi]) {
			hi++
		}
		if hi-lo <= hour && lo > 0 && hi < len(values) {
			fillLine(out, lo, hi)
		} else {
			fillSeason(out, lo, hi, m, middle)
		}
		lo = hi
	}
	return out
}

func fillLine(x []float64, lo, hi int) {
	a, b := x[lo-1], x[hi]
	for i := lo; i < hi; i++ {
		x[i] = a + (b-a)*float64(i-lo+1)/float64(hi-lo+1)
	}
}

func fillSeason(x []float64, lo, hi, m int, middle float64) {
	for i := lo; i < hi; i++ {
		switch {
		case i >= m && !math.IsNaN(x[i-m]):
			x[i] = x[i-m]
		case i+m < len(x) && !math.IsNaN(x[i+m]):
			x[i] = x[i+m]
		default:
			x[i] = middle
		}
	}
}

// Duration writes a duration as flags take it: 28d, 90s, 1h30m.
func Duration(d time.Duration) string {
	return duration.Format(d)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// plural writes a number with what it counts.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
