package forecast

import "math"

const (
	hampelDays  = 14 // days whose values of one phase are compared
	hampelWidth = 6  // robust standard deviations that are still ordinary
	madToSigma  = 1.4826
)

// bands holds the range of ordinary values for each phase of the day.
//
// It is Hampel's identifier per phase: median +- 6 * 1.4826 MAD over the same
// phase of up to 14 days, the MAD floored by half its median over all phases
// and by its mean over the neighbouring quarter of an hour (R. K. Pearson,
// Outliers in process modeling and identification, 2002). Fewer than four days
// give no bands, and nothing is clipped. Values are clipped, never dropped.
type bands struct {
	lo, hi []float64 // by phase; empty: no bands
	phase0 int       // phase of step 0
}

// newBands learns the bands of x whose last step is the last phase of a row.
func newBands(x []float64, m int, a *arena) bands {
	if m == 0 || len(x)/m < 4 {
		return bands{}
	}
	days := min(len(x)/m, hampelDays)
	b := bands{lo: a.take(m), hi: a.take(m), phase0: phaseOf(-len(x), m)}
	mad := a.take(m)
	first := len(x) - days*m
	col := make([]float64, 0, hampelDays)
	for p := range m {
		col = col[:0]
		for i := first + p; i < len(x); i += m {
			if v := x[i]; v == v {
				col = append(col, v)
			}
		}
		b.lo[p], mad[p] = medianMAD(col)
	}
	floorMAD(mad, max(1, m/96), a.take(m))
	for p := range m {
		mid := b.lo[p]
		if math.IsNaN(mid) || math.IsNaN(mad[p]) {
			b.lo[p], b.hi[p] = math.Inf(-1), math.Inf(1)
			continue
		}
		w := hampelWidth * madToSigma * mad[p]
		b.lo[p], b.hi[p] = mid-w, mid+w
	}
	return b
}

// floorMAD raises each spread to half the median spread and to the mean of
// its k neighbours on either side, so that a phase which happened to repeat
// itself is not all anomalies. It overwrites the room, which is as long.
func floorMAD(mad []float64, k int, room []float64) {
	known := room[:0]
	for _, v := range mad {
		if v == v {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return
	}
	least := nth(known, len(known)/2) / 2
	m := len(mad)
	src := room
	copy(src, mad)
	for p := range mad {
		sum, n := 0.0, 0
		for j := -k; j <= k; j++ {
			if v := src[phaseOf(p+j, m)]; v == v {
				sum += max(v, least)
				n++
			}
		}
		if n > 0 && mad[p] == mad[p] {
			mad[p] = max(mad[p], least, sum/float64(n))
		}
	}
}

// phaseOf returns i modulo m, never negative.
func phaseOf(i, m int) int {
	if i %= m; i < 0 {
		i += m
	}
	return i
}

// clip returns v within the band of step i; a gap stays a gap.
func (b bands) clip(v float64, i int) float64 {
	if len(b.lo) == 0 {
		return v
	}
	p := phaseOf(b.phase0+i, len(b.lo))
	switch {
	case v > b.hi[p]:
		return b.hi[p]
	case v < b.lo[p]:
		return b.lo[p]
	}
	return v
}

// side says whether v lies above (1), below (-1) or within (0) its band.
func (b bands) side(v float64, i int) int {
	if len(b.lo) == 0 {
		return 0
	}
	p := phaseOf(b.phase0+i, len(b.lo))
	switch {
	case v > b.hi[p]:
		return 1
	case v < b.lo[p]:
		return -1
	}
	return 0
}

// shifted returns the bands as seen by a series whose step 0 is step n of the
// series they were learnt on.
func (b bands) shifted(n int) bands {
	if len(b.lo) > 0 {
		b.phase0 = phaseOf(b.phase0+n, len(b.lo))
	}
	return b
}

// medianMAD returns the median of x and the median distance from it; NaN for
// no value. It sorts x: distances grow from the middle on.
func medianMAD(x []float64) (mid, mad float64) {
	mid = median(x)
	n := len(x)
	if n == 0 {
		return mid, mid
	}
	below, above := (n-1)/2, (n-1)/2+1 // the next ones on both sides of the middle
	var last, before float64
	for range n/2 + 1 {
		before = last
		switch {
		case above == n || below >= 0 && mid-x[below] <= x[above]-mid:
			last = math.Abs(x[below] - mid)
			below--
		default:
			last = math.Abs(x[above] - mid)
			above++
		}
	}
	if n%2 == 1 {
		return mid, last
	}
	return mid, before/2 + last/2
}

// median sorts x, which is short, and returns its middle, or the mean of its
// two middles; NaN for no value.
func median(x []float64) float64 {
	for i := 1; i < len(x); i++ {
		v := x[i]
		j := i
		for ; j > 0 && x[j-1] > v; j-- {
			x[j] = x[j-1]
		}
		x[j] = v
	}
	return middle(x)
}

// middle returns the middle of sorted values, or the mean of the two that are
// nearest to it; NaN for none.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return sorted[(n-1)/2]/2 + sorted[n/2]/2
}
