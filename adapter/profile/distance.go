package profile

import (
	"math"
	"slices"
	"strings"
)

const (
	// leastCompared is how many pods must be compared before one of them is far
	// from the others: a majority must be left that agrees.
	leastCompared = 5
	// leastDeviation is the least deviation that counts, as a share of the
	// median.
	leastDeviation = 0.1
	// farOne and farAll are the deviations from which on a pod is anomalous: in
	// one dimension, and over all. Loads that balancers spread unevenly were seen
	// at up to 5 in one of them; with leastDeviation, farOne is at least 80 % off
	// the median.
	farOne = 8
	farAll = 4
)

// deviation returns the unit in which a dimension's values differ: the scaled
// MAD of the pods, or the least that counts.
func deviation(d Dimension, s Stats) float64 {
	return max(madScale*s.MAD, leastDeviation*math.Abs(s.Median), floors[d])
}

// middleOf returns the statistics of the compared pods' medians.
func middleOf(pods []*Pod) map[Dimension]Stats {
	out := map[Dimension]Stats{}
	for _, d := range Dimensions() {
		var medians []float64
		for _, p := range pods {
			if s, ok := p.Stats[d]; ok && p.Standing == Compared {
				medians = append(medians, s.Median)
			}
		}
		if len(medians) > 0 {
			out[d] = StatsOf(medians)
		}
	}
	return out
}

// measure sets how far a pod is from the middle:
//
//	z_d = |median_d - middle_d| / deviation_d,  distance = sqrt(mean of z_d^2)
func (p *Pod) measure(middle map[Dimension]Stats, compared int) {
	sum, n := 0.0, 0
	p.Farthest, p.Far = "", 0
	for _, d := range Dimensions() {
		s, ok := p.Stats[d]
		m, known := middle[d]
		if !ok || !known {
			continue
		}
		z := math.Abs(s.Median-m.Median) / deviation(d, m)
		sum, n = sum+z*z, n+1
		if p.Farthest == "" || z > p.Far {
			p.Farthest, p.Far = d, z
		}
	}
	if n == 0 {
		return
	}
	p.Distance = math.Sqrt(sum / float64(n))
	p.Anomalous = p.Standing == Compared && compared >= leastCompared && (p.Far > farOne || p.Distance > farAll)
}

// sorted returns the pods by name.
func sorted(pods map[string]*Pod) []*Pod {
	out := make([]*Pod, 0, len(pods))
	for _, p := range pods {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Pod) int { return strings.Compare(a.Name, b.Name) })
	return out
}
