package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPinballLoss(t *testing.T) {
	for _, tc := range []struct {
		name          string
		p, y, f, want float64
	}{
		{"a miss costs p per unit", 0.9, 12, 10, 1.8},
		{"an excess costs 1-p per unit", 0.75, 8, 10, 0.5},
		{"an exact quantile costs nothing", 0.9, 5, 5, 0},
		{"a gap cannot be scored", 0.9, nan, 5, nan},
	} {
		t.Run(tc.name, func(t *testing.T) {
			same(t, tc.want, PinballLoss(tc.p, tc.y, tc.f))
		})
	}
}

func same(t *testing.T, want, got float64) {
	t.Helper()
	if math.IsNaN(want) {
		require.True(t, math.IsNaN(got), "got %v, want NaN", got)
		return
	}
	require.InDelta(t, want, got, 1e-12)
}

func TestCovers(t *testing.T) {
	for _, tc := range []struct {
		name string
		y, f float64
		want bool
	}{
		{"a value below is covered", 9, 10, true},
		{"a tie is covered", 10, 10, true},
		{"a value above is not", 10.000001, 10, false},
		{"a rounding error above is covered", 100, 99.99999999999999, true},
		{"a rounding error of a large load is, too", 3e9, math.Nextafter(3e9, 0), true},
		{"what is above by more than rounding is not", 100 * (1 + 3e-12), 100, false},
		{"a small load above zero is not", 1e-15, 0, false},
		{"an endless bound covers", 10, math.Inf(1), true},
		{"an endless value is not covered", math.Inf(1), 10, false},
		{"a gap is not", nan, 10, false},
		{"what has no bound is not", 10, nan, false},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, Covers(tc.y, tc.f)) })
	}
}

func TestMeanMeasures(t *testing.T) {
	y, f := []float64{10, nan, 20, 0}, []float64{12, 5, 16, 0}
	gaps := []float64{nan, nan, nan, nan}
	for _, tc := range []struct {
		name      string
		got, want float64
	}{
		{"pinball averages what is present", MeanPinballLoss(0.9, y, f), (0.2 + 3.6 + 0) / 3},
		{"coverage counts ties as covered", Coverage(y, f), 2.0 / 3},
		{"sMAPE counts two zeros as no error", SMAPE(y, f), (200.0*2/22 + 200.0*4/36) / 3},
		{"MASE divides by the seasonal naive error", MASE([]float64{1, 5, 3, 9, nan, 10}, y, f, 2), (2 + 4 + 0) / 3.0 / ((2 + 4 + 1) / 3.0)},
		{"MASE of a history that repeats itself cannot be said", MASE([]float64{1, 2, 1, 2}, y, f, 2), nan},
		{"MASE of a history without a pair cannot be said", MASE([]float64{1, 2}, y, f, 2), nan},
		{"nothing present cannot be said", Coverage(gaps, f), nan},
		{"nothing at all cannot be said", MeanPinballLoss(0.5, nil, nil), nan},
	} {
		t.Run(tc.name, func(t *testing.T) { same(t, tc.want, tc.got) })
	}
	require.PanicsWithValue(t, "forecast: actual and forecast values differ in length", func() { Coverage(y, f[:2]) })
	require.PanicsWithValue(t, "forecast: MASE needs a season length of at least 1", func() { MASE(y, y, f, 0) })
}
