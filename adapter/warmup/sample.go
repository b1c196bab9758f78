package warmup

import (
	"slices"
	"time"
)

const (
	// kept is how many of the newest outcomes of a route are known, recent how
	// many of them its latency is judged by: a cold start leaves by count, at
	// whatever rate.
	kept, recent = 40, 20
	// fresh is how old an outcome may be and still count.
	fresh = 2 * time.Minute
	// least is how many outcomes say something about a route.
	least = 5
)

// sample is a ring of outcomes.
type sample struct {
	ring [kept]Outcome
	n    int // ever added
}

func (s *sample) add(o Outcome) {
	s.ring[s.n%kept] = o
	s.n++
}

// newest returns up to k outcomes that are fresh, the newest first.
func (s *sample) newest(now time.Time, k int) []Outcome {
	out := make([]Outcome, 0, k)
	for i := s.n - 1; i >= max(0, s.n-kept) && len(out) < k; i-- {
		o := s.ring[i%kept]
		if now.Sub(o.At) > fresh {
			break
		}
		out = append(out, o)
	}
	return out
}

// mix returns the share of each class.
func mix(outcomes []Outcome) map[Class]float64 {
	out := map[Class]float64{}
	for _, o := range outcomes {
		out[o.Class] += 1 / float64(len(outcomes))
	}
	return out
}

// quantile returns the smallest latency that at least a share p of the outcomes
// does not exceed; 0 of none.
func quantile(p float64, outcomes []Outcome) time.Duration {
	if len(outcomes) == 0 {
		return 0
	}
	all := make([]time.Duration, len(outcomes))
	for i, o := range outcomes {
		all[i] = o.Latency
	}
	slices.Sort(all)
	return all[min(int(p*float64(len(all))), len(all)-1)]
}
