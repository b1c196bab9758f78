package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var (
	nan   = math.NaN()
	epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
)

func minutes(values ...float64) Series {
	return Series{Start: epoch, Step: time.Minute, Values: values}
}

func TestSeriesValidate(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    Series
		want string
	}{
		{"gaps are fine", minutes(1, nan, 3), ""},
		{"no values are fine", minutes(), ""},
		{"a step of zero is refused", Series{Values: []float64{1}}, "series step 0s: write a positive duration"},
		{"a negative step is refused", Series{Step: -time.Second}, "series step -1s: write a positive duration"},
		{"an infinite value is refused", minutes(1, math.Inf(-1)), "series value 1 is infinite: mark it as a gap (NaN)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.s.Validate()
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestSeriesBetween(t *testing.T) {
	s := minutes(0, 1, 2, 3, 4)
	at := func(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }
	for _, tc := range []struct {
		name       string
		start, end time.Time
		want       []float64
	}{
		{"both ends belong to it", at(60), at(180), []float64{1, 2, 3}},
		{"instants between steps round inwards", at(61), at(179), []float64{2}},
		{"a range past both ends is cut", at(-600), at(6000), []float64{0, 1, 2, 3, 4}},
		{"a range before the series is empty", at(-600), at(-60), []float64{}},
		{"a range after the series is empty", at(600), at(660), []float64{}},
		{"a reversed range is empty", at(180), at(60), []float64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := s.Between(tc.start, tc.end)
			if diff := cmp.Diff(tc.want, got.Values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if len(tc.want) > 0 && got.Start != s.Time(int(tc.want[0])) {
				t.Errorf("start: got %v, want the instant of value %v", got.Start, tc.want[0])
			}
		})
	}
}

func TestSeriesSummaries(t *testing.T) {
	s := minutes(nan, 3, -1, nan)
	require.Equal(t, 2, s.Present())
	require.Equal(t, 3.0, s.Max())
	require.Equal(t, -1.0, s.Min())
	require.Equal(t, 4*time.Minute, s.Span())
	require.Equal(t, epoch.Add(3*time.Minute), s.Origin())
	v, at, ok := s.Last()
	require.True(t, ok)
	require.Equal(t, -1.0, v)
	require.Equal(t, epoch.Add(2*time.Minute), at)

	gaps := minutes(nan, nan)
	require.True(t, math.IsNaN(gaps.Max()) && math.IsNaN(gaps.Min()))
	_, _, ok = gaps.Last()
	require.False(t, ok)
	require.Equal(t, epoch.Add(-time.Minute), minutes().Origin())
}
