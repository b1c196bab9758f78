package observe

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// HideKeys returns the smallest set of keys whose labels a pod must not bear so
// that no selector matches it while it is a shadow, whatever state its label
// says by then. The set may be empty. Of two sets the one with fewer keys of keep
// is the smaller, then the one with fewer keys, then the one that is first in
// the alphabet.
//
// set are the labels that the pod would bear: those of the template, or those
// that a shadow has, and that of the pool. It is not written. Our own labels are
// never hidden.
//
// Selectors that no choice of keys fails are returned as unhideable: they ask
// for no label ({}), for labels that are always there, or for the absence of
// what another selector demands to be hidden (NotIn, DoesNotExist). The keys then
// hide the pod from all others, or from as many as possible.
func HideKeys(set map[string]string, selectors []SelectorRef, keep []string) (keys []string, unhideable []SelectorRef) {
	p := newPuzzle(set, selectors, keep)
	hidden := p.solve()
	for i, k := range p.keys {
		if hidden&(1<<i) != 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, matching(set, keys, selectors)
}

// matching returns the selectors that match a pod of these labels without some
// keys, in any state of a shadow.
func matching(set map[string]string, without []string, selectors []SelectorRef) (out []SelectorRef) {
	rest := labels.Set(maps.Clone(set))
	if rest == nil {
		rest = labels.Set{}
	}
	for _, k := range without {
		delete(rest, k)
	}
	found := make([]bool, len(selectors))
	for _, state := range hiddenStates() {
		rest[v1alpha1.StateLabel] = string(state)
		for i, s := range selectors {
			found[i] = found[i] || s.Matches(rest)
		}
	}
	for i, s := range selectors {
		if found[i] {
			out = append(out, s)
		}
	}
	return out
}

// hiddenStates are those in which no selector may match.
func hiddenStates() [4]v1alpha1.ShadowState {
	return [...]v1alpha1.ShadowState{v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowDraining}
}

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

// need is what makes one selector fail.
type need struct{ hide, stay []string }

// clause puts a need in numbers; false if it is met whatever is hidden, for it
// needs a key to stay that nothing asks to hide.
func (n need) clause(at map[string]int) (c clause, open bool) {
	for _, k := range n.hide {
		if i, ok := at[k]; ok {
			c.hide |= 1 << i
		}
	}
	for _, k := range n.stay {
		i, ok := at[k]
		if !ok {
			return clause{}, false
		}
		c.stay |= 1 << i
	}
	return c, true
}

// needOf says what makes a selector fail; false if it never matches. Each key is
// judged by itself, for a selector matches if all of its requirements do.
func needOf(s SelectorRef, set map[string]string) (need, bool) {
	all, selectable := s.Requirements()
	if !selectable {
		return need{}, false
	}
	var n need
	for i := range all {
		key := all[i].Key()
		if i > 0 && slices.ContainsFunc(all[:i], func(r labels.Requirement) bool { return r.Key() == key }) {
			continue // judged with the first of its key
		}
		with, without := judgeKey(all[i:], key, set)
		switch {
		case !with && !without:
			return need{}, false
		case with && !without:
			n.hide = append(n.hide, key)
		case without && !with:
			n.stay = append(n.stay, key)
		}
	}
	return n, true
}

// judgeKey says whether the requirements on a key hold while its label is there,
// and when it is hidden. A key that cannot be hidden, or is not there, holds or
// does not.
func judgeKey(all []labels.Requirement, key string, set map[string]string) (with, without bool) {
	value, there := set[key]
	switch {
	case key == v1alpha1.StateLabel:
		for _, state := range hiddenStates() {
			with = with || hold(all, key, &label{key, string(state), true})
		}
		return with, with
	case !there || key == v1alpha1.PoolLabel:
		with = hold(all, key, &label{key, value, there})
		return with, with
	}
	return hold(all, key, &label{key, value, true}), hold(all, key, &label{key: key})
}

// hold says that all requirements on a key hold for a label.
func hold(all []labels.Requirement, key string, l *label) bool {
	for i := range all {
		if all[i].Key() == key && !all[i].Matches(l) {
			return false
		}
	}
	return true
}

// label is the one label of a pod that bears no other, or the lack of it.
type label struct {
	key, value string
	there      bool
}

// Has, Get and Lookup make it labels.Labels.
func (l *label) Has(key string) bool { return l.there && key == l.key }

func (l *label) Get(key string) string {
	if l.Has(key) {
		return l.value
	}
	return ""
}

// Lookup returns the value and whether there is one.
func (l *label) Lookup(key string) (string, bool) { return l.Get(key), l.Has(key) }

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
	for i := len(p.keys) - 1; i >= 0; i-- {
		if less := hidden &^ (1 << i); p.cost(less).less(p.cost(hidden)) {
			hidden = less
		}
	}
	return hidden
}
