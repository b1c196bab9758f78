package observe

import (
	"maps"

	"k8s.io/apimachinery/pkg/labels"
)

// exposuresKept bounds how many sets of labels are remembered: more would cost
// as much to find as to look at anew.
const exposuresKept = 16

// exposures remembers which selectors match which labels: many shadows bear the
// same ones.
type exposures struct {
	view *View
	seen []exposure
}

type exposure struct {
	labels   map[string]string
	matching []string
	keys     []string
}

// of names the objects that match the labels of a shadow, and the keys whose
// removal ends that; no keys if nothing does.
func (e *exposures) of(set map[string]string) (matching, keys []string) {
	for i := range e.seen {
		if maps.Equal(e.seen[i].labels, set) {
			return e.seen[i].matching, e.seen[i].keys
		}
	}
	matching, keys = e.view.exposure(set)
	if len(e.seen) < exposuresKept {
		e.seen = append(e.seen, exposure{set, matching, keys})
	}
	return matching, keys
}

func (v *View) exposure(set map[string]string) (matching, keys []string) {
	for _, s := range v.selectors {
		if s.Matches(labels.Set(set)) {
			matching = append(matching, s.String())
		}
	}
	if len(matching) == 0 {
		return nil, nil
	}
	keys, left := HideKeys(set, v.selectors, v.w.KeepLabels)
	if len(left) > 0 {
		return matching, nil
	}
	return matching, keys
}
