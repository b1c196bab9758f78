package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// maxDeletes bounds the deletions of one decision.
	maxDeletes = 100
	// deletePause is when the rest of them follows.
	deletePause = time.Second
	// crashLoop is how many restarts a shadow that is not Ready may have.
	crashLoop = 3
)

// doom returns why a shadow has to end whatever the forecast says; empty if it
// need not. The gravest reason comes first.
func (p *plan) doom(m *member) string {
	w := &p.in.Workload
	switch {
	case !w.Exists || w.Deleting:
		return ReasonWorkloadGone
	case m.state == v1alpha1.ShadowBridged:
		return "" // it serves: it leaves by a withdrawal
	case p.nodeLost(m):
		return ReasonNodeGone
	case m.Evicted:
		return ReasonEvicted
	case p.stale(m.Pod):
		return ReasonStale
	case p.spec.Mode != v1alpha1.ModeActive:
		return ReasonModeNotActive
	case len(m.Exposed) > 0 && len(m.HideKeys) == 0:
		return ReasonCannotHide
	}
	if why := p.boostStays(m); why != "" {
		return why
	}
	return p.failed(m)
}

// nodeLost says that the node of a shadow is gone for good, and not only late to show.
func (p *plan) nodeLost(m *member) bool {
	if m.NodeGone && p.now.Before(m.NodeGrace) {
		p.wake(m.NodeGrace)
		return false
	}
	return m.NodeGone
}

// failed says that a shadow does not start, or is no longer Ready for good.
func (p *plan) failed(m *member) string {
	if m.state != v1alpha1.ShadowCreating {
		return ""
	}
	since, reason := m.UnreadyAt, ReasonNotReady
	if m.Label != v1alpha1.ShadowWarming && m.Label != v1alpha1.ShadowReady {
		since, reason = m.CreatedAt, ReasonNotStarting
	}
	switch {
	case m.Restarts >= crashLoop:
		return reason
	case since.IsZero():
		return ""
	case p.now.Sub(since) >= p.leads.start:
		return reason
	}
	p.wake(since.Add(p.leads.start))
	return ""
}

// retire deletes shadows (T10): those that have to go, those that have ended,
// drained ones that are not reused, and in the end those that are too many.
func (p *plan) retire() {
	deletes := 0
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerPool || m.Deleting || m.fate == fateGranted {
			continue
		}
		reason := m.doom
		switch {
		case m.Phase == PhaseFinished && m.Evicted:
			reason = ReasonEvicted
		case m.Phase == PhaseFinished:
			reason = ReasonFailed
		case m.state == v1alpha1.ShadowDraining && gentle(reason):
			continue // rewarm decides when the drain is over
		}
		if reason == "" || m.fate != fateNone {
			continue
		}
		if deletes == maxDeletes {
			p.wake(p.now.Add(deletePause))
			break
		}
		deletes++
		p.remove(m, reason)
	}
	p.shed()
	p.retireExcess()
	p.exchange()
}

// gentle says that a pod which ends for this reason may finish its requests.
func gentle(reason string) bool {
	switch reason {
	case "", ReasonStale, ReasonModeNotActive:
		return true
	}
	return false
}

func (p *plan) remove(m *member, reason string) {
	m.fate, m.doom = fateDeleted, reason
	p.do(KindDelete, m, reason, p.doomMessage(m))
}

