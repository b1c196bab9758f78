package forecast

import "math"

// cholesky solves a x = b in place for the upper triangle of a symmetric a, whose
// rows, at most waves, lie stride values apart: a = U'U, then U'y = b and Ux = y.
// It reports whether a is positive definite. The systems of a fit are too small,
// and too many, for a library's set-up.
func cholesky(a []float64, stride int, b []float64) bool {
	n := len(b)
	var inv [waves]float64 // of the diagonal: a division is dear
	for j := range n {
		for i := 0; i <= j; i++ {
			v := a[i*stride+j]
			for k := range i {
				v -= a[k*stride+i] * a[k*stride+j]
			}
			if i < j {
				a[i*stride+j] = v * inv[i]
				continue
			}
			if !(v > 0) {
				return false
			}
			inv[j] = 1 / math.Sqrt(v)
		}
	}
	for i := range n {
		for k := range i {
			b[i] -= a[k*stride+i] * b[k]
		}
		b[i] *= inv[i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[i*stride+k] * b[k]
		}
		b[i] *= inv[i]
	}
	return true
}
