package observe

import (
	"maps"
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