// doomMessage says why a shadow ends.
func (p *plan) doomMessage(m *member) string {
	switch m.doom {
	case ReasonWorkloadGone:
		return fmt.Sprintf("%s %s is gone", p.spec.ScaleTargetRef.Kind, p.spec.ScaleTargetRef.Name)
	case ReasonNodeGone:
		return fmt.Sprintf("node %s is not Ready", m.Node)
	case ReasonEvicted:
		return "somebody evicts it"
	case ReasonStale:
		return "the workload has left the template that it was made from"
	case ReasonModeNotActive:
		return fmt.Sprintf("pool %s is in mode %s", p.in.Pool.Name, p.spec.Mode)
	case ReasonCannotHide:
		return "it cannot be hidden from " + m.Exposed[0]
	case ReasonFailed:
		return "it has ended"
	case ReasonNotStarting:
		return fmt.Sprintf("it is not Ready after %s and %d restarts", p.leads.start, m.Restarts)
	case ReasonNotReady:
		return fmt.Sprintf("it has not been Ready for %s, with %d restarts", p.leads.start, m.Restarts)
	case ReasonExcess:
		return fmt.Sprintf("%s for %d wanted ones, for longer than it takes to make one", count(int(p.have), "shadow"), p.out.Terms.Want)
	case ReasonOverMaximum:
		return fmt.Sprintf("%s where maxShadows is %d", count(int(p.have), "shadow"), *p.spec.MaxShadows)
	case ReasonLivePodsFirst:
		return "the workload's own pods need its room"
	case ReasonBoostStays:
		return fmt.Sprintf("node %s does not take its higher CPU limit back", m.Node)
	case ReasonUnboostRefused:
		return "it would serve with the higher CPU limit of its warm-up: the API server refuses to take it back"
	case ReasonResizeRefused:
		return "it would serve with the CPU request of a shadow: the API server refuses resizes"
	case ReasonDrained:
		return "it has finished its requests and scaleIn.policy is Terminate"
	}
	return ""
}

// shed makes room for live pods: where they are refused, a quota being full, by
// shadows that are not warm; where they wait for a node, by shadows that are not
// even Ready. Warm ones are handed over instead.
func (p *plan) shed() {
	if p.target == nil {
		return
	}
	open, least := p.target.waiting, worthWarming
	if p.target.Failing != "" {
		open, least = p.out.Terms.Missing, worthReady
	}
	open -= p.out.Terms.Grants
	if open <= 0 {
		return
	}
	for _, m := range p.worstFirst() {
		if open <= 0 || worth(m) >= least {
			return
		}
		open--
		p.remove(m, ReasonLivePodsFirst)
	}
}

// retireExcess deletes what is more than wanted for longer than it takes to make
// a shadow, and at once what is more than maxShadows. Beside an activation it
// waits: the numbers are about to change.
func (p *plan) retireExcess() {
	have := p.have - p.out.Terms.Grants
	for i := range p.members {
		if m := &p.members[i]; m.fate == fateDeleted && (m.doom == ReasonLivePodsFirst) {
			have--
		}
	}
	excess := have - p.out.Terms.Want
	if p.target == nil || p.out.Terms.Grants > 0 {
		return
	}
	if excess <= 0 {
		p.out.Status.ExcessSince = nil
		return
	}
	if p.was.ExcessSince == nil {
		since := metav1.NewTime(p.now.Truncate(time.Second))
		p.out.Status.ExcessSince = &since
	}
	over := have - *p.spec.MaxShadows
	due := p.out.Status.ExcessSince.Add(p.leads.shadow)
	reason := ReasonExcess
	switch {
	case !p.now.Before(due):
	case over > 0:
		excess, reason = over, ReasonOverMaximum
		p.wake(due)
	default:
		p.wake(due)
		return
	}
	for _, m := range p.worstFirst() {
		if excess <= 0 {
			return
		}
		excess--
		p.remove(m, reason)
	}
}

// worstFirst returns the shadows that could be spared, those first that would
// serve last: they start, they warm up, they stand at the end of the intent.
func (p *plan) worstFirst() []*member {
	order := p.order()
	at := make(map[*member]int, len(order))
	for i, m := range order {
		at[m] = i
	}
	var out []*member
	for i := range p.members {
		if m := &p.members[i]; m.fate == fateNone && m.doom == "" && hidden(m.state) && m.state != v1alpha1.ShadowDraining {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b *member) int {
		return cmp.Or(cmp.Compare(worth(a), worth(b)), cmp.Compare(at[b], at[a]), b.CreatedAt.Compare(a.CreatedAt))
	})
	return out
}

// How soon a shadow can serve.
const (
	worthWarming = 1
	worthReady   = 2
)

// worth ranks a shadow by how soon it can serve.
func worth(m *member) int {
	switch m.state {
	case v1alpha1.ShadowReady:
		return worthReady
	case v1alpha1.ShadowWarming:
		return worthWarming
	case v1alpha1.ShadowCreating, v1alpha1.ShadowActive, v1alpha1.ShadowBridged, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return 0
}
