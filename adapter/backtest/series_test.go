package backtest

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, text string, step time.Duration) []Series {
	t.Helper()
	series, err := ReadCSV("web.csv", strings.NewReader(text), step)
	require.NoError(t, err)
	return series
}

func TestReadCSV(t *testing.T) {
	tests := []struct {
		name, text string
		step       time.Duration
		want       []float64
		wantStep   time.Duration
		notes      []string
	}{
		{"seconds", "timestamp,value\n0,1\n60,2\n120,3\n", 0, []float64{1, 2, 3}, time.Minute, nil},
		{"RFC 3339, other zones and case", "Timestamp, Value\n1970-01-01T01:00:00+01:00,1\n1970-01-01T00:01:00Z,2\n", 0, []float64{1, 2}, time.Minute, nil},
		{"a time in UTC, with a fraction of a second or an offset", "timestamp,value\n1970-01-01 00:00:00,1\n1970-01-01 00:01:00.000,2\n1970-01-01 01:02:00+01:00,3\n", 0, []float64{1, 2, 3}, time.Minute, nil},
		{"a byte order mark, CRLF, no line feed at the end", "\ufefftimestamp,value\r\n0,1\r\n60,2", 0, []float64{1, 2}, time.Minute, nil},
		{
			"a gap by a missing line, and by a missing value", "timestamp,value\n0,1\n60,2\n180,\n240,5\n300,NaN\n360,7\n", 0,
			[]float64{1, 2, nan, nan, 5, nan, 7},
			time.Minute,
			[]string{"43% of its steps of 1m have no value"},
		},
		{"stamps beside the grid go to the nearest step", "timestamp,value\n0,1\n61,2\n119,3\n180,4\n240,5\n", 0, []float64{1, 2, 3, 4, 5}, time.Minute, nil},
		{"sorted", "timestamp,value\n60,2\n0,1\n120,3\n", 0, []float64{1, 2, 3}, time.Minute, []string{"1 value is out of order: the series was sorted"}},
		{
			"the later line of a stamp counts", "timestamp,value\n0,1\n60,2\n60,4\n120,3\n", 0,
			[]float64{1, 4, 3},
			time.Minute,
			[]string{"1 value has the stamp of an earlier one: the later one counts"},
		},
		{
			"a later line counts out of order, too", "timestamp,value\n0,1\n60,4\n120,3\n60,5\n", 0,
			[]float64{1, 5, 3},
			time.Minute,
			[]string{"1 value is out of order: the series was sorted", "1 value has the stamp of an earlier one: the later one counts"},
		},
		{"a given step takes the mean", "timestamp,value\n60,1\n120,3\n180,\n300,5\n660,7\n", 5 * time.Minute, []float64{2, 5, 7}, 5 * time.Minute, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := read(t, tt.text, tt.step)
			require.Len(t, got, 1)
			require.Equal(t, "web", got[0].Name)
			require.Equal(t, tt.wantStep, got[0].Step)
			if diff := cmp.Diff(tt.want, got[0].Values, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			require.Equal(t, tt.notes, got[0].Notes)
		})
	}
}

func TestReadCSVOfSeveralSeries(t *testing.T) {
	got := read(t, "series,timestamp,value\nb,0,1\na,3600,2\nb,60,3\na,0,4\n", 0)
	require.Len(t, got, 2)
	require.Equal(t, []string{"a", "b"}, []string{got[0].Name, got[1].Name})
	require.Equal(t, []float64{4, 2}, got[0].Values)
	require.Equal(t, time.Hour, got[0].Step)
	require.Equal(t, []float64{1, 3}, got[1].Values)
}

