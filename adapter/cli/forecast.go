package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/adapter/terminal"
)

// forecastKind is the kind of what forecast prints for programs.
const forecastKind = "LoadForecast"

// csvFormat is the format of forecasts beside kubectl's.
const csvFormat = "csv"

// plainColumns is the width of a picture where there is no terminal.
const plainColumns = 80

type forecastOptions struct {
	loadSource
	horizon time.Duration
	output  output
}

func newForecastCommand(f *factory) *cobra.Command {
	o := &forecastOptions{loadSource: loadSource{factory: f}}
	cmd := &cobra.Command{
		Use:   "forecast [FILE]",
		Short: "Forecast a load from a CSV file or a Prometheus, without a cluster.",
		Long: "Forecast each series of a CSV file, or of a query to a Prometheus, from its last value on. It needs neither a cluster nor an adapter.\n\n" +
			"A file has a header, timestamp,value or series,timestamp,value, and a line per value, or a column for each series: timestamp,web,api;\n" +
			"timestamps are RFC 3339, unix seconds or 2006-01-02 15:04:05 in UTC, values may be missing.\n\n" +
			"-o csv prints series,origin,timestamp,point and the quantiles, a row a step; -o json, yaml and the like print a " + forecastKind + ".",
		Example: "  kubectl foreshadow forecast load.csv --horizon 24h\n" +
			"  kubectl foreshadow forecast --prometheus.url http://127.0.0.1:9090 --query 'sum by (service) (rate(http_requests_total[2m]))'\n" +
			"  kubectl foreshadow forecast load.csv --quantiles 0.5,0.99 -o csv > forecast.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.parse(cmd, args); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	o.install(cmd)
	duration.Var(cmd.Flags(), &o.horizon, "horizon", 24*time.Hour, "How far ahead.")
	o.output.install(cmd, wide, csvFormat)
	return cmd
}

func (o *forecastOptions) run(ctx context.Context) error {
	if o.horizon <= 0 {
		return fmt.Errorf("--horizon: %v: write a duration above 0s, such as 24h", o.horizon)
	}
	show, err := o.newShow(&o.output)
	if err != nil {
		return err
	}
	series, err := o.read(ctx)
	if err != nil {
		return err
	}
	o.noteHorizon(series)
	cal, err := o.calendarOf(series, o.horizon)
	if err != nil {
		return err
	}
	bar := newProgress(o.Streams.ErrOut, "forecast", o.Clock)
	all, err := backtest.ForecastAll(ctx, series, backtest.ForecastConfig{
		Horizon: o.horizon, Levels: o.quantiles, Season: o.seasonLen, Calendar: cal, Algorithm: o.algorithm.algorithm, Progress: bar.update(),
	})
	bar.done()
	if err != nil {
		return err
	}
	return show(all)
}

// noteHorizon says that a forecast goes further than its history bears.
func (o *forecastOptions) noteHorizon(series []backtest.Series) {
	var notes notes
	for i := range series {
		if span := series[i].Span(); o.horizon > span {
			notes.add(series[i].Name, fmt.Sprintf("--horizon=%s is longer than %s of history: what lies further ahead repeats that, and its quantiles say little",
				backtest.Duration(o.horizon), backtest.Duration(backtest.Roughly(span))))
		}
	}
	o.tellAll(&notes)
}

// newShow returns what prints forecasts in the format that was asked for.
func (o *loadSource) newShow(out *output) (func([]backtest.Forecast) error, error) {
	if out.format == csvFormat {
		return func(all []backtest.Forecast) error {
			var notes notes
			for i := range all {
				if all[i].Note != "" {
					notes.add(all[i].Series.Name, all[i].Note)
				}
			}
			o.tellAll(&notes)
			return backtest.WriteCSV(o.Streams.Out, all, o.quantiles)
		}, nil
	}
	printer, err := out.printer("", "")
	if err != nil {
		return nil, err
	}
	if printer == nil {
		return func(all []backtest.Forecast) error { return o.write(o.forecastText(all, out.format == wide)) }, nil
	}
	return func(all []backtest.Forecast) error {
		objects := make([]*unstructured.Unstructured, 0, len(all))
		for i := range all {
			u, err := view(forecastKind, "", all[i].Series.Name, all[i].View(o.quantiles))
			if err != nil {
				return err
			}
			objects = append(objects, u)
		}
		var obj runtime.Object = list(objects)
		if len(objects) == 1 {
			obj = objects[0]
		}
		return o.show(printer, obj)
	}, nil
}

// forecastText is a page for one series, a line for each of several.
func (o *loadSource) forecastText(all []backtest.Forecast, detailed bool) string {
	plot := plotFor(o.Streams.Out)
	if len(all) > 1 && !detailed {
		return backtest.ForecastsText(all, plot, o.quantiles)
	}
	pages := make([]string, len(all))
	for i := range all {
		pages[i] = all[i].Text(plot, o.quantiles)
	}
	return strings.Join(pages, "\n")
}

// plotFor draws in Unicode on a terminal, else in plain characters.
func plotFor(w io.Writer) backtest.Plot {
	if width := terminal.Columns(w); width > 0 {
		return backtest.Plot{Columns: width, Rich: true}
	}
	return backtest.Plot{Columns: plainColumns}
}
