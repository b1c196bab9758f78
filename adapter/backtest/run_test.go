package backtest

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func readTestSeries(t *testing.T, name string) []Series {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "series", name))
	require.NoError(t, err)
	defer f.Close()
	series, err := ReadCSV(name, f, 0)
	require.NoError(t, err)
	return series
}

// reference holds what another tool measured, by series and column: the mean
// over origins.
func reference(t *testing.T, name string) map[string]map[string]float64 {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "reference", name))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	sums, counts := map[string]map[string]float64{}, map[string]float64{}
	for _, row := range rows[1:] {
		series := row[1]
		if sums[series] == nil {
			sums[series] = map[string]float64{}
		}
		counts[series]++
		for k, column := range rows[0] {
			if v, err := strconv.ParseFloat(row[k], 64); err == nil {
				sums[series][column] += v
			}
		}
	}
	for series, columns := range sums {
		for column := range columns {
			columns[column] /= counts[series]
		}
		columns["windows"] = counts[series]
	}
	return sums
}

// Seasonal naive, the origins and every figure are those of an independent
// implementation in R and Python (testdata/README.md).
func TestSeasonalNaiveReproducesTheReference(t *testing.T) {
	want := reference(t, "seasonal_naive.csv")
	report, err := Run(t.Context(), readTestSeries(t, "application_crash_rate.csv"), Config{
		Origins: 6, History: 28 * day, Levels: []float64{0.5, 0.95},
	})
	require.NoError(t, err)
	require.Len(t, report.Series, len(want))
	for i := range report.Series {
		s := &report.Series[i]
		ref := want[s.Series]
		require.EqualValues(t, ref["windows"], s.Windows, s.Series)
		peer := s.find(SeasonalNaive)
		for part, m := range map[string]Metrics{"24h": peer.Horizon.Metrics, "1h": peer.FirstHour.Metrics} {
			for name, got := range map[string]Number{
				"mase": m.MASE, "smape": m.SMAPE, "spl95": m.Pinball, "cov95": m.Coverage, "over": m.Idle, "under": m.Missing,
			} {
				w := ref[name+"_"+part]
				// Sums in another order.
				if math.Abs(float64(got)-w) > 1e-9*math.Max(1, math.Abs(w)) {
					t.Errorf("%s: %s_%s = %v, want %v", s.Series, name, part, got, w)
				}
			}
		}
		require.InDelta(t, 1, float64(peer.Horizon.MASERatio), 1e-12)
	}
}

// A quantile of a constant load may be off by rounding; that is no miss.
func TestAConstantLoadIsCovered(t *testing.T) {
	s := Series{Name: "const", Series: forecast.Series{Start: time.Unix(1633651200, 0), Step: 5 * time.Minute, Values: make([]float64, 14*288)}}
	for i := range s.Values {
		s.Values[i] = 100
	}
	report, err := Run(t.Context(), []Series{s}, Config{Origins: 6, History: 28 * day, Levels: []float64{0.5, 0.95}})
	require.NoError(t, err)
	for _, m := range report.Models {
		require.EqualValues(t, 1, m.Horizon.Coverage, m.Model)
		require.EqualValues(t, 1, m.FirstHour.Coverage, m.Model)
	}
	for _, q := range report.Quantiles {
		require.EqualValues(t, 1, q.Horizon, "level %v", q.Level)
	}
}
