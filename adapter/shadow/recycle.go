package shadow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// raiseScale hands a raise of the pool's own scale on to the workload, first of
// all: everything else waits for it.
func (p *plan) raiseScale() {
	if own := p.ownScale(); own > p.in.Workload.Replicas {
		p.scale(own)
	}
}

// lowerScale hands a lowering on. Pods that can be used again leave the
// ReplicaSet first (T11), so that it finds nothing more to end.
func (p *plan) lowerScale() {
	own := p.ownScale()
	if own == 0 || own >= p.in.Workload.Replicas {
		return
	}
	if p.recycles() && p.held.Reason == "" {
		p.detach(own)
	}
	p.scale(own)
}

// ownScale is the order for the workload's scale where the pool owns it, and 0
// where it does not. It holds in each mode and while shadows are paused, for an
// autoscaler relies on it.
func (p *plan) ownScale() int32 {
	w := &p.in.Workload
	if !w.Exists || w.Deleting {
		return 0
	}
	for _, r := range p.in.Refusals {
		if r.Reason == v1alpha1.ReasonWorkloadTaken || r.Reason == v1alpha1.ReasonSpecInvalid {
			return 0
		}
	}
	return *p.spec.Replicas
}

func (p *plan) scale(to int32) {
	a := p.do(KindScale, nil, ReasonReplicasChanged, fmt.Sprintf(
		"spec.replicas of pool %s is %d, %s %s has %d", p.in.Pool.Name, to, p.in.Workload.Kind, p.in.Workload.Name, p.in.Workload.Replicas))
	a.Replicas = to
}

// detach takes the pods out of the ReplicaSet that become shadows again: no more
// than the budget takes, and no more than leaves the ReplicaSet with as many
// Ready pods as it is to have. Its pods that are not Ready are its first victims
// anyway.
func (p *plan) detach(to int32) {
	budget := min(*p.spec.MaxShadows, max(*p.spec.MinShadows, percent(to, *p.spec.ShadowPercentage)), p.roomFor())
	n := min(p.target.Replicas-to, p.target.ready-to, budget-p.occupied)
	var fit []*member
	for i := range p.members {
		m := &p.members[i]
		if m.ReplicaSetUID != p.target.UID || m.state != v1alpha1.ShadowActive {
			continue
		}
		c := p.claim(m)
		if why, ok := judge(detachGuards, c); !ok {
			p.withhold(KindDetach, m.Name, why)
			continue
		}
		fit = append(fit, m)
	}
	slices.SortStableFunc(fit, func(a, b *member) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.Name, b.Name))
	})
	for _, m := range fit[:max(0, min(int(n), len(fit)))] {
		m.fate = fateDetached
		p.have++
		p.occupied++
		p.do(KindDetach, m, ReasonScaledIn, fmt.Sprintf("the workload is lowered to %d replicas: it drains and becomes a shadow again", to))
	}
}

// rewarm ends the drain of pods that are used again (T12), and those that are
// not.
func (p *plan) rewarm() {
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowDraining || m.Owner != OwnerPool || m.fate != fateNone || !gentle(m.doom) {
			continue
		}
		if over := m.DrainingSince.Add(p.drain); p.now.Before(over) {
			p.wake(over)
			continue
		}
		switch {
		case m.doom != "":
			p.remove(m, m.doom)
		case !p.recycles():
			p.remove(m, ReasonDrained)
		default:
			p.reuse(m)
		}
	}
}

func (p *plan) reuse(m *member) {
	c := p.claim(m)
	i := failing(rewarmGuards, c)
	if i < 0 {
		m.fate = fateMoved
		p.do(KindRewarm, m, ReasonDrained, "it has finished its requests and warms up again")
		return
	}
	m.fate, m.doom = fateDeleted, ReasonNotReused
	p.do(KindDelete, m, ReasonNotReused, rewarmGuards[i].say(c))
}
