package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// result is one window, scored: by Foreshadow and by the peers that need no
// table.
type result struct {
	window
	ours, naive [2]score // the whole horizon, its first hour
	naive2      score
	strips      [2]map[int]strip // of ours, by level
	took        time.Duration
	said        prediction
}

// run scores all windows, as many at a time as there are cores. The order of
// the results is that of the windows.
func run(windows []window, cfg forecast.Config) ([]result, error) {
	out := make([]result, len(windows))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, w := range windows {
		g.Go(func() error {
			p, took, err := foreshadow(w, cfg)
			if err != nil {
				return fmt.Errorf("forecast %s of %s: %w", w.series, w.file, err)
			}
			out[i] = scoreWindow(w, p)
			out[i].took, out[i].said = took, p
			return nil
		})
	}
	return out, g.Wait() //nolint:wrapcheck // wrapped where it arose
}

// foreshadow fits and forecasts one window and says how long that took.
func foreshadow(w window, cfg forecast.Config) (prediction, time.Duration, error) {
	began := time.Now()
	fit, err := forecast.Fit(w.known, cfg)
	if err != nil {
		return prediction{}, 0, err
	}
	f, err := fit.Forecast(w.known, len(w.actual), levels)
	return prediction{f.Point, f.Quantiles}, time.Since(began), err
}

func scoreWindow(w window, p prediction) result {
	r := result{window: w}
	naive := seasonalNaive(w)
	if len(w.known.Values) < 2*w.m {
		naive = reactive(w)
	}
	for part, n := range [2]int{len(w.actual), max(1, w.m/24)} {
		r.ours[part], r.naive[part] = rate(w, p, n), rate(w, naive, n)
		r.strips[part] = map[int]strip{}
		for _, l := range scored {
			r.strips[part][l] = strips(w, p, l, n)
		}
	}
	r.naive2 = rate(w, naive2(w), len(w.actual))
	return r
}

// bySeries groups results of one series; series come in order of file and name.
func bySeries(x []result) [][]result {
	x = slices.Clone(x)
	slices.SortStableFunc(x, func(a, b result) int {
		return slices.Compare([]string{a.file, a.series}, []string{b.file, b.series})
	})
	var out [][]result
	for i, r := range x {
		if i == 0 || r.file != x[i-1].file || r.series != x[i-1].series {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// averaged returns the mean over the windows of each series.
func averaged(x [][]result, get func(*result) score) []score {
	out := make([]score, len(x))
	for i, windows := range x {
		all := make([]score, len(windows))
		for j := range windows {
			all[j] = get(&windows[j])
		}
		out[i] = mean(all)
	}
	return out
}
