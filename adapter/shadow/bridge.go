package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// bridgeOverlap is how long a cold pod is Ready before its bridge is withdrawn:
// by then every proxy knows it.
const bridgeOverlap = 5 * time.Second

// bridge lets shadows stand in for cold pods (T8). The ReplicaSet takes no part,
// so it works during rollouts too.
func (p *plan) bridge() {
	want, have := p.bridgeTarget(), int32(0)
	for i := range p.members {
		if m := &p.members[i]; m.state == v1alpha1.ShadowBridged && m.Ready() && m.doom == "" {
			have++
		}
	}
	if why := p.hold(Reason{}); why.Reason != "" {
		p.countWarm()
		if want > have && p.anyShadow() {
			p.withhold(KindBridge, "", why)
		}
		return
	}
	t := &p.out.Terms
	for _, m := range p.order() {
		c := p.claim(m)
		if i := failing(bridgeGuards, c); i >= 0 {
			if bridgeGuards[i].reason == ReasonJustWarmed && want > have {
				p.wake(m.WarmedAt.Add(warmRest))
			}
			continue
		}
		t.Warm++
		if have+t.Grants >= want {
			continue
		}
		t.Grants++
		m.fate = fateGranted
		p.do(KindBridge, m, ReasonReplicasRaised, fmt.Sprintf("%s %s lacks %s that serve", p.in.Workload.Kind, p.in.Workload.Name, count(int(want), "pod")))
	}
	if open := want - have - t.Grants; open > 0 {
		p.withhold(KindBridge, "", Reason{Reason: ReasonNoWarmShadow, Message: fmt.Sprintf(
			"%s %s starts %s cold: no other shadow is warm", p.in.Workload.Kind, p.in.Workload.Name, count(int(open), "pod"))})
		p.explainPods(bridgeGuards, KindBridge)
	}
}

// bridgeTarget is how many bridges there should be: one for each pod that the
// workload lacks or that starts, but no more than it lacks in serving pods (the
// surge of a rollout is nobody's lack), less what was asked for ahead of time. A
// pod that does not start within its time no longer holds a bridge.
func (p *plan) bridgeTarget() int32 {
	var live, serving, booting int32
	for i := range p.sets {
		s := &p.sets[i]
		serving += s.ready - s.fresh
		if s.Active() {
			live += s.live
			booting += s.booting
		}
	}
	n := max(0, min(p.desired-live+booting, p.desired-serving)-p.out.Terms.Ahead)
	if p.spec.Activation.Policy == v1alpha1.ActivationPolicyProportional {
		n = percent(n, *p.spec.ShadowPercentage)
	}
	return n
}

// withdraw hides the bridges that are no longer needed (T9): the cold pods are
// Ready, or will not be. Those that do not serve go first, then the oldest.
func (p *plan) withdraw() {
	if p.bridged == 0 {
		return
	}
	var bridges []*member
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowBridged || m.doom != "" || m.fate != fateNone {
			continue
		}
		if rs := find(p.sets, m.ReplicaSetUID); rs == nil || rs.Deleting || !rs.Active() {
			p.occupied++
			m.fate = fateWithdrawn
			p.do(KindWithdraw, m, ReasonStale, "its ReplicaSet asks for no pods any more")
			continue
		}
		bridges = append(bridges, m)
	}
	keep := p.bridgeTarget()
	if p.bridges() {
		keep = max(0, keep-p.out.Terms.Grants)
	}
	slices.SortStableFunc(bridges, func(a, b *member) int {
		return cmp.Or(-boolCompare(a.Ready(), b.Ready()), b.ActivatedAt.Compare(a.ActivatedAt))
	})
	for i, m := range bridges {
		if int32(i) < keep {
			if at := p.bridgeEnds(); !at.IsZero() {
				p.wake(at)
			}
			continue
		}
		p.occupied++
		m.fate = fateWithdrawn
		p.do(KindWithdraw, m, ReasonColdPodsReady, "the pods that it stands in for are Ready, or do not come")
	}
}

// bridgeEnds is when the next cold pod stops to hold a bridge; zero if none does.
func (p *plan) bridgeEnds() (first time.Time) {
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerReplicaSet || !m.Active() || m.state != "" {
			continue
		}
		at := m.CreatedAt.Add(p.leads.bridge)
		if m.Ready() {
			at = m.ReadyAt.Add(bridgeOverlap)
		}
		if at.After(p.now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// boolCompare orders false before true.
func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
