package publish

import (
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/api/resource"
)

// quantity converts v exactly where v is an integer, and to the nearest thousandth where it is not; a positive v never becomes 0.
// It is an error when v is no number, or too large for the 64 bits that every reader of quantities has.
func quantity(v float64) (resource.Quantity, error) {
	const limit = 1 << 63 // 2^63 is the first float64 past the largest int64
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return resource.Quantity{}, fmt.Errorf("%v is no quantity", v)
	case v >= limit || v < -limit:
		return resource.Quantity{}, fmt.Errorf("%v does not fit a quantity of 64 bits", v)
	case v == math.Trunc(v):
		return *resource.NewQuantity(int64(v), resource.DecimalSI), nil
	case 0 < v && v < 0.001:
		return *resource.NewMilliQuantity(1, resource.DecimalSI), nil
	}
	// Above 2^52 every float64 is an integer, so the thousandths fit; whole and fraction apart, none is lost to rounding.
	whole, fraction := math.Modf(v)
	return *resource.NewMilliQuantity(int64(whole)*1000+int64(math.Round(fraction*1000)), resource.DecimalSI), nil
}

// replicas converts v to a whole number of replicas, rounded up; below 0 is an error, because no autoscaler can be asked for that.
func replicas(v float64) (resource.Quantity, error) {
	if v < 0 {
		return resource.Quantity{}, fmt.Errorf("%v replicas cannot be asked for", v)
	}
	return quantity(math.Ceil(v))
}
