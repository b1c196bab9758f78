package shadow

import (
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// warm lets shadows go from creating to warming and from there to ready (T2,
// T3). A warm-up that lasts too long ends all the same, and says so.
func (p *plan) warm() {
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowWarming || m.doom != "" || m.fate != fateNone {
			continue
		}
		switch {
		case !m.WarmedAt.IsZero():
			p.finish(m, ReasonWarm, "it is warm and its label does not say so yet")
		case m.Label != v1alpha1.ShadowWarming:
			p.mark(KindMarkWarming, m, ReasonReady, "it is Ready and not warm")
		default:
			p.endWarmUp(m)
		}
	}
}

func (p *plan) endWarmUp(m *member) {
	began := p.warmUpBegan(m)
	since := p.now.Sub(began)
	switch {
	case since < p.minReady:
		p.wake(began.Add(p.minReady))
	case m.WarmUp.Done:
		p.finish(m, ReasonWarm, "its warm-up is complete")
	case since < p.timeout:
		p.wake(began.Add(p.timeout))
	default:
		if a := p.finish(m, ReasonTimedOut, fmt.Sprintf("its warm-up did not complete within %s", p.timeout)); a != nil {
			m.timedOut, a.TimedOut = true, true
		}
	}
}

// warmUpBegan is since when a shadow warms up: since it is Ready, or, where it
// served before, since its drain was over.
func (p *plan) warmUpBegan(m *member) time.Time {
	if !m.DrainingSince.IsZero() {
		if over := m.DrainingSince.Add(p.drain); over.After(m.ReadyAt) {
			return over
		}
	}
	return m.ReadyAt
}

func (p *plan) mark(kind Kind, m *member, reason, message string) *Action {
	m.fate = fateMoved
	return p.do(kind, m, reason, message)
}
