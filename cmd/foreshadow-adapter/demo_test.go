package main

import (
	"bytes"
	"context"
	"encoding/json"
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
	root := newRootCommand()
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
			require.Greater(t, got.Forecast.Forecasts, 700)
			require.Positive(t, got.Predictive.OverloadUnforeseenSeconds, "what nothing announces is not foreseen")
			for _, want := range []string{"a spike that nothing announced", "Prometheus is stopped", "Prometheus is back", "curl -sk https://127.0.0.1:"} {
				require.Contains(t, progress, want)
			}
		})
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
	short := filepath.Join(t.TempDir(), "short.csv")
	require.NoError(t, os.WriteFile(short, []byte("timestamp,value\n1700000040,1\n1700000100,two\n"), 0o600))
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"an unknown trace", []string{"--trace=mine"}, `--trace: trace "mine" is unknown: write one of application, database`},
		{"an unknown output", []string{"-o", "yaml"}, `--output: unknown format "yaml": write table or json`},
		{"a quantile in percent", []string{"--quantile=95"}, `--quantile: 95: write a probability between 0 and 1, such as 0.95`},
		{"a cold start of nothing", []string{"--cold-start=0s"}, `--cold-start: 0s: write a duration from 1s to 6h, such as 3m`},
		{"a replay of minutes", []string{"--replay=5m"}, `--replay: 5m0s: write a duration of at least 1h, such as 72h`},
		{"a missing file", []string{"--csv=/nowhere.csv"}, `--csv: open /nowhere.csv: no such file or directory`},
		{
			"an address that others reach",
			[]string{"--web.api-address=0.0.0.0:0"},
			`--web.api-address "0.0.0.0:0": standalone mode has no authentication: write a loopback address such as 127.0.0.1:0`,
		},
		{
			// The kernel's own file system refuses even root.
			"a report that cannot be written",
			[]string{"--report.file=/sys/demo/report.json"},
			`--report.file "/sys/demo/report.json": mkdir /sys/demo: operation not permitted: name a file in a directory that this user may write, or write --report.file= for none`,
		},
		{"text in a number", []string{"--csv=" + short}, `value "two"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := execute(t.Context(), append([]string{"demo", "--report.file="}, tc.args...)...)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestDemoWithoutWritePermission(t *testing.T) {
	t.Setenv("TMPDIR", "/sys")
	_, _, err := execute(t.Context(), "demo", "--report.file=")
	require.ErrorContains(t, err, "make a directory for the embedded store: mkdir /sys/foreshadow-demo-")
	require.ErrorContains(t, err, "operation not permitted: name one that this user may write with --storage.path")
}
