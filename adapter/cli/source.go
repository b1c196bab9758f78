package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// defaultStep is the grid of a query that asks for none.
const defaultStep = time.Minute

// loadSource is where a load is read from: the flags of the verbs that need no
// cluster.
type loadSource struct {
	*factory
	prometheus backtest.PrometheusConfig
	end        string
	season     string
	levels     []string

	// Parsed by parse.
	file      string
	seasonLen backtest.Season
	calendar  calendarFlags
	algorithm algorithmFlags
	quantiles []float64
}

// prometheusFlags mean nothing with a file.
var prometheusFlags = []string{"query", "prometheus.config-file", "prometheus.timeout", "range", "end"}

func (s *loadSource) install(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&s.prometheus.URL, "prometheus.url", "", "URL of the Prometheus HTTP API (Thanos, Mimir and VictoriaMetrics speak it too).")
	fs.StringVar(&s.prometheus.ConfigFile, "prometheus.config-file", "", "File with TLS, basic or bearer authentication for Prometheus, in the format of its http_config.")
	duration.Var(fs, &s.prometheus.Timeout, "prometheus.timeout", 30*time.Second, "Time that one query may take, retries included.")
	fs.StringVar(&s.prometheus.Query, "query", "", "The load as PromQL, such as sum by (service) (rate(http_requests_total[2m])); each series that it returns is read.")
	duration.Var(fs, &s.prometheus.Range, "range", 28*24*time.Hour, "How much of the past is read from Prometheus.")
	duration.Var(fs, &s.prometheus.Step, "step", 0, "Time between two values. 0s: 1m from Prometheus, what it is from a file.")
	fs.StringVar(&s.end, "end", "", "Instant up to which Prometheus is read, in RFC 3339; empty for now.")
	fs.StringVar(&s.season, "season", "auto", "Length of the load's cycle, such as 24h or 12h; auto: days, and weeks where the history shows them.")
	fs.StringSliceVar(&s.levels, "quantiles", []string{"0.5", "0.9", "0.95", "0.99"}, "Probabilities that the load is to stay below a quantile with.")
	s.calendar.install(cmd)
	s.algorithm.install(cmd)
	complete(cmd, "season", "auto", "24h", "12h", "168h")
}

// parse checks the flags that need nothing from outside.
func (s *loadSource) parse(cmd *cobra.Command, args []string) error {
	var errs []error
	fs := cmd.Flags()
	switch {
	case len(args) == 0 && s.prometheus.URL == "":
		errs = append(errs, errors.New("no load: write a CSV file (- for standard input), or --prometheus.url and --query"))
	case len(args) > 0 && s.prometheus.URL != "":
		errs = append(errs, fmt.Errorf("%s and --prometheus.url: write one of them", args[0]))
	case len(args) > 1:
		errs = append(errs, fmt.Errorf("%d files: write one; it may hold many series (series,timestamp,value)", len(args)))
	case len(args) == 1:
		s.file = args[0]
		for _, name := range prometheusFlags {
			if fs.Changed(name) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning with a file: leave it out", name))
			}
		}
	case s.prometheus.Query == "":
		errs = append(errs, errors.New("--query: write the load as PromQL, such as sum(rate(http_requests_total[2m]))"))
	}
	var err error
	if s.quantiles, err = parseQuantiles(s.levels); err != nil {
		errs = append(errs, err)
	}
	if s.seasonLen, err = backtest.ParseSeason(s.season, duration.Parse); err != nil {
		errs = append(errs, err)
	}
	if err := s.calendar.parse(cmd); err != nil {
		errs = append(errs, err)
	}
	if err := s.algorithm.parse(); err != nil {
		errs = append(errs, err)
	}
	if err := s.checkSeason(cmd); err != nil {
		errs = append(errs, err)
	}
	if s.prometheus.End, err = s.parseEnd(); err != nil {
		errs = append(errs, err)
	}
	if s.prometheus.Timeout < history.LeastTimeout {
		errs = append(errs, fmt.Errorf("--prometheus.timeout: %v: write 1s or more", s.prometheus.Timeout))
	}
	if s.prometheus.Step != 0 && s.prometheus.Step < time.Second {
		errs = append(errs, fmt.Errorf("--step: %v: write 1s or more", s.prometheus.Step))
	}
	if s.file == "" && s.prometheus.Step == 0 {
		s.prometheus.Step = defaultStep
	}
	if s.prometheus.Range < s.prometheus.Step {
		errs = append(errs, fmt.Errorf("--range: %s: write at least a step, better 28d", backtest.Duration(s.prometheus.Range)))
	}
	return errors.Join(errs...)
}

