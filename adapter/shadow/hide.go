package shadow

import (
	"strings"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// hide takes from shadows the labels by which a selector knows them that was
// made later.
func (p *plan) hide() {
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerPool || !hidden(m.state) || m.fate != fateNone || len(m.Exposed) == 0 || len(m.HideKeys) == 0 {
			continue
		}
		if m.doom != "" && (m.state != v1alpha1.ShadowDraining || !gentle(m.doom)) {
			continue // it ends at once
		}
		m.fate = fateMoved
		a := p.do(KindHide, m, ReasonSelectorMatches, "it is matched by "+strings.Join(m.Exposed, ", "))
		a.Keys = m.HideKeys
	}
}
