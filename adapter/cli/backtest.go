package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
)

// backtestKind is the kind of what backtest prints for programs.
const backtestKind = "LoadBacktest"

type backtestOptions struct {
	loadSource
	config backtest.Config
	replay backtest.ReplayConfig
	output output
}

func newBacktestCommand(f *factory) *cobra.Command {
	o := &backtestOptions{loadSource: loadSource{factory: f}}
	cmd := &cobra.Command{
		Use:   "backtest [FILE]",
		Short: "Tell how good the forecasts of a load would have been on its own past.",
		Long: "Repeat the forecasts of the past, each with the values up to its origin only, and score them on what followed beside seasonal naive,\n" +
			"Holt-Winters and the last value. It reads a CSV file or a Prometheus, and needs neither a cluster nor an adapter.\n\n" +
			"A file has a header, timestamp,value or series,timestamp,value, and a line per value, or a column for each series: timestamp,web,api;\n" +
			"timestamps are RFC 3339, unix seconds or 2006-01-02 15:04:05 in UTC, values may be missing.\n\n" +
			"-o csv prints the forecasts of every origin: series,origin,timestamp,point and the quantiles, a row a step; -o json, yaml and the like print a " + backtestKind + ".",
		Example: "  kubectl foreshadow backtest load.csv\n" +
			"  kubectl foreshadow backtest --prometheus.url http://127.0.0.1:9090 --query 'sum by (service) (rate(http_requests_total[2m]))'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(o.parse(cmd, args), o.validate(cmd.Flags())); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	fs := cmd.Flags()
	o.install(cmd)
	fs.IntVar(&o.config.Origins, "origins", 6, "Origins per series at most, spread evenly, at least a quarter of the horizon apart.")
	duration.Var(fs, &o.config.History, "history", 28*24*time.Hour, "How much of the past a forecast sees at most; seven seasons of it, or all if it is less, lie before the first origin.")
	duration.Var(fs, &o.config.Horizon, "horizon", 0, "How far ahead. 0s: a season, or 48h of hourly values.")
	fs.Float64Var(&o.replay.CapacityPerReplica, "capacity-per-replica", 0, "Load that one warm replica carries: with it, the end of each series is replayed on a workload with and without a forecast and shadows, as the demo does.")
	duration.Var(fs, &o.replay.ColdStart, "cold-start", 5*time.Minute, "Time from the creation of a pod until it is ready, in the replay.")
	duration.Var(fs, &o.replay.Length, "replay", 72*time.Hour, "How much of the end of each series is replayed.")
	o.output.install(cmd, wide, csvFormat)
	return cmd
}

func (o *backtestOptions) validate(fs *pflag.FlagSet) error {
	var errs []error
	if o.config.Origins < 1 {
		errs = append(errs, fmt.Errorf("--origins: %d: write 1 or more", o.config.Origins))
	}
	if o.config.History < backtest.LeastHistory {
		errs = append(errs, fmt.Errorf("--history: %s: write 1h or more, better 28d", backtest.Duration(o.config.History)))
	}
	if !fs.Changed("capacity-per-replica") {
		for _, name := range []string{"cold-start", "replay"} {
			if fs.Changed(name) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning without --capacity-per-replica: write the load that one replica carries too", name))
			}
		}
		return errors.Join(errs...)
	}
	if c := o.replay.CapacityPerReplica; !(c >= backtest.LeastCapacity) || math.IsInf(c, 1) {
		errs = append(errs, fmt.Errorf("--capacity-per-replica: %v: write the load that one replica carries, %v or more", c, backtest.LeastCapacity))
	}
	if c := o.replay.ColdStart; c < time.Second || c > backtest.LongestColdStart {
		errs = append(errs, fmt.Errorf("--cold-start: %s: write a duration from 1s to %s, such as 3m", backtest.Duration(c), backtest.Duration(backtest.LongestColdStart)))
	}
	if o.replay.Length < backtest.ShortestReplay {
		errs = append(errs, fmt.Errorf("--replay: %s: write a duration of at least %s, such as 72h", backtest.Duration(o.replay.Length), backtest.Duration(backtest.ShortestReplay)))
	}
	if o.output.format == csvFormat {
		errs = append(errs, errors.New("--capacity-per-replica: a replay is no forecast to write as csv: leave it out, or write -o json"))
	}
	return errors.Join(errs...)
}

func (o *backtestOptions) run(ctx context.Context) error {
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
	if o.config.Calendar, err = o.calendarOf(series, 0); err != nil {
		return err
	}
	o.config.Algorithm = o.algorithm.algorithm
	o.replay.Calendar, o.replay.Algorithm = o.config.Calendar, o.config.Algorithm
	bar := newProgress(o.Streams.ErrOut, "backtest", o.Clock)
	o.config.Progress = bar.update()
	report, err := backtest.Run(ctx, series, o.config)
	bar.done()
	if err != nil {
		return err
	}
	if o.replay.CapacityPerReplica > 0 {
		bar := newProgress(o.Streams.ErrOut, "replay", o.Clock)
		o.replay.Progress = bar.update()
		report.Replays, err = backtest.ReplayAll(ctx, series, o.replay)
		bar.done()
		if err != nil {
			return err
		}
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
