package warmup

import (
	"math/rand/v2"
	"sort"
)

// picker draws requests of a list by their weights.
type picker struct {
	list     *List
	requests []Request
	upTo     []int64 // upTo[i] is the sum of the weights of requests[:i+1]
	src      *rand.Rand
}

func newPicker(l *List, src *rand.Rand) *picker {
	p := &picker{list: l, requests: l.Requests, upTo: make([]int64, len(l.Requests)), src: src}
	sum := int64(0)
	for i := range l.Requests {
		sum += int64(l.Requests[i].weight())
		p.upTo[i] = sum
	}
	return p
}

// next returns a request; each comes up as often as its share of the weights.
func (p *picker) next() *Request {
	n := p.src.Int64N(p.upTo[len(p.upTo)-1])
	i := sort.Search(len(p.upTo), func(i int) bool { return p.upTo[i] > n })
	return &p.requests[i]
}
