package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"text/tabwriter"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// incident is an odd day put into a series that had none. It ends half a day
// before the origin.
type incident struct {
	name   string
	hours  int
	factor float64
}

var incidents = []incident{
	{"six hours at ten times the load", 6, 10},
	{"six hours of silence", 6, 0},
	{"a day at three times the load", 24, 3},
}

// incidentHistory is what a series needs to be told from its incidents.
const incidentHistory = 10 * 24 * time.Hour

// reportIncidents prints how far the next day's forecast moves when the day
// before was odd, over the last window of each load that is long enough.
func reportIncidents(out io.Writer, folder []series, cfg forecast.Config) ([]measurement, error) {
	last := lastWindows(folder)
	if len(last) == 0 {
		return nil, nil
	}
	_, _ = fmt.Fprintf(out, "\nincidents: how far the next day's forecast moves, as a share of it, over %d loads; told means Config.Incidents\n\n", len(last))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("incident", "median", "worst", "below 5 %", "P95", "P99", "told: median", "worst", "below 5 %", "P95", "P99")
	var all []measurement
	for _, x := range incidents {
		cells := []string{x.name}
		for _, told := range []bool{false, true} {
			moved, err := movements(last, x, told, cfg)
			if err != nil {
				return nil, err
			}
			n := len(last)
			below := float64(sort.SearchFloat64s(moved.point, 0.05)) / float64(n)
			cells = append(cells, f3(moved.point[n/2]), f3(moved.point[n-1]), f3(below), f3(moved.p95[n/2]), f3(moved.p99[n/2]))
			name := fmt.Sprintf("incident_%dh_times_%.0f", x.hours, x.factor)
			if told {
				name += "_told"
			}
			all = append(all, measurement{name + "_moves_median", moved.point[n/2], "ratio"}, measurement{name + "_below_5_percent", below, "ratio"},
				measurement{name + "_moves_p95_median", moved.p95[n/2], "ratio"}, measurement{name + "_moves_p99_median", moved.p99[n/2], "ratio"})
		}
		p.line(cells...)
	}
	return all, w.Flush()
}

// lastWindows returns the last window of each load that is long enough.
func lastWindows(folder []series) []window {
	var last []window
	for _, s := range folder {
		if w := windows(s); isLoad(s.file) && len(w) > 0 && w[len(w)-1].known.Span() >= incidentHistory {
			last = append(last, w[len(w)-1])
		}
	}
	return last
}

// movement is how far the point and two quantiles move over a day, each ascending
// over the loads.
type movement struct{ point, p95, p99 []float64 }

func movements(last []window, x incident, told bool, cfg forecast.Config) (movement, error) {
	var out movement
	for _, w := range last {
		want, _, err := foreshadow(w, cfg)
		if err != nil {
			return out, err
		}
		hour := w.m / 24
		end := len(w.known.Values) - 12*hour
		hit := w
		hit.known.Values = slices.Clone(w.known.Values)
		for i := end - x.hours*hour; i < end; i++ {
			hit.known.Values[i] *= x.factor
		}
		with := cfg
		if told {
			with.Incidents = []forecast.Interval{{From: w.known.Time(end - x.hours*hour), To: w.known.Time(end - 1)}}
		}
		got, _, err := foreshadow(hit, with)
		if err != nil {
			return out, err
		}
		n := min(w.m, len(want.point))
		out.point = append(out.point, movedBy(want.point[:n], got.point))
		out.p95 = append(out.p95, movedBy(want.quantiles[p95][:n], got.quantiles[p95]))
		out.p99 = append(out.p99, movedBy(want.quantiles[p99][:n], got.quantiles[p99]))
	}
	for _, x := range [][]float64{out.point, out.p95, out.p99} {
		slices.Sort(x)
	}
	return out, nil
}

// movedBy is the mean distance between two forecasts as a share of the first.
func movedBy(want, got []float64) float64 {
	moved, total := 0.0, 0.0
	for i, x := range want {
		moved += math.Abs(got[i] - x)
		total += math.Abs(x)
	}
	return moved / total
}
