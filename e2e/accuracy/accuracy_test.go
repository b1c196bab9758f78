package main

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// load is a day and a week with noise, at a step of half an hour.
func load(days int, seed uint64) series {
	s := forecast.Series{Start: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), Step: 30 * time.Minute}
	for i := range days * 48 {
		day := float64(i) / 48
		seed = seed*6364136223846793005 + 1442695040888963407
		v := 100 + 60*math.Sin(2*math.Pi*day) + 20*math.Cos(2*math.Pi*day/7) + 20*(float64(seed>>40)/(1<<24)-0.5)
		s.Values = append(s.Values, v)
	}
	return series{"f", "s", s}
}

func scores(t *testing.T, x ...series) score {
	t.Helper()
	var w []window
	for _, s := range x {
		w = append(w, windows(s)...)
	}
	results, err := run(w, forecast.Config{})
	require.NoError(t, err)
	return mean(averaged(bySeries(results), func(r *result) score { return r.ours[0] }))
}

// Names, order, units and weeks are no information: the scores stay.
func TestScoresKnowNoNames(t *testing.T) {
	a, b := load(20, 1), load(16, 2)
	b.name = "t"
	want := scores(t, a, b)
	same := func(x ...series) {
		got := scores(t, x...)
		// Up to what the codes of a fit are off: their units are powers of two.
		require.InEpsilon(t, want.mase, got.mase, 3e-5)
		require.InEpsilon(t, want.smape, got.smape, 3e-5)
		require.InEpsilon(t, want.pinball[p95], got.pinball[p95], 3e-5)
		require.InDelta(t, want.cover[p95], got.cover[p95], 1e-9)
	}
	a.name, b.name = "t", "s"
	same(b, a)
	for _, unit := range []float64{1e-6, 1e6} {
		scaled := load(20, 1)
		for i := range scaled.Values {
			scaled.Values[i] *= unit
		}
		scaled.name = "u"
		same(scaled, b)
	}
	a.Start = a.Start.Add(-31 * 7 * 24 * time.Hour)
	same(a, b)
}

func TestWindows(t *testing.T) {
	w := windows(load(20, 1))
	require.Len(t, w, 6)
	require.Len(t, w[0].known.Values, 384, "two fifths of the series are more than seven days")
	require.Len(t, w[5].known.Values, 19*48)
	require.Len(t, w[5].actual, 48)
	short := load(8, 1)
	require.Len(t, windows(short), 1)
	short.Values = short.Values[:8*48-1]
	require.Empty(t, windows(short))
	gaps := load(8, 1)
	for i := range 110 {
		gaps.Values[i] = math.NaN()
	}
	require.Empty(t, windows(gaps), "a third of the history is missing")
}

func TestGrid(t *testing.T) {
	var x []loadcsv.Sample
	for _, p := range [][2]int64{{60, 2}, {0, 1}, {120, 3}, {121, 4}, {240, 5}, {300, 6}, {360, 7}} {
		x = append(x, loadcsv.Sample{At: time.Unix(p[0], 0), Value: float64(p[1])})
	}
	s := grid(x)
	require.Equal(t, time.Minute, s.Step)
	require.Equal(t, []float64{1, 2, 4}, s.Values[:3], "of two on one step the later wins")
	require.True(t, math.IsNaN(s.Values[3]))
	require.Equal(t, 5.0, s.Values[4])
}

func TestOracleIsCalibrated(t *testing.T) {
	var x [][]strip
	for range 30 {
		s := make(strip, 2000)
		for i := range s {
			s[i] = float64((i * 7919) % 2000)
		}
		x = append(x, []strip{s, s, s})
	}
	within, worst := oracle(x, 0.95, 0.02)
	require.Greater(t, within, 0.9)
	require.Greater(t, worst, 0.9)
}

func TestReportSaysWhatIsMissing(t *testing.T) {
	err := report(io.Discard, options{data: "nowhere"})
	require.EqualError(t, err, "folder of series nowhere: there is none: name one with make accuracy DATA=dir (CSV files timestamp,value or series,timestamp,value)")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.csv"), []byte("when,value\n1,2\n"), 0o600))
	require.EqualError(t, report(io.Discard, options{data: dir}), "read "+filepath.Join(dir, "a.csv")+`: line 1: "when,value" is no header: write "timestamp,value", "series,timestamp,value" or "timestamp,web,api" above the values`)
}

// The stamps are those that backtest takes; a temperature may be below 0.
func TestReadSeries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("timestamp,value\n2026-02-02T00:01:00Z,-2\n1769990400,1\n2026-02-02 00:03:00,\n")
	got, err := readSeries(file)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, plain, got[0].name)
	require.Equal(t, time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), got[0].Start)
	require.Equal(t, []float64{1, -2}, got[0].Values[:2])
	write("timestamp,value\n0,1\n60,two\n")
	_, err = readSeries(file)
	require.EqualError(t, err, "read "+file+`: line 3, column 4: value "two": write a finite number, or nothing for a gap`)
}

// A run ends where what we compute for others is not what is stored of them.
func TestStoredResultsAreReproduced(t *testing.T) {
	var w window
	for _, w = range windows(load(20, 1)) {
		break
	}
	naive, two := rate(w, seasonalNaive(w), 48), rate(w, naive2(w), 48)
	stored := func() []baseline {
		return []baseline{
			{"snaive24", map[string][2]score{"/" + w.series: {naive}}},
			{"naive2", map[string][2]score{"/" + w.series: {two}}},
			{"theta", map[string][2]score{"/" + w.series: {}}},
		}
	}
	require.NoError(t, reproduces([]window{w}, stored()))
	require.NoError(t, reproduces([]window{w}, nil))
	for i, alter := range []func(*score){
		func(s *score) { s.mase *= 1.00001 },
		func(s *score) { s.smape *= 1.00001 },
		func(s *score) { s.pinball[p95] *= 1.01 },
		func(s *score) { s.msis *= 1.01 },
	} {
		other := stored()
		scores := other[0].scores["/"+w.series]
		alter(&scores[0])
		other[0].scores["/"+w.series] = scores
		require.ErrorContains(t, reproduces([]window{w}, other), "of snaive24 is", "%d", i)
	}
	other := stored()
	scores := other[1].scores["/"+w.series]
	scores[0].mase *= 1.00001
	other[1].scores["/"+w.series] = scores
	require.ErrorContains(t, reproduces([]window{w}, other), "MASE of naive2 is")
}
