// Command accuracy scores the forecasts of a folder of series by rolling
// origins and prints them beside other models; out/accuracy.json keeps the
// figures. docs/forecasting-research.md explains the tables.
//
//	accuracy [--data dir] [--model Auto] [--tuning] [--out out/accuracy.json] [--series out/accuracy.csv] [--table file]
//
// The folder holds CSV files with the columns timestamp,value or
// series,timestamp,value, and, where M4 is to be scored, m4_hourly_train.csv
// and m4_hourly_test.csv.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// measurement is one figure; name and unit are fixed, for who compares runs.
type measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type options struct {
	data, model, out, series, table string
	tuning                          bool
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", filepath.Join("..", "shared", "data", "dev"), "folder of the series")
	flag.StringVar(&o.model, "model", forecast.Auto, "model to score")
	flag.StringVar(&o.out, "out", filepath.Join("out", "accuracy.json"), "file for the figures")
	flag.StringVar(&o.series, "series", filepath.Join("out", "accuracy.csv"), "file for the figures of each window")
	flag.StringVar(&o.table, "table", "", "file for the figures without times, to be kept; empty for none")
	flag.BoolVar(&o.tuning, "tuning", false, "score M4 on the last 48 hours of its training part, for who compares ideas")
	flag.Parse()
	if err := report(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// otherThanLoad begin the names of files that hold no load of a service:
// latencies, prices, errors, temperatures. They have a table of their own.
var otherThanLoad = []string{
	"nab_adexchange", "nab_roadtraffic", "ms_application_crash_rate", "ms_consumer_purchase_rate", "ms_middle_tier", "prophet_",
}

func isLoad(file string) bool {
	return !slices.ContainsFunc(otherThanLoad, func(p string) bool { return strings.HasPrefix(file, p) })
}

func report(out io.Writer, o options) error {
	began := time.Now()
	if _, err := os.Stat(o.data); err != nil {
		return fmt.Errorf("folder of series %s: there is none: name one with make accuracy DATA=dir (CSV files timestamp,value or series,timestamp,value)", o.data)
	}
	cfg := forecast.Config{Model: o.model}
	var all []measurement
	var windowed []result
	m4, err := m4Windows(o.data, o.tuning)
	switch {
	case err == nil:
		if err := reproduced(m4, o.tuning); err != nil {
			return err
		}
		results, err := run(m4, cfg)
		if err != nil {
			return err
		}
		m, err := reportM4(out, results)
		if err != nil {
			return err
		}
		all, windowed = append(all, m...), append(windowed, results...)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	folder, err := readFolder(o.data)
	if err != nil {
		return err
	}
	for _, load := range []bool{true, false} {
		m, results, err := reportLoad(out, folder, load, cfg)
		if err != nil {
			return err
		}
		all, windowed = append(all, m...), append(windowed, results...)
	}
	m, err := reportChanges(out, folder, cfg)
	if err != nil {
		return err
	}
	if all = append(all, m...); len(all) == 0 {
		return fmt.Errorf("folder of series %s: no series of at least eight days at a step of an hour or less", o.data)
	}
	wall := time.Since(began)
	_, _ = fmt.Fprintf(out, "\nwall time %.1f s for %d windows\n", wall.Seconds(), len(windowed))
	all = append(all, measurement{"wall_time", wall.Seconds(), "s"})
	return errors.Join(saveSeries(o.series, windowed), saveTable(o.table, all), save(o.out, all))
}

// reportChanges reports on what befalls a load: its beginning, shifts, incidents.
func reportChanges(out io.Writer, folder []series, cfg forecast.Config) ([]measurement, error) {
	var all []measurement
	for _, part := range []func(io.Writer, []series, forecast.Config) ([]measurement, error){reportYoung, reportAges, reportShifts, reportIncidents} {
		m, err := part(out, folder, cfg)
		if err != nil {
			return nil, err
		}
		all = append(all, m...)
	}
	return all, nil
}

// reportLoad reports on the series that hold loads, or on all the others.
func reportLoad(out io.Writer, folder []series, load bool, cfg forecast.Config) ([]measurement, []result, error) {
	var w []window
	for _, s := range folder {
		if isLoad(s.file) == load {
			w = append(w, windows(s)...)
		}
	}
	if len(w) == 0 {
		return nil, nil, nil
	}
	results, err := run(w, cfg)
	if err != nil {
		return nil, nil, err
	}
	name := "other"
	if load {
		name = "load"
	}
	m, err := reportSet(out, name, results)
	return m, results, err
}

func reportM4(out io.Writer, results []result) ([]measurement, error) {
	stored, err := readBaselines(m4Baselines)
	if err != nil {
		return nil, err
	}
	x := bySeries(results)
	rows := compare(x, stored, false)
	_, _ = fmt.Fprintf(out, "M4 hourly: %d series, 48 hours from one origin\n\n", len(x))
	if err := printM4(out, rows); err != nil {
		return nil, err
	}
	cal, err := reportCalibration(out, rows, x)
	if err != nil {
		return nil, err
	}
	s := rows[0].score[0]
	all := []measurement{
		{"m4_hourly_mase", s.mase, "ratio"},
		{"m4_hourly_smape", s.smape, "percent"},
		{"m4_hourly_owa", rows[0].owa, "ratio"},
		{"m4_hourly_msis", s.msis, "ratio"},
	}
	return slices.Concat(all, measurements("m4_hourly", rows[0], cal, results)), nil
}

func reportSet(out io.Writer, name string, results []result) ([]measurement, error) {
	stored, err := readBaselines(loadBaselines)
	if err != nil {
		return nil, err
	}
	x := bySeries(results)
	rows := compare(x, stored, true)
	_, _ = fmt.Fprintf(out, "\n%s: %d series, %d windows, 24 hours and their first\n\n", name, len(x), len(results))
	if err := printLoad(out, rows); err != nil {
		return nil, err
	}
	cal, err := reportCalibration(out, rows, x)
	if err != nil {
		return nil, err
	}
	r := rows[0]
	all := []measurement{
		{name + "_mase_24h", r.score[0].mase, "ratio"},
		{name + "_mase_24h_to_naive", r.rel[0].mase, "ratio"},
		{name + "_mase_1h", r.score[1].mase, "ratio"},
		{name + "_mase_1h_to_naive", r.rel[1].mase, "ratio"},
		{name + "_idle_p95_24h", r.score[0].idle, "ratio"},
		{name + "_missing_p95_24h", r.score[0].missing, "ratio"},
	}
	return slices.Concat(all, measurements(name, r, cal, results)), nil
}

func reportCalibration(out io.Writer, rows []row, x [][]result) ([2][]calibration, error) {
	var all [2][]calibration
	for part := range 2 {
		for _, l := range scored {
			all[part] = append(all[part], calibrate(x, part, l))
		}
	}
	_, _ = fmt.Fprintln(out)
	return all, printCalibration(out, rows, all)
}

func measurements(name string, r row, cal [2][]calibration, results []result) []measurement {
	var all []measurement
	for part, hours := range []string{"24h", "1h"} {
		for i, c := range cal[part] {
			l := scored[i]
			of := func(what string) string { return fmt.Sprintf("%s_%s_p%.0f_%s", name, what, 100*c.level, hours) }
			all = append(all,
				measurement{of("pinball"), r.score[part].pinball[l], "ratio"},
				measurement{of("pinball_to_naive"), r.rel[part].pinball[l], "ratio"},
				measurement{of("coverage"), c.mean, "ratio"},
				measurement{of("coverage_worst"), c.worst, "ratio"},
				measurement{of("calibrated_share"), c.within, "ratio"},
				measurement{of("calibrated_share_to_oracle"), c.within / c.oracleWithin, "ratio"},
			)
		}
	}
	took := make([]float64, len(results))
	for i := range results {
		took[i] = results[i].took.Seconds() * 1e3
	}
	slices.Sort(took)
	return append(all, measurement{name + "_fit_and_forecast_median", took[len(took)/2], "ms"}, measurement{name + "_fit_and_forecast_worst", took[len(took)-1], "ms"})
}

// save leaves the figures; what cannot be said, as a share of an oracle that
// reaches nothing, is left out.
func save(file string, all []measurement) error {
	all = slices.DeleteFunc(all, func(m measurement) bool { return math.IsNaN(m.Value) || math.IsInf(m.Value, 0) })
	raw, err := json.MarshalIndent(map[string][]measurement{"measurements": all}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode measurements: %w", err)
	}
	return leave(file, append(raw, '\n'))
}

// saveTable leaves what is the same on each machine, in four digits.
func saveTable(file string, all []measurement) error {
	if file == "" {
		return nil
	}
	raw := []byte("name,value,unit\n")
	for _, m := range all {
		if m.Unit != "ms" && m.Unit != "s" && !math.IsNaN(m.Value) && !math.IsInf(m.Value, 0) {
			raw = fmt.Appendf(raw, "%s,%.4g,%s\n", m.Name, m.Value, m.Unit)
		}
	}
	return leave(file, raw)
}

func leave(file string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("leave measurements: %w", err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return fmt.Errorf("leave measurements: %w", err)
	}
	return nil
}

// saveSeries leaves one row a window, for who looks for what went wrong.
func saveSeries(file string, x []result) error {
	raw := []byte("file,series,steps_known,smape,mase,mase_naive,pinball95,pinball95_naive,coverage95,mase_1h,mase_1h_naive,pinball95_1h,pinball95_1h_naive,coverage95_1h,ms\n")
	for _, r := range x {
		a, b, na, nb := r.ours[0], r.ours[1], r.naive[0], r.naive[1]
		raw = fmt.Appendf(raw, "%s,%s,%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.4f,%.6g,%.6g,%.6g,%.6g,%.4f,%.3f\n", r.file, r.series, len(r.known.Values),
			a.smape, a.mase, na.mase, a.pinball[p95], na.pinball[p95], a.cover[p95], b.mase, nb.mase, b.pinball[p95], nb.pinball[p95], b.cover[p95], r.took.Seconds()*1e3)
	}
	return leave(file, raw)
}