// checkSeason refuses what is told of days where there are none.
func (s *loadSource) checkSeason(cmd *cobra.Command) error {
	switch {
	case s.seasonLen == 0 || time.Duration(s.seasonLen) == 24*time.Hour:
		return nil
	case s.calendar.changed(cmd):
		return fmt.Errorf("--season: %s has neither time zones nor holidays: leave it out, or --time-zone and --calendar", s.season)
	case len(s.algorithm.spans) > 0:
		return fmt.Errorf("--incident: cannot be told beside --season=%s: leave out one of them", s.season)
	}
	return nil
}

func (s *loadSource) parseEnd() (time.Time, error) {
	if s.end == "" {
		return s.Clock.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, s.end)
	if err != nil {
		return t, fmt.Errorf("--end: %q: write an instant such as 2026-07-01T00:00:00Z", s.end)
	}
	return t, nil
}

func parseQuantiles(texts []string) ([]float64, error) {
	var out []float64
	for _, text := range texts {
		p, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(p > 0 && p < 1) {
			return nil, fmt.Errorf("--quantiles: %q: write probabilities between 0 and 1, such as 0.5,0.9,0.95,0.99", text)
		}
		if slices.Contains(out, p) {
			return nil, fmt.Errorf("--quantiles: %s comes twice: write it once", text)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, errors.New("--quantiles: write at least one probability, such as 0.95")
	}
	return out, nil
}

// read reads the load, and says what it did and what is missing.
func (s *loadSource) read(ctx context.Context) ([]backtest.Series, error) {
	if s.file != "" {
		series, err := s.readFile()
		s.say(series)
		return series, err
	}
	began := s.Clock.Now()
	got, err := backtest.ReadPrometheus(ctx, s.prometheus, s.Clock)
	if err != nil {
		return nil, err
	}
	points := 0
	for _, x := range got.Series {
		points += x.Present()
	}
	queries := "queries"
	if got.Queries == 1 {
		queries = "query"
	}
	s.tell("read %d series, %d values, with %d %s in %s\n",
		len(got.Series), points, got.Queries, queries, s.Clock.Now().Sub(began).Round(time.Millisecond))
	for _, n := range got.Notes {
		s.tell("note: %s\n", n)
	}
	s.say(got.Series)
	return got.Series, nil
}

func (s *loadSource) readFile() ([]backtest.Series, error) {
	if s.file == "-" {
		return backtest.ReadCSV("standard input", s.Streams.In, s.prometheus.Step)
	}
	f, err := os.Open(filepath.Clean(s.file))
	if err != nil {
		return nil, fmt.Errorf("read load: %w: write the path of a CSV file, - for standard input, or --prometheus.url and --query", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close() // only looked at
		return nil, fmt.Errorf("read load: %s is a directory: write the path of a CSV file in it", s.file)
	}
	defer f.Close() //nolint:errcheck // only read
	return backtest.ReadCSV(s.file, f, s.prometheus.Step)
}

// tell prints what a person should know, beside the result. A terminal that is
// gone has nowhere to say so.
func (s *loadSource) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Streams.ErrOut, format, args...)
}

// mostNotes is how many notes on single series are printed.
const mostNotes = 10

// say prints what was done to the values of each series.
func (s *loadSource) say(series []backtest.Series) {
	var notes notes
	for i := range series {
		if history.OnlyRises(series[i].Values, series[i].Step) {
			series[i].Notes = append(series[i].Notes, history.OnlyRisesNote)
		}
		for _, note := range series[i].Notes {
			notes.add(series[i].Name, note)
		}
	}
	s.tellAll(&notes)
}
