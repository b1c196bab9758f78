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
// decay bound what a load that drifts costs in coverage). It overwrites the room.
func newRecentPool(x, weight []float64, room weighed) (p pool) {
	total, distance, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for i, v := range x {
		total += weight[i]
		distance += math.Abs(v)
		if v < least {
			least = v
		}
		if v > most {
			most = v
		}
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
	parts := partsOf(x, weight, room, distance/float64(len(x)))
	parts.reach(need[lo:hi], p.q[lo:hi], most)
	return p
}

const (
	poolParts = 256 // parts of a sample, so that one holds a few values
	poolReach = 4   // mean distances from zero that they span on both sides
)

// parted is a sample in parts of which each holds greater values than the one
// before. That is linear in the sample, and few parts hold a quantile.
type parted struct {
	weighed
	end [poolParts]int     // of each part
	sum [poolParts]float64 // of its weights
}

// partsOf distributes x among parts of equal width, the first and the last of which
// have no bound, and copies it to the room in that order.
func partsOf(x, weight []float64, room weighed, distance float64) parted {
	p := parted{weighed: weighed{room.x[:len(x)], room.w[:len(x)]}}
	width := poolParts / (2 * poolReach * distance)
	for i, v := range x {
		k := partOf(v * width)
		p.end[k]++
		p.sum[k] += weight[i]
	}
	at := 0
	for k, n := range p.end {
		p.end[k] = at
		at += n
	}
	for i, v := range x {
		k := partOf(v * width)
		p.x[p.end[k]], p.w[p.end[k]] = v, weight[i]
		p.end[k]++
	}
	return p
}

// partOf is the part of a value that is in the unit of a part.
func partOf(v float64) uint8 {
	if v += poolParts / 2; v >= poolParts {
		return poolParts - 1
	} else if v >= 0 {
		return uint8(int(v))
	}
	return 0
}

// reach is weighed.reach for a whole sample, whose greatest value is given.
func (p *parted) reach(need, out []float64, most float64) {
	before, from := 0.0, 0
	for k, to := range p.end {
		after, n := before+p.sum[k], 0
		for to > from && n < len(need) && need[n] <= after {
			n++
		}
		if n > 0 {
			part := weighed{p.x[from:to], p.w[from:to]}
			part.reach(before, need[:n], out[:n], patience(part.x))
			need, out = need[n:], out[n:]
		}
		before, from = after, to
	}
	for i := range out { // what rounding left
		out[i] = most
	}
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
	w := s.w[:len(s.x)]
	for i, v := range s.x {
		weight, j := w[i], i
		for ; j > 0 && v < s.x[j-1]; j-- {
			s.x[j], w[j] = s.x[j-1], w[j-1]
		}
		s.x[j], w[j] = v, weight
	}
}
