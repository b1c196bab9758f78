package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"
)

// tolerance is how far from 0.95 the coverage of a series may lie to count as
// calibrated; the tails of other levels get the same share of theirs.
const tolerance = 0.02

// row is one line of a table of models.
type row struct {
	model string
	n     int
	score [2]score
	rel   [2]score // geometric means of the ratios to the seasonal naive forecast
	owa   float64
}

func keys(x [][]result, withFile bool) []string {
	out := make([]string, len(x))
	for i, r := range x {
		if out[i] = "/" + r[0].series; withFile {
			out[i] = r[0].file + out[i]
		}
	}
	return out
}

// compare returns a row for Foreshadow, one for the seasonal naive forecast,
// and one for each model with stored results on any of the series.
func compare(x [][]result, stored []baseline, withFile bool) []row {
	var ours, naive [2][]score
	for part := range 2 {
		ours[part] = averaged(x, func(r *result) score { return r.ours[part] })
		naive[part] = averaged(x, func(r *result) score { return r.naive[part] })
	}
	n2 := mean(averaged(x, func(r *result) score { return r.naive2 }))
	out := []row{newRow("foreshadow", ours, naive, n2), newRow("seasonal naive", naive, naive, n2)}
	for _, b := range stored {
		scores, index := b.of(keys(x, withFile))
		if len(scores) == 0 {
			continue
		}
		var theirs, peers [2][]score
		for i, s := range scores {
			for part := range 2 {
				theirs[part] = append(theirs[part], s[part])
				peers[part] = append(peers[part], naive[part][index[i]])
			}
		}
		out = append(out, newRow(b.model, theirs, peers, n2))
	}
	slices.SortStableFunc(out[2:], func(a, b row) int { return cmp.Compare(a.score[0].mase, b.score[0].mase) })
	return out
}

func newRow(model string, x, naive [2][]score, n2 score) row {
	r := row{model: model, n: len(x[0])}
	for part := range 2 {
		r.score[part] = mean(x[part])
		r.rel[part] = unknown()
		r.rel[part].mase = ratio(x[part], naive[part], func(s score) float64 { return s.mase })
		for _, l := range scored {
			r.rel[part].pinball[l] = ratio(x[part], naive[part], func(s score) float64 { return s.pinball[l] })
		}
	}
	r.owa = (r.score[0].mase/n2.mase + r.score[0].smape/n2.smape) / 2
	return r
}

func printM4(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("model", "series", "MASE", "sMAPE", "OWA", "MSIS", "pinball P95", "coverage P95")
	for _, r := range rows {
		s := r.score[0]
		p.line(r.model, strconv.Itoa(r.n), f3(s.mase), f3(s.smape), f3(r.owa), f3(s.msis), f3(s.pinball[p95]), f3(s.cover[p95]))
	}
	return w.Flush()
}

func printLoad(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("model", "series", "MASE 24 h", "rel", "pinball P95", "rel", "coverage", "idle", "missing",
		"MASE 1 h", "rel", "pinball P95", "rel", "coverage")
	for _, r := range rows {
		a, b, ra, rb := r.score[0], r.score[1], r.rel[0], r.rel[1]
		p.line(r.model, strconv.Itoa(r.n), f3(a.mase), f3(ra.mase), f3(a.pinball[p95]), f3(ra.pinball[p95]), f3(a.cover[p95]), f3(a.idle), f3(a.missing),
			f3(b.mase), f3(rb.mase), f3(b.pinball[p95]), f3(rb.pinball[p95]), f3(b.cover[p95]))
	}
	return w.Flush()
}

// calibration is how well a bound keeps its promise, series by series.
type calibration struct {
	level                     float64
	mean, worst, within       float64
	oracleWithin, oracleWorst float64
	low                       int // series below the level less ten points
}

func calibrate(x [][]result, part, l int) calibration {
	c := calibration{level: levels[l], worst: 1}
	tol := tolerance * (1 - levels[l]) / (1 - levels[p95])
	var all [][]strip
	for _, s := range averaged(x, func(r *result) score { return r.ours[part] }) {
		v := s.cover[l]
		c.mean += v / float64(len(x))
		c.worst = min(c.worst, v)
		if math.Abs(v-levels[l]) <= tol {
			c.within += 1 / float64(len(x))
		}
		if v < levels[l]-0.1 {
			c.low++
		}
	}
	for _, windows := range x {
		var s []strip
		for i := range windows {
			if z := windows[i].strips[part][l]; len(z) > 0 {
				s = append(s, z)
			}
		}
		if len(s) > 0 {
			all = append(all, s)
		}
	}
	c.oracleWithin, c.oracleWorst = oracle(all, levels[l], tol)
	return c
}

func printCalibration(out io.Writer, rows []row, all [2][]calibration) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("horizon", "level", "pinball", "rel", "coverage", "worst series", "10 points short", "within", "oracle: within", "worst", "share of oracle")
	for part, name := range []string{"24 h", "1 h"} {
		for i, c := range all[part] {
			l := scored[i]
			p.line(name, fmt.Sprintf("P%.0f", 100*c.level), f3(rows[0].score[part].pinball[l]), f3(rows[0].rel[part].pinball[l]), f3(c.mean), f3(c.worst),
				strconv.Itoa(c.low), f3(c.within), f3(c.oracleWithin), f3(c.oracleWorst), f3(c.within/c.oracleWithin))
		}
	}
	return w.Flush()
}

type printer struct{ out io.Writer }

func (p printer) line(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			_, _ = fmt.Fprint(p.out, "\t") // Flush has the error
		}
		_, _ = fmt.Fprint(p.out, c)
	}
	_, _ = fmt.Fprintln(p.out)
}

func f3(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return fmt.Sprintf("%.3f", v)
}
