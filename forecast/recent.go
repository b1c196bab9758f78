package forecast

import (
	"math"
	"sort"
)

// weighed are residuals with their weights, both reordered alike.
type weighed struct{ x, w []float64 }

func (s weighed) Len() int           { return len(s.x) }
func (s weighed) Less(i, j int) bool { return s.x[i] < s.x[j] }
func (s weighed) Swap(i, j int) {
	s.x[i], s.x[j] = s.x[j], s.x[i]
	s.w[i], s.w[j] = s.w[j], s.w[i]
}

// newRecentPool is newPool for residuals of which recent ones weigh more: with
// weights of mean 1, the quantile for p is the first value up to which the
// weights add up to (n+1)p, on the lower side its mirror image (R. Barber, E.
// Candès, A. Ramdas, R. Tibshirani, Annals of Statistics 51, 2023: weights that
// decay bound what a load that drifts costs in coverage). It reorders both.
func newRecentPool(x, weight []float64) (p pool) {
	s := weighed{x, weight}
	total, least, most := 0.0, math.Inf(1), math.Inf(-1)
	for i, w := range weight {
		total += w
		least, most = min(least, x[i]), max(most, x[i])
	}
	mean := total / float64(len(x))
	slack := total * rounding
	var need [len(poolGrid)]float64
	for i, prob := range poolGrid {
		need[i] = (total + mean) * prob
		if prob < 0.5 {
			need[i] += slack - mean
		} else {
			need[i] -= slack
		}
	}
	// Those outside of the sample come first and last.
	lo, hi := 0, len(need)
	for ; lo < hi && need[lo] < 0; lo++ {
		p.q[lo] = min(least, least*smallSample)
	}
	for ; hi > lo && need[hi-1] > total; hi-- {
		p.q[hi-1] = max(most, most*smallSample)
	}
	s.reach(0, need[lo:hi], p.q[lo:hi], patience(x))
	return p
}

// reach finds, for each of the ascending needs, the first value in ascending
// order up to which the weights add up to it; before is the sum of what lies
// below the sample.
func (s weighed) reach(before float64, need, out []float64, patience int) {
	for ; len(need) > 0 && len(s.x) > fewToSort && patience > 0; patience-- {
		a, same, below := s.split()
		left := sort.Search(len(need), func(i int) bool { return need[i] > before+below })
		if same {
			for i := range left {
				out[i] = s.x[0]
			}
		} else {
			s.first(a).reach(before, need[:left], out[:left], patience-1)
		}
		s, before, need, out = weighed{s.x[a:], s.w[a:]}, before+below, need[left:], out[left:]
	}
	if len(need) == 0 {
		return
	}
	s.sort()
	i := 0
	for k, least := range need {
		for i+1 < len(s.x) && before+s.w[i] < least {
			before += s.w[i]
			i++
		}
		out[k] = s.x[i]
	}
}

func (s weighed) first(n int) weighed { return weighed{s.x[:n], s.w[:n]} }

// split brings the values below a pivot, or, where there are none, those that
// equal it, to the front, and returns how many and of what weight they are. As in
// below, its loop has no branch that depends on the values.
func (s weighed) split() (n int, same bool, weight float64) {
	pivot := middleOf(s.x[len(s.x)/4], s.x[len(s.x)/2], s.x[3*len(s.x)/4])
	w := s.w[:len(s.x)]
	for i, v := range s.x {
		less := 0
		if v < pivot {
			less = 1
		}
		s.x[i], s.x[n] = s.x[n], v
		w[i], w[n] = w[n], w[i]
		n += less
	}
	if same = n == 0; same {
		for i, v := range s.x {
			if v == pivot {
				s.Swap(i, n)
				n++
			}
		}
	}
	for _, v := range w[:n] {
		weight += v
	}
	return n, same, weight
}

// sort is an insertion sort for the few, and sort.Sort for more.
func (s weighed) sort() {
	if len(s.x) > fewToSort {
		sort.Sort(s)
		return
	}
	for i := 1; i < len(s.x); i++ {
		for j := i; j > 0 && s.x[j] < s.x[j-1]; j-- {
			s.Swap(j, j-1)
		}
	}
}
