package shadow

import (
	"fmt"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// finish marks a shadow ready that has warmed up. One with a higher CPU limit
// loses that first, and is marked when its node has taken it back: a pod that
// serves has no more CPU than those beside it. Nil if it is not marked.
func (p *plan) finish(m *member, reason, message string) *Action {
	switch m.Boost {
	case BoostOn:
		p.unboost(m, reason)
		return nil
	case BoostEnding:
		p.withhold(KindMarkReady, m.Name, Reason{Reason: ReasonBoostEnding, Message: m.boostMessage()})
		return nil
	case BoostNone:
	}
	return p.mark(KindMarkReady, m, reason, message)
}

// unboostReady takes the limit from a ready shadow that somebody gave it again.
func (p *plan) unboostReady() {
	for i := range p.members {
		if m := &p.members[i]; m.state == v1alpha1.ShadowReady && m.Boost == BoostOn && m.fate == fateNone && m.doom == "" {
			p.unboost(m, ReasonBoosted)
		}
	}
}

func (p *plan) unboost(m *member, reason string) {
	if p.now.Before(m.ResizeAt) {
		p.wake(m.ResizeAt)
		return
	}
	p.mark(KindUnboost, m, reason, "its CPU limit is above its template's: that ends before it is ready")
}

// boostRefused says that the API server will not take the limit back.
func (m *member) boostRefused() bool {
	return m.Owner == OwnerPool && m.Active() && m.Boost == BoostOn && m.Resize == ResizeRefused
}

// boostStays says that a shadow is of no use because its higher CPU limit stays:
// the API server refuses to take it back, or the node has not done so for as long
// as a warm-up may last.
func (p *plan) boostStays(m *member) string {
	switch {
	case m.boostRefused():
		return ReasonUnboostRefused
	case m.Boost == BoostNone || m.state != v1alpha1.ShadowWarming:
		return ""
	}
	over := p.warmUpBegan(m).Add(2 * p.timeout)
	if p.now.Before(over) {
		p.wake(over)
		return ""
	}
	return ReasonBoostStays
}

// boostMessage says what a shadow waits for.
func (m *member) boostMessage() string {
	if m.Resize != "" {
		return fmt.Sprintf("shadow %s is warm and not ready: node %s has yet to take its higher CPU limit back (%s)", m.Name, m.Node, m.Resize)
	}
	return fmt.Sprintf("shadow %s is warm and not ready: node %s has yet to take its higher CPU limit back", m.Name, m.Node)
}

// boostsEnding names the first shadow that waits for the end of its boost.
func (p *plan) boostsEnding() Reason {
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerPool || !m.Active() || m.fate == fateDeleted || m.Boost == BoostNone {
			continue
		}
		r := Reason{Condition: v1alpha1.ConditionResizePending, Reason: ReasonBoostEnding, Message: m.boostMessage()}
		switch {
		case m.Boost == BoostOn && m.Resize == ResizePostponed:
			r.Reason, r.Message = "Resize"+m.Resize, fmt.Sprintf(
				"shadow %s is warm and not ready: the API server is asked again to take its higher CPU limit back: %s", m.Name, m.ResizeWhy)
		case m.Boost == BoostOn:
			continue
		case m.Resize != "":
			r.Reason = "Resize" + m.Resize
		}
		return r
	}
	return Reason{}
}
