package main

import (
	"math"
	"path/filepath"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// window is one forecast to score: what may be known, and what followed.
type window struct {
	file, series string
	known        forecast.Series
	actual       []float64
	m            int // steps of a day
}

const (
	origins     = 6
	historyDays = 28
	mostMissing = 0.3 // of the history
	mostUnknown = 0.5 // of what followed
)

// windows returns the rolling origins of s: up to six, evenly spaced between
// the first seven days, or two fifths of the series, and its last horizon, at
// most one per quarter of the horizon. A step above an hour has none.
func windows(s series) []window {
	n := len(s.Values)
	m := int(24 * time.Hour / s.Step)
	if m < 24 {
		return nil
	}
	horizon := m
	if s.Step == time.Hour {
		horizon = 48
	}
	first := max(7*m, int(0.4*float64(n)))
	if first+horizon > n {
		return nil
	}
	k := min(origins, 1+(n-horizon-first)/max(1, horizon/4))
	var out []window
	last := -1
	for i := range k {
		o := first
		if k > 1 {
			o = int(math.RoundToEven(float64(first) + float64(i)*float64(n-horizon-first)/float64(k-1)))
		}
		if o == last {
			continue
		}
		last = o
		lo := max(0, o-historyDays*m)
		w := window{
			file: s.file, series: s.name, m: m, actual: s.Values[o : o+horizon],
			known: forecast.Series{Start: s.Time(lo), Step: s.Step, Values: s.Values[lo:o:o]},
		}
		if missing(w.known.Values) <= mostMissing && missing(w.actual) <= mostUnknown {
			out = append(out, w)
		}
	}
	return out
}

func missing(x []float64) float64 {
	n := 0
	for _, v := range x {
		if math.IsNaN(v) {
			n++
		}
	}
	return float64(n) / float64(len(x))
}

// m4Train is the name of the file with the histories of M4.
const m4Train = "m4_hourly_train"

const m4Horizon = 48

// m4Windows returns one window for each series of the M4 hourly files in dir:
// the training part and the 48 hours after it. For tuning it is the training
// part alone, cut before its last 48 hours: what was chosen on the test part
// would say nothing about it.
func m4Windows(dir string, tuning bool) ([]window, error) {
	train, err := readSeries(filepath.Join(dir, m4Train+".csv"))
	if err != nil {
		return nil, err
	}
	after := map[string][]float64{}
	if tuning {
		for i := range train {
			v := train[i].Values
			train[i].Values, after[train[i].name] = v[:len(v)-m4Horizon:len(v)-m4Horizon], v[len(v)-m4Horizon:]
		}
	} else {
		test, err := readSeries(filepath.Join(dir, "m4_hourly_test.csv"))
		if err != nil {
			return nil, err
		}
		for _, s := range test {
			after[s.name] = s.Values
		}
	}
	var out []window
	for _, s := range train {
		if y := after[s.name]; y != nil {
			out = append(out, window{file: s.file, series: s.name, m: 24, known: s.Series, actual: y})
		}
	}
	return out, nil
}
