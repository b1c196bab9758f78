package replay_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/dashboards"
	"github.com/foreshadow-dev/foreshadow/e2e/replay"
)

// mayBeEmpty are metrics that a run of minutes does not bring, and why.
var mayBeEmpty = map[string]string{
	"foreshadow_forecast_coverage_ratio":          "forecasts are judged after days",
	"foreshadow_forecast_pinball_ratio":           "forecasts are judged after days",
	"foreshadow_prometheus_samples_dropped_total": "the run's Prometheus sends nothing that is dropped",
}

func openStory(t *testing.T) *replay.Store {
	t.Helper()
	return open(t, readStory(t))
}

func readStory(t *testing.T) *replay.Recording {
	t.Helper()
	f, err := os.Open("testdata/story.series")
	require.NoError(t, err)
	defer f.Close()
	r, err := replay.Read(f)
	require.NoError(t, err)
	return r
}

func open(t *testing.T, r *replay.Recording) *replay.Store {
	t.Helper()
	s, err := replay.Open(t.Context(), t.TempDir(), r)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Every query of every dashboard brings something back from a run of the real adapter.
func TestDashboardsShowARealRun(t *testing.T) {
	story := openStory(t)
	for name, d := range dashboards.All() {
		t.Run(name, func(t *testing.T) {
			fill := replay.Variables(t.Context(), story, d)
			require.NoError(t, fill.Err)
			for i := range d.Panels {
				for _, target := range d.Panels[i].Targets {
					title := d.Panels[i].Title + " " + target.RefID
					expr := fill.In(target.Expr)
					require.NotContains(t, expr, "$", "%s: a variable is not known", title)
					names, err := story.Names(expr)
					require.NoError(t, err, title)
					matrix, err := story.Range(t.Context(), expr)
					require.NoError(t, err, "%s: %s", title, expr)
					if len(names) == 1 && mayBeEmpty[names[0]] != "" {
						continue
					}
					require.True(t, shows(matrix), "%s shows nothing: %s", title, expr)
					require.Less(t, len(matrix), 60, "%s shows too much to be read: %s", title, expr)
				}
			}
			for _, a := range d.Annotations.List {
				_, err := story.Names(a.Expr)
				require.NoError(t, err, a.Name)
			}
		})
	}
}

// A second adapter says the same of the pools: what is shown of them is not doubled.
func TestTwoAdaptersShowThePoolsOnce(t *testing.T) {
	one, both := readStory(t), readStory(t)
	for series, values := range one.Series {
		if second := strings.Replace(series, `instance="foreshadow-adapter:9402"`, `instance="foreshadow-adapter-2:9402"`, 1); second != series {
			both.Series[second] = values
		}
	}
	require.Greater(t, len(both.Series), len(one.Series))
	single, double := open(t, one), open(t, both)
	for _, name := range []string{"overview.json", "pool.json"} {
		d := dashboards.All()[name]
		fill := replay.Variables(t.Context(), single, d)
		for i := range d.Panels {
			for _, target := range d.Panels[i].Targets {
				want, err := single.Range(t.Context(), fill.In(target.Expr))
				require.NoError(t, err)
				got, err := double.Range(t.Context(), fill.In(target.Expr))
				require.NoError(t, err)
				require.Equal(t, want.String(), got.String(), "%s %s", d.Panels[i].Title, target.RefID)
			}
		}
	}
}

// shows says that something can be seen: NaN cannot.
func shows(m promql.Matrix) bool {
	return slices.ContainsFunc(m, func(s promql.Series) bool {
		return slices.ContainsFunc(s.Floats, func(p promql.FPoint) bool { return !math.IsNaN(p.F) && !math.IsInf(p.F, 0) })
	})
}

// What the list above excuses is excused as long as it is so.
func TestNothingIsExcusedForLong(t *testing.T) {
	story := openStory(t)
	for name, why := range mayBeEmpty {
		matrix, err := story.Range(t.Context(), name)
		require.NoError(t, err)
		require.Empty(t, matrix, "%s is excused (%s) and is there", name, why)
	}
}
