package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// youngHours are the ages at which a series of one day is forecast.
var youngHours = []int{2, 6, 12, 18}

// youngWindows returns the cold starts of the series of one day: an hour to
// score at each age. Scores are in units of the change from hour to hour.
func youngWindows(folder []series, hours int) []window {
	var out []window
	for _, s := range folder {
		hour := int(time.Hour / s.Step)
		if s.Span() > 26*time.Hour || hour < 4 || len(s.Values) < (hours+1)*hour {
			continue
		}
		o := hours * hour
		known := forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:o:o]}
		out = append(out, window{file: s.file, series: s.name, m: hour, known: known, actual: s.Values[o : o+hour]})
	}
	return out
}

// reactive is what serves without a forecast: the last value stays, and the
// bound is the highest of the last hour.
func reactive(w window) prediction {
	p := prediction{point: make([]float64, len(w.actual)), quantiles: make([][]float64, len(levels))}
	n := len(w.known.Values)
	top := slices.Max(w.known.Values[n-w.m:])
	for i := range p.point {
		p.point[i] = w.known.Values[n-1]
	}
	for _, l := range scored {
		p.quantiles[l] = slices.Repeat([]float64{top}, len(w.actual))
	}
	return p
}

// reportYoung prints how an hour is forecast from less than a day.
func reportYoung(out io.Writer, folder []series, cfg forecast.Config) ([]measurement, error) {
	if len(youngWindows(folder, youngHours[0])) == 0 {
		return nil, nil
	}
	_, _ = fmt.Fprint(out, "\ncold start: the next hour of series of one day, by age\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("age", "series", "MASE", "reactive", "pinball P95", "reactive", "rel", "coverage", "reactive", "pinball P99", "reactive")
	var all []measurement
	for _, hours := range youngHours {
		x := youngWindows(folder, hours)
		results, err := run(x, cfg)
		if err != nil {
			return nil, err
		}
		var ours, peer []score
		for _, r := range results {
			ours, peer = append(ours, r.ours[0]), append(peer, rate(r.window, reactive(r.window), len(r.actual)))
		}
		a, b := mean(ours), mean(peer)
		rel := ratio(ours, peer, func(s score) float64 { return s.pinball[p95] })
		p.line(fmt.Sprintf("%d h", hours), strconv.Itoa(len(x)), f3(a.mase), f3(b.mase), f3(a.pinball[p95]), f3(b.pinball[p95]), f3(rel),
			f3(a.cover[p95]), f3(b.cover[p95]), f3(a.pinball[p99]), f3(b.pinball[p99]))
		of := func(what string) string { return fmt.Sprintf("cold_%s_%dh", what, hours) }
		all = append(all, measurement{of("mase"), a.mase, "ratio"}, measurement{of("pinball_p95"), a.pinball[p95], "ratio"},
			measurement{of("pinball_p95_to_reactive"), rel, "ratio"}, measurement{of("coverage_p95"), a.cover[p95], "ratio"})
	}
	return all, w.Flush()
}

// ages are the lengths of history compared with the longest, in days.
var ages = []int{1, 2, 3, 5, 7, 10, 14}

// reportAges prints what less history costs: the loads that have 14 days before
// their origins, with only the last of those known.
func reportAges(out io.Writer, folder []series, cfg forecast.Config) ([]measurement, error) {
	longest := ages[len(ages)-1]
	var full []window
	for _, s := range folder {
		if !isLoad(s.file) {
			continue
		}
		for _, w := range windows(s) {
			if len(w.known.Values) >= longest*w.m {
				full = append(full, w)
			}
		}
	}
	if len(full) == 0 {
		return nil, nil
	}
	scores, err := agedScores(full, cfg)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(out, "\nage of the history: %d windows of loads, 24 hours and their first; rel is to %d days\n\n", len(full), longest)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("days", "MASE 24 h", "rel", "pinball P95", "rel", "coverage", "MASE 1 h", "rel", "pinball P95", "rel", "coverage")
	var all []measurement
	for i, days := range ages {
		cells := []string{strconv.Itoa(days)}
		for part, name := range []string{"24h", "1h"} {
			x, peer := scores[i][part], scores[len(ages)-1][part]
			s := mean(x)
			mase := ratio(x, peer, func(s score) float64 { return s.mase })
			pinball := ratio(x, peer, func(s score) float64 { return s.pinball[p95] })
			cells = append(cells, f3(s.mase), f3(mase), f3(s.pinball[p95]), f3(pinball), f3(s.cover[p95]))
			all = append(all, measurement{fmt.Sprintf("age_%dd_pinball_p95_%s_to_%dd", days, name, longest), pinball, "ratio"})
		}
		p.line(cells...)
	}
	return all, w.Flush()
}

// agedScores returns the scores by age, part and series, all in the unit of the
// whole history.
func agedScores(full []window, cfg forecast.Config) ([][2][]score, error) {
	out := make([][2][]score, len(ages))
	for i, days := range ages {
		cut := slices.Clone(full)
		for j := range cut {
			n := len(cut[j].known.Values) - days*cut[j].m
			cut[j].known = forecast.Series{Start: cut[j].known.Time(n), Step: cut[j].known.Step, Values: cut[j].known.Values[n:]}
		}
		results, err := run(cut, cfg)
		if err != nil {
			return nil, err
		}
		for j := range results {
			for part, n := range [2]int{len(full[j].actual), max(1, full[j].m/24)} {
				results[j].ours[part] = rate(full[j], results[j].said, n)
			}
		}
		x := bySeries(results)
		for part := range 2 {
			out[i][part] = averaged(x, func(r *result) score { return r.ours[part] })
		}
	}
	return out, nil
}
