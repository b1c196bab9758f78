package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/adapter/terminal"
)

// shortestReplay is the least that may be asked for: in less, the faults would
// leave no room for anything else.
const shortestReplay = 6 * time.Hour

// demoOptions are the flags of the demo.
type demoOptions struct {
	capture    func(loggers)
	log        logFlags
	trace, csv string
	coldStart  time.Duration
	replay     time.Duration
	duration   time.Duration
	capacity   float64
	quantile   float64
	// idlePercent is what a shadow requests, of a live pod's CPU.
	idlePercent int32
	apiAddress  string
	webAddress  string
	dataDir     string
	reportFile  string
	output      string
	keep        bool
}

func newDemoCommand(capture func(loggers)) *cobra.Command {
	o := demoOptions{capture: capture}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Replay a real trace without a cluster and compare a reactive with a predictive HPA.",
		Long: "Replays the last days of a real trace on a virtual clock through the real line: PromQL on an embedded store, forecast,\n" +
			"capacity, and the external metrics API on loopback, which a simulated HPA reads.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fs := c.Flags()
	o.log.install(fs)
	fs.Lookup("log.level").DefValue = "error"
	o.log.level = "error"
	fs.StringVar(&o.trace, "trace", simulate.Application, "Bundled trace to replay. One of: "+strings.Join(simulate.BundledTraces(), ", ")+".")
	fs.StringVar(&o.csv, "csv", "", "File with your own trace to replay in place of a bundled one: timestamp,value with a header, one series, sorted, without gaps, a value each 15s to 5m (backtest takes others).")
	duration.Var(fs, &o.coldStart, "cold-start", 5*time.Minute, "Time from the creation of a pod until it is ready.")
	duration.Var(fs, &o.replay, "replay", 72*time.Hour, "How much of the trace's end is replayed, at least 6h; the rest is history.")
	duration.Var(fs, &o.duration, "duration", 75*time.Second, "Real time that the replay is paced to take; 0s for as fast as it goes.")
	fs.Float64Var(&o.capacity, "capacity-per-replica", 0, "Load that one warm replica carries; 0 sizes it for 15 replicas in the mean.")
	fs.Float64Var(&o.quantile, "quantile", 0.9, "Quantile of the forecast that the predictive arm follows.")
	fs.Int32Var(&o.idlePercent, "idle-cpu-percent", 10, "CPU request of a shadow, in percent of a live pod's: what a shadow-hour is priced at.")
	fs.StringVar(&o.apiAddress, "web.api-address", "127.0.0.1:0", "Loopback address of the external metrics API; port 0 takes any free one.")
	fs.StringVar(&o.webAddress, "web.listen-address", "127.0.0.1:0", "Address of the Prometheus metrics; port 0 takes any free one.")
	fs.StringVar(&o.dataDir, "storage.path", "", "Empty directory for the embedded store; by default a temporary one that is removed at the end.")
	fs.StringVar(&o.reportFile, "report.file", filepath.Join("out", "demo.json"), "File to leave the report in as JSON, replaced when the replay is over; empty for none.")
	fs.StringVarP(&o.output, "output", "o", "table", "What is printed at the end. One of: table, json.")
	fs.BoolVar(&o.keep, "keep", false, "Go on serving the last values after the end, until interrupted.")
	return c
}

