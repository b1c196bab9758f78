package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// series is one load of a folder.
type series struct {
	file, name string
	forecast.Series
}

// readFolder reads all CSV files of dir but those of M4, which have a protocol
// of their own.
func readFolder(dir string) ([]series, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	slices.Sort(files)
	var out []series
	for _, f := range files {
		if strings.HasPrefix(filepath.Base(f), "m4_") {
			continue
		}
		s, err := readSeries(f)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

// plain is what a series is called that has no name of its own.
const plain = "_"

// readSeries reads a file as backtest does, values below 0 too; an error names
// its line. The series come by name.
func readSeries(file string) ([]series, error) {
	in, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	defer in.Close()
	samples, err := loadcsv.Read(file, in, loadcsv.Options{Name: plain, Negative: true})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(samples))
	for name := range samples {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]series, 0, len(names))
	for _, name := range names {
		if len(samples[name]) < 2 {
			continue
		}
		out = append(out, series{strings.TrimSuffix(filepath.Base(file), ".csv"), name, grid(samples[name])})
	}
	return out, nil
}

// grid puts samples on a grid of their median distance; of two on one step the
// later in the file wins, a step without one is a gap.
func grid(x []loadcsv.Sample) forecast.Series {
	slices.SortStableFunc(x, func(a, b loadcsv.Sample) int { return cmp.Compare(a.At.Unix(), b.At.Unix()) })
	diffs := make([]int64, len(x)-1)
	for i := range diffs {
		diffs[i] = x[i+1].At.Unix() - x[i].At.Unix()
	}
	slices.Sort(diffs)
	k := len(diffs)
	step := max((diffs[(k-1)/2]+diffs[k/2])/2, 1)
	start := x[0].At.Unix()
	index := func(p loadcsv.Sample) int { return int((p.At.Unix() - start + step/2) / step) }
	values := make([]float64, index(x[len(x)-1])+1)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, p := range x {
		values[index(p)] = p.Value
	}
	return forecast.Series{Start: time.Unix(start, 0).UTC(), Step: time.Duration(step) * time.Second, Values: values}
}
