package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLogarithm(t *testing.T) {
	for _, v := range []float64{0x1p-1022, math.Nextafter(1, 0), 1, math.Nextafter(1, 2), 2, math.Nextafter(2, 1), math.MaxFloat64} {
		require.InDelta(t, math.Log(v), logarithm(v), 1e-15*max(1, math.Abs(math.Log(v))), v)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(0x1p-1022, math.MaxFloat64).Draw(t, "v")
		require.InDelta(t, math.Log(v), logarithm(v), 1e-15*max(1, math.Abs(math.Log(v))))
	})
}

func TestExponential(t *testing.T) {
	for _, v := range []float64{0, 1, -1, 0x1p-60, math.Ln2, -math.Ln2 / 256, 50, -50} {
		require.InEpsilon(t, math.Exp(v), exponential(v), 1e-14, v)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-50, 50).Draw(t, "v")
		require.InEpsilon(t, math.Exp(v), exponential(v), 1e-14)
	})
}
