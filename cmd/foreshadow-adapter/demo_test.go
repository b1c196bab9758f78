package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

// execute runs the program with args until it ends by itself.
func execute(ctx context.Context, args ...string) (out, progress string, err error) {
	var stdout, stderr bytes.Buffer
	root := newRootCommand(func(loggers) {})
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err = root.ExecuteContext(ctx)
	return stdout.String(), stderr.String(), err
}

func TestDemoOverloadsLessThanAReactiveHPAOfEqualCost(t *testing.T) {
	for _, trace := range simulate.BundledTraces() {
		t.Run(trace, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "out", "demo.json")
			out, progress, err := execute(t.Context(), "demo", "--trace", trace, "--duration=0s", "-o", "json", "--report.file", file)
			require.NoError(t, err)

			var got simulate.Report
			require.NoError(t, json.Unmarshal([]byte(out), &got))
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, out, string(kept), "the file holds what is printed")
			require.Less(t, got.Predictive.OverloadSeconds, got.ReactiveEqualCost.OverloadSeconds)
			require.InEpsilon(t, got.Predictive.PodHours, got.ReactiveEqualCost.PodHours, simulate.CostTolerance*2)
			require.LessOrEqual(t, math.Abs(*got.ReactiveEqualCost.CostError), simulate.CostTolerance)
			require.Positive(t, got.Predictive.InvalidSyncs, "the outage outlasts the forecast")
			require.Less(t, got.Predictive.InvalidSyncs, int(outage/simulate.SyncPeriod))
			require.Zero(t, got.Reactive.InvalidSyncs)
			most := 0.25
			if trace == simulate.Application {
				most = 0.1
				requireShown(t, got)
			}
			require.LessOrEqual(t, float64(got.Shadows.ColdJoins), most*float64(got.Predictive.ColdJoins))
			require.Less(t, got.Shadows.OverloadSeconds, got.ReactiveEqualPrice.OverloadSeconds)
			require.InEpsilon(t, *got.Shadows.PricedHours, got.ReactiveEqualPrice.PodHours, simulate.CostTolerance*2)
			require.Positive(t, *got.Shadows.Activations)
			require.Greater(t, got.Forecast.Forecasts, 700)
			require.Positive(t, got.Predictive.OverloadUnforeseenSeconds, "what nothing announces is not foreseen")
			for _, want := range []string{
				"a spike that nothing announced", "Prometheus is stopped", "Prometheus is back", "curl -sk 'https://127.0.0.1:",
				"The pool asks for pods a cold start, an update interval (5m) and an HPA sync (15s) ahead.\n",
			} {
				require.Contains(t, progress, want)
			}
		})
	}
}

// requireShown holds the table in the README to what the demo prints.
func requireShown(t *testing.T, r simulate.Report) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	shown := map[string]bool{}
	for line := range strings.Lines(string(readme)) {
		shown[strings.TrimSpace(line)] = true
	}
	var table bytes.Buffer
	require.NoError(t, r.WriteTable(&table))
	figures, _, _ := strings.Cut(table.String(), `"equal cost" is`)
	for line := range strings.Lines(figures) {
		require.True(t, shown[strings.TrimSpace(line)], "the README's table has no line %q: take that of make demo", line)
	}
}

func TestDemoReplaysTheUsersTrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.csv")
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for minute := range 3 * 24 * 60 {
		hour := minute / 60 % 24
		b.WriteString(strings.Join([]string{strconv.Itoa(1700000000/60*60 + 60*minute), strconv.Itoa(100 + 50*hour)}, ",") + "\n")
	}
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	out, progress, err := execute(t.Context(), "demo", "--csv", file, "--cold-start=90s", "--replay=12h", "--capacity-per-replica=100", "--duration=0s", "--report.file=")
	require.NoError(t, err)
	require.Contains(t, progress, "Replaying the last 12h of "+file)
	require.Contains(t, progress, "a new pod is ready after 1m30s")
	require.Contains(t, out, "overload seconds")
}

func TestDemoEndsWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := execute(ctx, "demo", "--report.file=")
	require.ErrorIs(t, err, context.Canceled)
}

func TestDemoRefusesBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	short := write("short.csv", "timestamp,value\n1700000040,1\n1700000100,two\n")
	fine := write("fine.csv", "timestamp,value\n1700000040,1\n1700000050,2\n")
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"an unknown trace", []string{"--trace=mine"}, `--trace: trace "mine" is unknown: write one of application, database`},
		{"two traces", []string{"--trace=database", "--csv=x.csv"}, `--trace: database and --csv name two traces: leave one of them out`},
		{"an unknown output", []string{"-o", "yaml"}, `--output: unknown format "yaml": write table or json`},
		{"a quantile in percent", []string{"--quantile=95"}, `--quantile: 95: write a probability between 0 and 1 with at most six digits, such as 0.95`},
		{"a quantile next to certainty", []string{"--quantile=0.9999999"}, `--quantile: 0.9999999: write a probability between 0 and 1 with at most six digits, such as 0.95`},
		{"a quantile that is no number", []string{"--quantile=NaN"}, `--quantile: NaN: write a probability between 0 and 1 with at most six digits, such as 0.95`},
		{"a cold start of nothing", []string{"--cold-start=0s"}, `--cold-start: 0s: write a duration from 1s to 5h59m45s, such as 3m: the pool's coldStartLead is an HPA sync of 15s longer, and at most 6h`},
		{"a cold start too long for a pool", []string{"--cold-start=6h"}, `--cold-start: 6h0m0s: write a duration from 1s to 5h59m45s, such as 3m: the pool's coldStartLead is an HPA sync of 15s longer, and at most 6h`},
		{"a replay without room for the faults", []string{"--replay=5h59m"}, `--replay: 5h59m0s: write a duration of at least 6h, such as 72h: a shorter one has no room for the spike and the outage`},
		{"a replica that carries nothing", []string{"--capacity-per-replica=-1"}, `--capacity-per-replica: -1: write the load that one replica carries, or 0`},
		{"a replica without number", []string{"--capacity-per-replica=NaN"}, `--capacity-per-replica: NaN: write the load that one replica carries, or 0`},
		{"a replica that the HPA cannot count", []string{"--capacity-per-replica=0.001"}, `a replica that carries 0.001: the HPA counts in thousandths: write --capacity-per-replica=0.02 or more, or the trace in a smaller unit`},
		{"shadows that cost nothing", []string{"--idle-cpu-percent=0"}, `--idle-cpu-percent: 0: write a percentage from 1 to 100, such as 10`},
		{"a missing file", []string{"--csv=/nowhere.csv"}, `--csv: open /nowhere.csv: no such file or directory: write the path of a CSV file`},
		{
			"an address that others reach",
			[]string{"--web.api-address=0.0.0.0:0"},
			`--web.api-address "0.0.0.0:0": standalone mode has no authentication: write a loopback address such as 127.0.0.1:0`,
		},
		{
			// The kernel's own file system refuses even root.
			"a report that cannot be written",
			[]string{"--report.file=/sys/demo/report.json"},
			`--report.file "/sys/demo/report.json": this user may not write there: name another file, or write --report.file= for none`,
		},
		{
			"a report that is a directory",
			[]string{"--report.file=" + dir},
			`--report.file "` + dir + `": open ` + dir + `: is a directory: name another file, or write --report.file= for none`,
		},
		{
			"a store that holds something",
			[]string{"--storage.path=" + dir},
			`--storage.path "` + dir + `": the directory is not empty: name a new or an empty one, or leave the flag out`,
		},
		{
			"a store that is a file",
			[]string{"--storage.path=" + short},
			`--storage.path "` + short + `": open ` + short + `: not a directory: name an empty directory that this user may write, or leave the flag out`,
		},
		{
			"text in a number",
			[]string{"--csv=" + short},
			`--csv: read trace ` + short + `: line 3, column 12: value "two": write a finite number of at least 0`,
		},
		{
			"a step finer than a pool's",
			[]string{"--csv=" + fine},
			`--csv: read trace ` + fine + `: line 3, column 1: timestamp "1700000050": it is 10s after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from 15s to 5m0s that divides a day`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := execute(t.Context(), append([]string{"demo", "--report.file="}, tc.args...)...)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestDemoWithoutWritePermission(t *testing.T) {
	t.Setenv("TMPDIR", "/sys")
	_, _, err := execute(t.Context(), "demo", "--report.file=")
	require.EqualError(t, err, "make a directory for the embedded store in /sys: this user may not write there: name another one with --storage.path")
}
