package backtest

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

var nan = math.NaN()

// Worked out by hand. The scale is mean(|3-1|, |5-2|) = 2.5, the size of the
// history 11/4; the second actual value is a gap.
func TestMeasure(t *testing.T) {
	got := measure([]float64{1, 2, 3, 5}, []float64{4, nan, 6}, []float64{5, 9, 4}, []float64{7, 9, 5}, 2)
	want := Metrics{
		MASE:     (1 + 2) / 2.0 / 2.5,
		SMAPE:    (200*1/9.0 + 200*2/10.0) / 2,
		Pinball:  (3*0.05 + 1*0.95) / 2 / 2.5,
		Coverage: 0.5,
		Idle:     (3 + 0) / 2.0 / 2.75,
		Missing:  (0 + 1) / 2.0 / 2.75,
	}
	for i, g := range got.fields() {
		require.InDelta(t, float64(*want.fields()[i]), float64(*g), 1e-12, "figure %d", i)
	}
}

func TestMeasureOfWhatCannotBeSaid(t *testing.T) {
	tests := []struct {
		name string
		x, y []float64
		want string
	}{
		{"a history that repeats itself has no scale", []float64{1, 2, 1, 2}, []float64{1, 2}, `{"mase":null,"smape":0,"pinball":null,"coverage":1,"idle":0,"missing":0}`},
		{"a history without a season has no scale", []float64{1, 2}, []float64{1, 2}, `{"mase":null,"smape":0,"pinball":null,"coverage":1,"idle":0,"missing":0}`},
		{"nothing was measured", []float64{1, 2, 3, 4}, []float64{nan, nan}, `{"mase":null,"smape":null,"pinball":null,"coverage":null,"idle":null,"missing":null}`},
		{"nothing was ever above zero", []float64{0, 0, 0, 0}, []float64{1, 2}, `{"mase":null,"smape":0,"pinball":null,"coverage":1,"idle":null,"missing":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(measure(tt.x, tt.y, []float64{1, 2}, []float64{1, 2}, 2))
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
		})
	}
}

func TestMeans(t *testing.T) {
	require.InDelta(t, 2, float64(meanNumber([]Number{1, Number(nan), 3})), 0)
	require.True(t, math.IsNaN(float64(meanNumber(nil))))
	// sqrt(2 * 1/8) = 0.5; what is 0, infinite or unknown is left out.
	of := []Number{2, 1, 0, 1, Number(nan)}
	to := []Number{1, 8, 1, 0, 1}
	require.InDelta(t, 0.5, float64(meanRatio(of, to)), 1e-15)
	require.True(t, math.IsNaN(float64(meanRatio(nil, nil))))
}
