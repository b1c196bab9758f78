package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
)

// backtestKind is the kind of what backtest prints for programs.
const backtestKind = "LoadBacktest"

type backtestOptions struct {
	loadSource
	config backtest.Config
	output output
}

func newBacktestCommand(f *factory) *cobra.Command {
	o := &backtestOptions{loadSource: loadSource{factory: f}}
	cmd := &cobra.Command{
		Use:   "backtest [FILE]",
		Short: "Tell how good the forecasts of a load would have been on its own past.",
		Long: "Repeat the forecasts of the past, each with the values up to its origin only, and score them on what followed beside seasonal naive,\n" +
			"Holt-Winters and the last value. It reads a CSV file or a Prometheus, and needs neither a cluster nor an adapter.\n\n" +
			"A file has a header, timestamp,value or series,timestamp,value, and a line per value; timestamps are RFC 3339 or unix seconds,\n" +
			"values may be missing. -o csv prints the forecasts of every origin: series,origin,timestamp,point and the quantiles, a row a step;\n" +
			"-o json, yaml and the like print a " + backtestKind + ".",
		Example: "  kubectl foreshadow backtest load.csv\n" +
			"  kubectl foreshadow backtest --prometheus.url http://127.0.0.1:9090 --query 'sum by (service) (rate(http_requests_total[2m]))'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.parse(cmd, args); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	fs := cmd.Flags()
	o.install(fs)
	fs.IntVar(&o.config.Origins, "origins", 6, "Origins per series at most, spread evenly, at least a quarter of the horizon apart.")
	durationVar(fs, &o.config.History, "history", 28*24*time.Hour, "How much of the past a forecast sees at most; seven seasons of it, or all if it is less, lie before the first origin.")
	durationVar(fs, &o.config.Horizon, "horizon", 0, "How far ahead. 0s: a season, or 48h of hourly values.")
	o.output.install(cmd, wide, csvFormat)
	complete(cmd, "season", "auto", "24h", "12h", "168h")
	return cmd
}

func (o *backtestOptions) run(ctx context.Context) error {
	if o.config.Origins < 1 {
		return fmt.Errorf("--origins: %d: write 1 or more", o.config.Origins)
	}
	o.config.Levels, o.config.Season = o.quantiles, o.seasonLen
	o.config.Keep = o.output.format == csvFormat
	show, err := o.newReportShow()
	if err != nil {
		return err
	}
	series, err := o.read(ctx)
	if err != nil {
		return err
	}
	bar := newProgress(o.Streams.ErrOut, "backtest", o.Clock)
	o.config.Progress = bar.update()
	report, err := backtest.Run(ctx, series, o.config)
	bar.done()
	if err != nil {
		return err
	}
	return show(report)
}

// newReportShow returns what prints a report in the format that was asked for.
func (o *backtestOptions) newReportShow() (func(*backtest.Report) error, error) {
	if o.output.format == csvFormat {
		return func(r *backtest.Report) error { return backtest.WriteCSV(o.Streams.Out, r.Forecasts(), o.quantiles) }, nil
	}
	printer, err := o.output.printer("", "")
	if err != nil {
		return nil, err
	}
	return func(r *backtest.Report) error {
		if printer == nil {
			return o.write(r.Text(o.output.format == wide))
		}
		u, err := view(backtestKind, "", "", r)
		if err != nil {
			return err
		}
		return o.show(printer, u)
	}, nil
}
