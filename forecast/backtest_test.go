package forecast_test

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestBacktest(t *testing.T) {
	s := traffic(12*288, 5*time.Minute)
	first := s.Time(10*288 - 1)
	folds, err := forecast.Backtest(s, forecast.BacktestConfig{First: first, Every: 36, Refit: 288, Horizon: 12, Levels: []float64{0.9}})
	require.NoError(t, err)
	require.Len(t, folds, 16)
	for i, f := range folds {
		origin := 10*288 - 1 + i*36
		require.Equal(t, s.Time(origin), f.Forecast.Origin)
		require.Equal(t, s.Values[origin+1:origin+13], f.Actual)
	}
	// The second day's first origin: what Fit and Forecast say when asked alone.
	known := s.Between(s.Start, first.Add(24*time.Hour))
	fit, err := forecast.Fit(known, forecast.Config{})
	require.NoError(t, err)
	want, err := fit.Forecast(known, 12, []float64{0.9})
	require.NoError(t, err)
	require.Equal(t, want, folds[8].Forecast)

	folds, err = forecast.Backtest(s, forecast.BacktestConfig{First: first})
	require.NoError(t, err)
	require.Len(t, folds, 2, "by default one forecast a day, a day long")
	require.Equal(t, []float64{0.9, 0.95, 0.99}, folds[0].Forecast.Levels)
}

func TestBacktestRefuses(t *testing.T) {
	s := traffic(288, 5*time.Minute)
	for _, tc := range []struct {
		name string
		cfg  forecast.BacktestConfig
		want string
	}{
		{"an origin before the series", forecast.BacktestConfig{First: s.Start.Add(-time.Hour), Horizon: 1}, "backtest from 2023-11-14T21:13:20Z: no step before it, or fewer than 1 after it"},
		{"an origin with too little behind it", forecast.BacktestConfig{First: s.Origin(), Horizon: 3}, "backtest from 2023-11-15T22:08:20Z: no step before it, or fewer than 3 after it"},
		{"a negative stride", forecast.BacktestConfig{Every: -1}, "backtest every -1: write a positive number of steps"},
		{"an unknown model", forecast.BacktestConfig{First: s.Start.Add(time.Hour), Horizon: 1, Config: forecast.Config{Model: "x"}}, `fit at 2023-11-14T23:13:20Z: model "x": write one of Auto, Level, HourlyShape, SeasonalNaiveDay, DailyShape, DailyMedian, Fourier, SeasonalNaiveWeek, WeeklyShape, LaggedDays`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := forecast.Backtest(s, tc.cfg)
			require.EqualError(t, err, tc.want)
		})
	}
}

// readSeries reads one of testdata/series.
func readSeries(t *testing.T, name string) forecast.Series {
	t.Helper()
	file, err := os.Open("testdata/series/" + name + ".csv.gz")
	require.NoError(t, err)
	defer file.Close()
	plain, err := gzip.NewReader(file)
	require.NoError(t, err)
	rows, err := csv.NewReader(plain).ReadAll()
	require.NoError(t, err)
	s := forecast.Series{Step: time.Minute}
	for _, row := range rows[1:] {
		at, err := strconv.ParseInt(row[0], 10, 64)
		require.NoError(t, err)
		if s.Values == nil {
			s.Start = time.Unix(at, 0).UTC()
		}
		for int64(len(s.Values)) < (at-s.Start.Unix())/60 {
			s.Values = append(s.Values, math.NaN())
		}
		v, err := strconv.ParseFloat(row[1], 64)
		require.NoError(t, err)
		s.Values = append(s.Values, v)
	}
	return s
}

// The last three days of two real traces, an origin every five minutes, fits a
// day apart. The bounds are what was measured, with room for the noise of 853
// dependent origins.
func TestAccuracyOnRealTraces(t *testing.T) {
	const m = 1440
	for _, tc := range []struct {
		name     string
		loss     float64 // most, of the loss of the daily seasonal naive forecast
		coverage float64 // of the 0.9 quantile of the highest of eight minutes, at least
	}{
		{"application", 0.55, 0.87},
		{"database", 0.45, 0.86},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := readSeries(t, tc.name)
			folds, err := forecast.Backtest(s, forecast.BacktestConfig{First: s.Origin().Add(-72 * time.Hour), Every: 5, Horizon: 10})
			require.NoError(t, err)
			require.Greater(t, len(folds), 850)
			ours, naive, n := 0.0, 0.0, 0.0
			covered, peaks := [3]float64{}, [3]float64{}
			for _, f := range folds {
				o := int(f.Forecast.Origin.Sub(s.Start) / s.Step)
				top := math.Inf(-1)
				for i, y := range f.Actual {
					ours += math.Abs(y - f.Forecast.Point[i])
					naive += math.Abs(y - s.Values[o+1+i-m])
					if i < 8 {
						top = max(top, y)
					}
					for l := range covered {
						if y <= f.Forecast.Quantiles[l][i] {
							covered[l]++
						}
					}
					n++
				}
				for l, p := range f.Forecast.Levels {
					peak, err := f.Forecast.Peak(p, f.Forecast.Origin, f.Forecast.Origin.Add(8*time.Minute))
					require.NoError(t, err)
					if top <= peak {
						peaks[l]++
					}
				}
			}
			require.Less(t, ours/naive, tc.loss)
			for l, p := range folds[0].Forecast.Levels {
				tail := 1 - p
				require.InDelta(t, p, covered[l]/n, max(0.25*tail, 0.01), "coverage of the %v quantile, 1 to 10 minutes ahead", p)
				require.InDelta(t, p, peaks[l]/float64(len(folds)), max(0.4*tail, 0.01), "coverage of the %v peak of 8 minutes", p)
			}
			require.Greater(t, peaks[0]/float64(len(folds)), tc.coverage)
		})
	}
}
