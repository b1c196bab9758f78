package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestForecastRanges(t *testing.T) {
	origin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	f := forecast.Forecast{
		Origin: origin, Step: time.Minute,
		Point:     []float64{1, 5, 2, 3},
		Levels:    []float64{0.9, 0.99},
		Quantiles: [][]float64{{2, 6, 3, 4}, {4, 8, 5, 9}},
	}
	at := func(seconds int) time.Time { return origin.Add(time.Duration(seconds) * time.Second) }
	for _, tc := range []struct {
		name     string
		level    float64
		from, to int
		want     float64
		err      string
	}{
		{"from the origin the first step belongs to it", 0.9, 0, 60, 2, ""},
		{"the highest step counts", 0.9, 0, 240, 6, ""},
		{"the step at from is left out", 0.9, 120, 240, 4, ""},
		{"the step at to belongs to it", 0.99, 120, 240, 9, ""},
		{"instants between steps keep the steps inside", 0.9, 61, 200, 6, ""},
		{"what is before the origin is past", 0.9, -600, 60, 2, ""},
		{"a level not asked for is refused", 0.95, 0, 60, 0, "level 0.95: not asked for; this forecast has [0.9 0.99]"},
		{"a range without a step is refused", 0.9, 70, 110, 0, "range (2026-03-02T12:01:10Z, 2026-03-02T12:01:50Z]: no step of 1m0s lies in it"},
		{"an empty range is refused", 0.9, 60, 60, 0, "range (2026-03-02T12:01:00Z, 2026-03-02T12:01:00Z]: no step of 1m0s lies in it"},
		{"a range before the origin is refused", 0.9, -600, -60, 0, "range (2026-03-02T11:50:00Z, 2026-03-02T11:59:00Z]: no step of 1m0s lies in it"},
		{"a range past the last step is refused", 0.9, 0, 241, 0, "range to 2026-03-02T12:04:01Z: the forecast ends at 2026-03-02T12:04:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name, ask := range map[string]func(float64, time.Time, time.Time) (float64, error){"Max": f.Max, "Peak": f.Peak} {
				got, err := ask(tc.level, at(tc.from), at(tc.to))
				if tc.err != "" {
					require.EqualError(t, err, tc.err, name)
					continue
				}
				require.NoError(t, err, name)
				require.Equal(t, tc.want, got, name)
			}
		})
	}
	for _, tc := range []struct {
		name    string
		seconds int
		want    float64
	}{
		{"a step answers for its instant", 120, 6},
		{"between steps the later one answers", 61, 6},
		{"at the origin the first step answers", 0, 2},
		{"before the origin the first step answers", -90, 2},
		{"the last step answers", 240, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := f.At(0.9, at(tc.seconds))
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
	_, err := f.At(0.9, at(241))
	require.EqualError(t, err, "instant 2026-03-02T12:04:01Z: the forecast ends at 2026-03-02T12:04:00Z")
	_, err = f.At(0.5, at(60))
	require.EqualError(t, err, "level 0.5: not asked for; this forecast has [0.9 0.99]")
}
