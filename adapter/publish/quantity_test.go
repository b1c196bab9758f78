package publish

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestQuantity(t *testing.T) {
	tests := []struct {
		name    string
		v       float64
		convert func(float64) (resource.Quantity, error)
		want    string
		wantErr string
	}{
		{name: "an integer is exact", v: 7, convert: quantity, want: "7"},
		{name: "the largest exact integer is exact", v: 1 << 53, convert: quantity, want: "9007199254740992"},
		{name: "thousandths are kept", v: 812.125, convert: quantity, want: "812125m"},
		{name: "more is rounded to the nearest", v: 0.1 + 0.2, convert: quantity, want: "300m"},
		{name: "a positive load never becomes 0", v: 1e-9, convert: quantity, want: "1m"},
		{name: "0 is 0", v: 0, convert: quantity, want: "0"},
		{name: "negative loads keep their sign", v: -2.5, convert: quantity, want: "-2500m"},
		{name: "the largest fraction fits", v: 1<<52 - 0.5, convert: quantity, want: "4503599627370495500m"},
		{name: "the smallest int64 fits", v: math.MinInt64, convert: quantity, want: "-9223372036854775808"},
		{name: "2^63 does not fit", v: 1 << 63, convert: quantity, wantErr: "9.223372036854776e+18 does not fit a quantity of 64 bits"},
		{name: "1e300 does not fit", v: 1e300, convert: quantity, wantErr: "1e+300 does not fit a quantity of 64 bits"},
		{name: "-1e300 does not fit", v: -1e300, convert: quantity, wantErr: "-1e+300 does not fit a quantity of 64 bits"},
		{name: "NaN is none", v: math.NaN(), convert: quantity, wantErr: "NaN is no quantity"},
		{name: "infinity is none", v: math.Inf(1), convert: quantity, wantErr: "+Inf is no quantity"},
		{name: "replicas are whole, rounded up", v: 6.2, convert: replicas, want: "7"},
		{name: "replicas are not negative", v: -1, convert: replicas, wantErr: "-1 replicas cannot be asked for"},
		{name: "NaN replicas are none", v: math.NaN(), convert: replicas, wantErr: "NaN is no quantity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.convert(tt.v)
			if tt.wantErr != "" {
				require.ErrorContains(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			if want := resource.MustParse(tt.want); got.Cmp(want) != 0 {
				t.Errorf("got %s, want %s", got.String(), want.String())
			}
		})
	}
}

func TestQuantityIsWithinHalfAThousandth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		v := math.Ldexp(rng.Float64(), rng.IntN(60))
		got, err := quantity(v)
		require.NoError(t, err)
		// The error of reading a quantity back as a float64 grows with it.
		if diff := math.Abs(got.AsApproximateFloat64() - v); diff > 0.001 && diff > v*1e-14 {
			t.Fatalf("quantity(%v) = %s, which is %v off", v, got.String(), diff)
		}
	}
}