// A run of gaps of one length is another step; a few of them are gaps.
func TestChangedStep(t *testing.T) {
	text := func(long int) string {
		var b strings.Builder
		b.WriteString("timestamp,value\n")
		at := 0
		for range 100 {
			at += 60
			b.WriteString(number(float64(at)) + ",1\n")
		}
		for range long {
			at += 120
			b.WriteString(number(float64(at)) + ",1\n")
		}
		return b.String()
	}
	_, err := ReadCSV("web.csv", strings.NewReader(text(changedRun-1)), 0)
	require.NoError(t, err)
	_, err = ReadCSV("web.csv", strings.NewReader(text(changedRun)), 0)
	require.EqualError(t, err, "read web.csv: series web: the step changes: it is 1m, and from 1970-01-01T01:40:00Z on 2m: write one step, or bring all to one with --step=2m")
}

// A given step that is finer than a part of the series would leave gaps in it.
func TestChangedStepOfAGivenStep(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	at := 0
	for _, part := range []struct{ n, apart int }{{100, 60}, {changedRun, 120}, {changedRun, 300}, {changedRun, 30}} {
		for range part.n {
			at += part.apart
			b.WriteString(number(float64(at)) + ",1\n")
		}
	}
	for _, step := range []time.Duration{time.Minute, 2 * time.Minute} {
		_, err := ReadCSV("web.csv", strings.NewReader(b.String()), step)
		require.EqualError(t, err, "read web.csv: series web: the step changes: it is 1m, and from 1970-01-01T02:28:00Z on 5m: write one step, or bring all to one with --step=5m")
	}
	got := read(t, b.String(), 5*time.Minute)
	require.Empty(t, got[0].Notes)
	require.NotContains(t, got[0].Values, nan)
}

func TestFilled(t *testing.T) {
	tests := []struct {
		name    string
		x, want []float64
		m, hour int
	}{
		{"nothing to fill", []float64{1, 2}, []float64{1, 2}, 2, 1},
		{"nothing but gaps", []float64{nan, nan}, []float64{nan, nan}, 2, 1},
		{"a line over a short gap", []float64{1, nan, nan, 4}, []float64{1, 2, 3, 4}, 2, 2},
		{"a season before", []float64{1, 2, 3, nan, nan, 6}, []float64{1, 2, 3, 1, 2, 6}, 3, 1},
		{"a season after, where there is none before", []float64{nan, nan, 3, 4, 5, 6}, []float64{4, 5, 3, 4, 5, 6}, 3, 1},
		{"the median, where there is neither", []float64{1, nan, 9, 2}, []float64{1, 2, 9, 2}, 4, 0},
		{"at the end a season before, however short", []float64{1, 2, 3, nan}, []float64{1, 2, 3, 1}, 3, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, filled(tt.x, tt.m, tt.hour), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("filled (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzReadCSV holds that what is read can be forecast, and that what is written
// is read again as it was.
func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{
		"timestamp,value\n0,1\n60,2\n", "series,timestamp,value\na,0,1\nb,60,\n", "timestamp,value\n1970-01-01T00:00:00Z,1e300\n0.5,-3\n",
		"timestamp,value\n\"0\",\"1\"\n\"", "", "\n\n", "timestamp,value\n99999999999,1\n0,2\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		series, err := ReadCSV("web.csv", strings.NewReader(text), 0)
		if err != nil {
			return
		}
		for _, s := range series {
			if err := s.Validate(); err != nil {
				t.Fatalf("series %s: %v", s.Name, err)
			}
			if s.Present() == 0 || len(s.Values) > maxSteps {
				t.Fatalf("series %s: %d of %d values", s.Name, s.Present(), len(s.Values))
			}
			if len(s.Values) > 5_000 {
				return
			}
		}
		all, err := ForecastAll(t.Context(), series, ForecastConfig{Horizon: time.Hour, Levels: []float64{0.9}})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteCSV(&b, all, []float64{0.9}); err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			_ = f.Text(Plot{Columns: 80}, []float64{0.9})
			for i := range f.Point {
				if math.IsNaN(f.Point[i]) || f.Quantiles[0][i] < f.Point[i] {
					t.Fatalf("step %d: point %v, quantile %v", i, f.Point[i], f.Quantiles[0][i])
				}
			}
		}
	})
}
