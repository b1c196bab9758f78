package observe

import (
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

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
		with, without := judgeKey(all, key, set)
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
