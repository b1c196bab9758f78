package forecast

import (
	"math"
	"math/bits"
	"slices"
)

// Order statistics by partition (C. A. R. Hoare, Algorithm 65: Find, CACM 4,
// 1961). What is asked of a sample here is a few of its ranks, and a full sort
// pays for all of them. Values that compare with nothing (NaN) may end anywhere.

// fewToSort is the length up to which insertion is the faster sort.
const fewToSort = 12

// nth reorders x so that x[k] is what it would be if x were sorted, with
// nothing greater before it and nothing less behind it, and returns it.
func nth(x []float64, k int) float64 {
	lo, hi := 0, len(x)
	for left := patience(x); hi-lo > fewToSort; left-- {
		if left == 0 {
			slices.Sort(x[lo:hi])
			return x[k]
		}
		a, b := split(x[lo:hi])
		switch {
		case k < lo+a:
			hi = lo + a
		case k >= lo+b:
			lo += b
		default:
			return x[k]
		}
	}
	insertionSort(x[lo:hi])
	return x[k]
}

// ranks reorders x so that each of the ascending ks holds what it would if x
// were sorted.
func ranks(x []float64, ks []int) { ranksFrom(x, 0, ks, patience(x)) }

// patience is how many parts of parts are taken before a sample is held to be
// made to defeat the choice of pivots, and sorted.
func patience(x []float64) int { return 3 * bits.Len(uint(len(x))) }

// ranksFrom is ranks for an x whose first value has rank first.
func ranksFrom(x []float64, first int, ks []int, patience int) {
	for ; len(ks) > 0 && len(x) > fewToSort; patience-- {
		if patience == 0 {
			slices.Sort(x)
			return
		}
		a, b := split(x)
		left := 0
		for left < len(ks) && ks[left] < first+a {
			left++
		}
		right := left
		for right < len(ks) && ks[right] < first+b {
			right++
		}
		ranksFrom(x[:a], first, ks[:left], patience-1)
		x, first, ks = x[b:], first+b, ks[right:]
	}
	if len(ks) > 0 {
		insertionSort(x)
	}
}

// split parts x into x[:a] below a pivot, x[a:b] equal to it, and x[b:] of the
// rest; where there is something below, equal ones are among the rest. Neither
// end takes all. The inner loops have no branch that depends on the values: a
// random one costs more than a swap.
func split(x []float64) (a, b int) {
	n := len(x)
	pivot := middleOf(x[n/4], x[n/2], x[3*n/4])
	if a = below(x, pivot); a > 0 {
		return a, a
	}
	for i, v := range x {
		same := 0
		if v == pivot {
			same = 1
		}
		x[i], x[b] = x[b], v
		b += same
	}
	return 0, max(b, 1) // a NaN equals not even itself
}

// below brings the values less than pivot to the front and counts them.
func below(x []float64, pivot float64) int {
	n := 0
	for i, v := range x {
		less := 0
		if v < pivot {
			less = 1
		}
		x[i], x[n] = x[n], v
		n += less
	}
	return n
}

func middleOf(a, b, c float64) float64 {
	if a > b {
		a, b = b, a
	}
	if b > c {
		b = c
	}
	if a > b {
		return a
	}
	return b
}

func insertionSort(x []float64) {
	for i := 1; i < len(x); i++ {
		v := x[i]
		j := i
		for ; j > 0 && x[j-1] > v; j-- {
			x[j] = x[j-1]
		}
		x[j] = v
	}
}

// middleOfAll is the median of x, which it reorders.
func middleOfAll(x []float64) float64 {
	k := (len(x) - 1) / 2
	lower := nth(x, k)
	if len(x)%2 == 1 {
		return lower/2 + lower/2
	}
	upper := x[k+1]
	for _, v := range x[k+2:] {
		upper = min(upper, v)
	}
	return lower/2 + upper/2
}

// middleOf7 is the median of x[i] and the six values m apart before it; NaN if
// one of them is. Four of them are sorted, and the other three; the fourth of
// all is the least over the splits of four between the two of the greater last
// one. Floats become whole numbers of the same order, which are compared
// without a branch.
func middleOf7(x []float64, i, m int) float64 {
	v := [7]float64{x[i], x[i-m], x[i-2*m], x[i-3*m], x[i-4*m], x[i-5*m], x[i-6*m]}
	if s := v[0] + v[1] + v[2] + v[3] + v[4] + v[5] + v[6]; s != s {
		return s
	}
	a, b, c, d := ordered(v[0]), ordered(v[1]), ordered(v[2]), ordered(v[3])
	e, f, g := ordered(v[4]), ordered(v[5]), ordered(v[6])
	a, b = min(a, b), max(a, b)
	c, d = min(c, d), max(c, d)
	a, c = min(a, c), max(a, c)
	b, d = min(b, d), max(b, d)
	b, c = min(b, c), max(b, c)
	e, f = min(e, f), max(e, f)
	f, g = min(f, g), max(f, g)
	e, f = min(e, f), max(e, f)
	return unordered(min(d, max(c, e), max(b, f), max(a, g)))
}

// ordered maps floats to whole numbers of the same order; it is its own inverse
// but for the types.
func ordered(v float64) int64 {
	k := int64(math.Float64bits(v))
	return k ^ (k>>63)&math.MaxInt64
}

func unordered(k int64) float64 { return math.Float64frombits(uint64(k ^ (k>>63)&math.MaxInt64)) }
