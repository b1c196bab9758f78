package shadow

import (
	"fmt"
	"slices"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// activate hands shadows over to the ReplicaSet, or bridges with them (T5, T8),
// and says what is withheld.
func (p *plan) activate() {
	if p.bridges() {
		p.bridge()
		return
	}
	lack := p.lack()
	if p.held.Reason != "" {
		p.countWarm()
		if lack > 0 && p.anyShadow() {
			p.withhold(KindActivate, "", p.held)
		}
		return
	}
	p.grant(p.rank())
	if lack > 0 {
		p.explain()
	}
}

// lack is how many pods the ReplicaSets in question ask for and do not have
// running, whatever the reason.
func (p *plan) lack() (n int32) {
	for i := range p.sets {
		if s := &p.sets[i]; s == p.target || p.target == nil && s.Active() {
			n += s.Replicas - s.live + s.pending
		}
	}
	return n
}

// room is how many shadows may join the target now: as many as it lacks, or made
// itself and that cannot turn Ready yet, less what was asked for ahead of time.
func (p *plan) room() int32 {
	t := &p.out.Terms
	return max(0, t.Missing+t.Pending-t.Ahead)
}

// allowed is how much of the room the policy lets shadows take.
func (p *plan) allowed() int32 {
	room := p.room()
	if p.spec.Activation.Policy != v1alpha1.ActivationPolicyProportional {
		return room
	}
	// The raise is what is still open and what joined since it began.
	joined := max(0, p.target.joined-max(0, p.target.young))
	raise := room + p.target.settling + joined
	return min(room, max(0, percent(raise, *p.spec.ShadowPercentage)-p.target.settling))
}

// rank returns the members that the written intent lists for the target, in its
// order.
func (p *plan) rank() []*member {
	i := p.was.Intent
	if i == nil || i.ReplicaSetUID != p.target.UID {
		return nil
	}
	out := make([]*member, 0, len(i.PodUIDs))
	for _, uid := range i.PodUIDs {
		if at, ok := p.byUID[uid]; ok && p.members[at].Owner == OwnerPool {
			out = append(out, &p.members[at])
		}
	}
	return out
}

// activateInPlan are the guards of an activation but that of the intent: its
// order is what the plan goes by.
var activateInPlan = bridgeGuards

// grant activates the first of the listed shadows.
func (p *plan) grant(listed []*member) {
	allowed := p.allowed()
	t := &p.out.Terms
	message := ""
	p.out.Actions = slices.Grow(p.out.Actions, min(int(allowed), len(listed)))
	for _, m := range listed {
		if m.doom != "" || m.fate != fateNone {
			continue
		}
		c := p.claim(m)
		if i := failing(activateInPlan, c); i >= 0 {
			if activateInPlan[i].reason == ReasonJustWarmed && p.room() > 0 {
				p.wake(m.WarmedAt.Add(warmRest))
			}
			continue
		}
		t.Warm++
		if t.Grants >= allowed {
			continue
		}
		t.Grants++
		m.fate = fateGranted
		if message == "" {
			message = p.raiseMessage()
		}
		p.do(KindActivate, m, ReasonReplicasRaised, message)
	}
}

// raiseMessage says what the target asks for.
func (p *plan) raiseMessage() string {
	t := &p.out.Terms
	if t.Missing > 0 {
		return fmt.Sprintf("ReplicaSet %s asks for %d pods and lacks %d", p.target.Name, p.desired, t.Missing)
	}
	return fmt.Sprintf("ReplicaSet %s asks for %d pods and %d of its own do not run yet", p.target.Name, p.desired, t.Pending)
}

// countWarm counts the shadows that could go live if nothing held the pool.
func (p *plan) countWarm() {
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowReady || m.doom != "" {
			continue
		}
		if c := p.claim(m); failing(activateInPlan, c) < 0 {
			p.out.Terms.Warm++
		}
	}
}

// anyShadow says that there is a shadow which an activation could be of.
func (p *plan) anyShadow() bool { return p.occupied > 0 || p.bridged > 0 }

// explain says why the pods that the target lacks are not all replaced.
func (p *plan) explain() {
	t := &p.out.Terms
	name := p.target.Name
	if p.desired < p.target.Replicas && p.anyShadow() {
		p.withhold(KindActivate, "", Reason{Reason: ReasonReplicaSetLowered, Message: fmt.Sprintf(
			"pool %s lowers the workload to %d replicas: ReplicaSet %s will ask for no more", p.in.Pool.Name, p.desired, name)})
	}
	if t.Ahead > 0 && t.Grants < max(0, t.Missing+t.Pending) {
		p.withhold(KindActivate, "", p.askedAhead("ReplicaSet "+name))
	}
	if old := p.target.pending - p.target.young; old > 0 {
		p.withhold(KindActivate, "", Reason{Reason: ReasonColdPodsStarting, Message: fmt.Sprintf(
			"ReplicaSet %s has %s old enough to be Ready any moment: no room for a shadow", name, count(int(old), "Pending pod"))})
	}
	open := p.room() - t.Grants
	if open <= 0 {
		return
	}
	if limit := p.allowed() - t.Grants; limit <= 0 && p.spec.Activation.Policy == v1alpha1.ActivationPolicyProportional {
		p.withhold(KindActivate, "", p.proportional())
		return
	}
	p.withhold(KindActivate, "", Reason{Reason: ReasonNoWarmShadow, Message: fmt.Sprintf(
		"ReplicaSet %s starts %s cold: no other shadow is warm", name, count(int(open), "pod"))})
	p.explainPods(activateGuards, KindActivate)
}

func (p *plan) askedAhead(who string) Reason {
	return Reason{Reason: ReasonAskedAhead, Message: fmt.Sprintf(
		"%d of the %d replicas of %s were asked for ahead of time and may start cold: the load needs %d now",
		p.out.Terms.Ahead, p.desired, who, p.in.Published.NowTerm)}
}

func (p *plan) proportional() Reason {
	return Reason{Reason: ReasonPolicyProportional, Message: fmt.Sprintf(
		"activation.policy Proportional lets shadows take %d%% of a raise, rounded up", *p.spec.ShadowPercentage)}
}

// explainPods says of each shadow why it does not go live.
func (p *plan) explainPods(list []guard, kind Kind) {
	for i := range p.members {
		m := &p.members[i]
		if m.fate != fateNone || !hidden(m.state) && (m.state != v1alpha1.ShadowBridged || p.bridges()) {
			continue
		}
		c := p.claim(m)
		why, ok := judge(list, c)
		if ok {
			continue
		}
		if m.doom != "" {
			why = Reason{Reason: m.doom, Message: p.doomMessage(m)}
		}
		p.withhold(kind, m.Name, why)
	}
}
