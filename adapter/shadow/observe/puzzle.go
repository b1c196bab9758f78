package observe

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
)

// puzzle is the choice of keys in numbers: bit i of a set is keys[i].
type puzzle struct {
	// keys are those whose removal makes some selector fail, at most 64; those
	// to keep come last.
	keys []string
	// keep are those of them that are hidden last.
	keep    uint64
	clauses []clause
}

// clause is what some selectors need to fail: a key of hide is hidden, or one of
// stay is not.
type clause struct {
	hide, stay uint64
	selectors  int
}

func (c clause) met(hidden uint64) bool { return hidden&c.hide != 0 || ^hidden&c.stay != 0 }

// keysMost is how many keys a puzzle can hold. A template of which more keys are
// selected is hidden as far as that goes, and what still matches is named.
const keysMost = 64

func newPuzzle(set map[string]string, selectors []SelectorRef, keep []string) puzzle {
	var needs []need
	hides := map[string]bool{}
	for _, s := range selectors {
		n, ok := needOf(s, set)
		if !ok {
			continue
		}
		needs = append(needs, n)
		for _, k := range n.hide {
			hides[k] = true
		}
	}
	var p puzzle
	p.keys = slices.SortedFunc(maps.Keys(hides), func(a, b string) int {
		return cmp.Or(cmpBool(slices.Contains(keep, a), slices.Contains(keep, b)), cmp.Compare(a, b))
	})
	p.keys = p.keys[:min(len(p.keys), keysMost)]
	at := make(map[string]int, len(p.keys))
	for i, k := range p.keys {
		at[k] = i
		if slices.Contains(keep, k) {
			p.keep |= 1 << i
		}
	}
	for _, n := range needs {
		if c, open := n.clause(at); open {
			p.add(c)
		}
	}
	return p
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// add adds a clause; equal ones are counted.
func (p *puzzle) add(c clause) {
	for i := range p.clauses {
		if p.clauses[i].hide == c.hide && p.clauses[i].stay == c.stay {
			p.clauses[i].selectors++
			return
		}
	}
	c.selectors = 1
	p.clauses = append(p.clauses, c)
}

// exhaustiveMost is up to how many keys all sets are tried: 65,536 of them.
const exhaustiveMost = 16

// solve returns the keys to hide.
func (p *puzzle) solve() uint64 {
	if len(p.clauses) == 0 {
		return 0
	}
	if len(p.keys) > exhaustiveMost {
		return p.greedy()
	}
	best, cost := uint64(0), p.cost(0)
	for hidden := uint64(1); hidden < 1<<len(p.keys); hidden++ {
		if c := p.cost(hidden); c.less(cost) || c == cost && p.before(hidden, best) {
			best, cost = hidden, c
		}
	}
	return best
}

// cost is what a set of keys leaves matched, and what it hides.
type cost struct{ matched, kept, size int }

func (a cost) less(b cost) bool {
	return cmp.Or(cmp.Compare(a.matched, b.matched), cmp.Compare(a.kept, b.kept), cmp.Compare(a.size, b.size)) < 0
}

func (p *puzzle) cost(hidden uint64) cost {
	c := cost{kept: bits.OnesCount64(hidden & p.keep), size: bits.OnesCount64(hidden)}
	for i := range p.clauses {
		if !p.clauses[i].met(hidden) {
			c.matched += p.clauses[i].selectors
		}
	}
	return c
}

// before says that of two sets of equal size the first comes first in the
// alphabet: it has the first key in which they differ.
func (p *puzzle) before(a, b uint64) bool {
	differ := a ^ b
	return differ != 0 && a&(differ&-differ) != 0
}

// greedy hides the key that helps most until none does, and then gives back
// those that turn out not to be needed.
func (p *puzzle) greedy() uint64 {
	hidden := uint64(0)
	for {
		best, least := hidden, p.cost(hidden)
		for i := range p.keys {
			if c := p.cost(hidden | 1<<i); c.matched < least.matched || c.matched == least.matched && best != hidden && c.less(least) {
				best, least = hidden|1<<i, c
			}
		}
		if best == hidden {
			break
		}
		hidden = best
	}
	for i := range slices.Backward(p.keys) {
		if less := hidden &^ (1 << i); p.cost(less).less(p.cost(hidden)) {
			hidden = less
		}
	}
	return hidden
}
