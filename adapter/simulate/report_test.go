package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file under testdata/golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/golden/" + name
	if *update {
		require.NoError(t, os.MkdirAll("testdata/golden", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); `go test ./adapter/simulate -update` rewrites it:\n%s", path, diff)
	}
}

// sample is a report with figures of every size.
func sample(t *testing.T) Report {
	t.Helper()
	l := mustLoad(t, minutes(100))
	arm, err := reactive(l).Arm("reactive, equal cost", l, l.Start(), 12.34)
	require.NoError(t, err)
	require.NoError(t, arm.Advance(at(time.Hour)))
	mase, coverage := 0.5432, 0.957
	return NewReport(Outcome{
		Trace: "application", Start: t0, End: at(72 * time.Hour),
		Reactive:   ArmState{Totals: Totals{Foreseen: 7000 * time.Second, Unforeseen: 785 * time.Second, Offered: 1e6, Lost: 7700.4, ColdJoins: 1328, PodTime: 1124 * time.Hour}},
		EqualCost:  Solution{ExtraPercent: 12.34, Arm: arm, CostError: -0.0012},
		Predictive: ArmState{InvalidSyncs: 197, Totals: Totals{Foreseen: 1500 * time.Millisecond, Offered: 1e6, Lost: 0.25, ColdJoins: 7, PodTime: 999*time.Hour + 30*time.Minute}},
		Shadows:    ArmState{Totals: Totals{Offered: 1e6, ColdJoins: 3, PodTime: 900 * time.Hour}},
		Used:       ShadowTotals{PodTime: 400 * time.Hour, Activations: 321}, IdleShare: 0.1,
		EqualPrice: Solution{ExtraPercent: -3.21, Arm: arm, CostError: 0.0034},
		Forecast:   ForecastReport{MASE: &mase, CoverageP95: &coverage, Forecasts: 864},
	})
}

func TestReportTable(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample(t).WriteTable(&b))
	golden(t, "table.txt", b.String())
}

func TestReportTableSaysWhatItCannotSay(t *testing.T) {
	r := sample(t)
	r.Forecast = ForecastReport{}
	var b bytes.Buffer
	require.NoError(t, r.WriteTable(&b))
	require.Contains(t, b.String(), `error unknown of "as yesterday" (MASE), unknown of the load at or below P95
(0 forecasts; none is made while Prometheus is stopped)`)
}

func TestReportSaysWhereTheCostsAreNotEqual(t *testing.T) {
	for _, c := range []struct {
		name              string
		cost, price       float64
		titles, sentences []string
	}{
		{"costs within the tolerance count as equal", -CostTolerance, CostTolerance, []string{"equal cost", "equal price"}, nil},
		{
			"a dearer peer is the nearest", 0.0312, 0,
			[]string{"nearest cost", "equal price"},
			[]string{"no reactive HPA was found that costs what the predictive one does: the nearest costs 3.1 % more\n"},
		},
		{
			"a cheaper peer is the nearest", 0, -0.25,
			[]string{"equal cost", "nearest price"},
			[]string{"no reactive HPA was found that costs what the one with shadows does: the nearest costs 25.0 % less\n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sample(t)
			r.ReactiveEqualCost.CostError, r.ReactiveEqualPrice.CostError = &c.cost, &c.price
			var b bytes.Buffer
			require.NoError(t, r.WriteTable(&b))
			for _, want := range slices.Concat(c.titles, c.sentences) {
				require.Contains(t, b.String(), want)
			}
			require.Equal(t, len(c.sentences), strings.Count(b.String(), "no reactive HPA was found"))
		})
	}
}

func TestReportJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample(t).WriteJSON(&b))
	golden(t, "report.json", b.String())
	var back Report
	require.NoError(t, json.Unmarshal(b.Bytes(), &back))
	require.Empty(t, cmp.Diff(sample(t), back))
}

func TestReportMeasurementsRepeatTheFigures(t *testing.T) {
	r := sample(t)
	got := map[string]float64{}
	for _, m := range r.Measurements {
		require.NotContains(t, got, m.Name)
		require.NotEmpty(t, m.Unit)
		got[m.Name] = m.Value
	}
	exactly(t, r.Reactive.OverloadSeconds, got["reactive_overload_seconds"], "reactive_overload_seconds")
	exactly(t, *r.ReactiveEqualCost.ExtraPercent, got["reactive_equal_cost_extra_percent"], "reactive_equal_cost_extra_percent")
	exactly(t, -0.0012, got["reactive_equal_cost_cost_error"], "reactive_equal_cost_cost_error")
	exactly(t, 197, got["predictive_invalid_syncs"], "predictive_invalid_syncs")
	exactly(t, r.Predictive.PodHours, got["predictive_pod_hours"], "predictive_pod_hours")
	exactly(t, 400, got["shadows_shadow_hours"], "shadows_shadow_hours")
	exactly(t, 940, got["shadows_priced_hours"], "shadows_priced_hours")
	exactly(t, 321, got["shadows_activations"], "shadows_activations")
	exactly(t, *r.Forecast.MASE, got["forecast_mase"], "forecast_mase")
	exactly(t, *r.Forecast.CoverageP95, got["forecast_coverage_p95"], "forecast_coverage_p95")
	r.Forecast = ForecastReport{}
	require.Len(t, r.measure(), len(r.Measurements)-2, "what cannot be said is no measurement")
}

func TestCountGroupsThousands(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.4: "0", 999.4: "999", 999.5: "1,000", 1234567: "1,234,567", -1500: "-1,500"} {
		require.Equal(t, want, count(v), "%v", v)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestOutputThatCannotBeWrittenIsSaid(t *testing.T) {
	require.ErrorIs(t, sample(t).WriteTable(brokenWriter{}), errBroken)
	require.ErrorIs(t, sample(t).WriteJSON(brokenWriter{}), errBroken)
	require.ErrorIs(t, NewLive(brokenWriter{}, 0).Show(Frame{Now: t0}), errBroken)
}