func (o demoOptions) validate() error {
	var errs []error
	if o.output != "table" && o.output != "json" {
		errs = append(errs, fmt.Errorf("--output: unknown format %q: write table or json", o.output))
	}
	if o.coldStart < time.Second || o.coldStart > simulate.LongestColdStart {
		errs = append(errs, fmt.Errorf("--cold-start: %v: write a duration from 1s to %v, such as 3m: the pool's coldStartLead is an HPA sync of %v longer, and at most 6h",
			o.coldStart, simulate.LongestColdStart, simulate.SyncPeriod))
	}
	if o.idlePercent < 1 || o.idlePercent > 100 {
		errs = append(errs, fmt.Errorf("--idle-cpu-percent: %d: write a percentage from 1 to 100, such as 10", o.idlePercent))
	}
	if o.csv != "" && o.trace != simulate.Application {
		errs = append(errs, fmt.Errorf("--trace: %s and --csv name two traces: leave one of them out", o.trace))
	}
	if o.duration < 0 {
		errs = append(errs, fmt.Errorf("--duration: %v: write 0s or more", o.duration))
	}
	if q, err := v1alpha1.DecimalOf(o.quantile).Parse(); err != nil || q != o.quantile || q <= 0 || q >= 1 {
		errs = append(errs, fmt.Errorf("--quantile: %v: write a probability between 0 and 1 with at most six digits, such as 0.95", o.quantile))
	}
	if !(o.capacity >= 0) || math.IsInf(o.capacity, 1) {
		errs = append(errs, fmt.Errorf("--capacity-per-replica: %v: write the load that one replica carries, or 0", o.capacity))
	}
	if o.replay < shortestReplay {
		errs = append(errs, fmt.Errorf("--replay: %v: write a duration of at least 6h, such as 72h: a shorter one has no room for the spike and the outage", o.replay))
	}
	return errors.Join(errs...)
}

// run replays the trace. What a person watches goes to progress, the result to
// out.
func (o demoOptions) run(ctx context.Context, out, progress io.Writer) (err error) {
	if err := o.validate(); err != nil {
		return err
	}
	loggers, err := o.log.newLoggers(progress)
	if err != nil {
		return err
	}
	o.capture(loggers)
	target, err := newReportTarget(o.reportFile)
	if err != nil {
		return err
	}
	r, err := o.newReplay()
	if err != nil {
		return err
	}
	line, err := o.newLine(ctx, r, loggers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, line.close()) }()
	o.greet(progress, r, line)
	report, err := r.run(ctx, line, simulate.NewLive(progress, terminal.Columns(progress)), newPacer(o.duration, r, clock.RealClock{}))
	if err != nil {
		return err
	}
	if err := errors.Join(target.write(report), o.print(out, report)); err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(progress, "\nStill serving the last values; press Ctrl-C to stop.")
		return line.wait(ctx)
	}
	return nil
}

// print writes the report as asked for.
func (o demoOptions) print(out io.Writer, report simulate.Report) error {
	if o.output == "json" {
		return report.WriteJSON(out)
	}
	return report.WriteTable(out)
}

// greet says what is replayed, and how to look at the metrics meanwhile.
func (o demoOptions) greet(w io.Writer, r *replay, l *line) {
	_, metric, _ := strings.Cut(l.metricURL(), "/apis/")
	fmt.Fprintf(w, "Replaying the last %v of %s (%s) after %v of history.\n",
		model.Duration(o.replay), r.trace.Name, r.trace.Unit, model.Duration(r.history.Span().Round(time.Hour)))
	fmt.Fprintf(w, "A replica carries %s; a new pod is ready after %v and serves at 40 %% for its first two minutes.\n",
		strconv.FormatFloat(r.Workload.CapacityPerReplica, 'g', 4, 64), model.Duration(o.coldStart))
	fmt.Fprintf(w, "The pool asks for pods a cold start, an update interval (%v) and an HPA sync (%v) ahead.\n",
		model.Duration(updateEvery), model.Duration(simulate.SyncPeriod))
	fmt.Fprintf(w, "Four HPAs: reactive, at 70 %% of a replica's capacity; reactive+, with so many replicas more or less that it\n"+
		"costs as much as ours; predictive, on our metric; shadows, on our metric with warm pods beside the live ones.\n"+
		"Behind each: its pods, and how long the load exceeded what they carry. reactive+ is solved anew as the cost of ours\n"+
		"grows, so its past changes, too.\n\n")
	fmt.Fprintf(w, "Look at the metrics meanwhile:\n  curl -sk '%s'\n", l.metricURL())
	// kubectl asks for a user name where nothing says who asks.
	fmt.Fprintf(w, "  kubectl --server %s --insecure-skip-tls-verify --token=anybody get --raw '/apis/%s'\n", l.api.URL(), metric)
	fmt.Fprintf(w, "  curl -s http://%s/metrics\n\n", l.web.Addr())
}
