package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

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

type sample struct {
	at int64
	v  float64
}

// readSeries reads a file with the columns timestamp,value or
// series,timestamp,value; an empty value is a gap. The series come by name.
func readSeries(file string) ([]series, error) {
	in, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	defer in.Close()
	samples, err := readSamples(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
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

func readSamples(in io.Reader) (map[string][]sample, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	name, at, value := slices.Index(head, "series"), slices.Index(head, "timestamp"), slices.Index(head, "value")
	if at < 0 || value < 0 {
		return nil, fmt.Errorf("header %v: write timestamp,value or series,timestamp,value", head)
	}
	out := map[string][]sample{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read row: %w", err)
		}
		t, err := strconv.ParseInt(row[at], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("timestamp %q: write unix seconds", row[at])
		}
		v := math.NaN()
		if row[value] != "" {
			if v, err = strconv.ParseFloat(row[value], 64); err != nil {
				return nil, fmt.Errorf("value %q: write a number, or nothing for a gap", row[value])
			}
		}
		key := "_"
		if name >= 0 {
			key = row[name]
		}
		out[key] = append(out[key], sample{t, v})
	}
}

// grid puts samples on a grid of their median distance; of two on one step the
// later in the file wins, a step without one is a gap.
func grid(x []sample) forecast.Series {
	slices.SortStableFunc(x, func(a, b sample) int { return int(a.at - b.at) })
	diffs := make([]int64, len(x)-1)
	for i := range diffs {
		diffs[i] = x[i+1].at - x[i].at
	}
	slices.Sort(diffs)
	k := len(diffs)
	step := max((diffs[(k-1)/2]+diffs[k/2])/2, 1)
	index := func(at int64) int { return int((at - x[0].at + step/2) / step) }
	values := make([]float64, index(x[len(x)-1].at)+1)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, s := range x {
		values[index(s.at)] = s.v
	}
	return forecast.Series{Start: time.Unix(x[0].at, 0).UTC(), Step: time.Duration(step) * time.Second, Values: values}
}
