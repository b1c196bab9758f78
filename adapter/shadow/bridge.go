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
		if m := &p.members[i]; m.state == v1alpha1.ShadowBridged && m.Ready() && m.doom == "" && p.bears(m) {
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
	p.bridgeWith(want, have)
}

// bridgeWith bridges with as many shadows as are missing.
func (p *plan) bridgeWith(want, have int32) {
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
		p.do(KindBridge, m, ReasonReplicasRaised, fmt.Sprintf("%s %s lacks %s", p.in.Workload.Kind, p.in.Workload.Name, count(int(want), "serving pod")))
	}
	if lack := p.bridgeLack(); want < lack {
		p.explainBridge(want, lack)
	}
	if open := want - have - t.Grants; open > 0 {
		p.withhold(KindBridge, "", Reason{Reason: ReasonNoWarmShadow, Message: fmt.Sprintf(
			"%s %s starts %s cold: no other shadow is warm", p.in.Workload.Kind, p.in.Workload.Name, count(int(open), "pod"))})
		p.explainPods(bridgeGuards, KindBridge)
	}
}

// bridgeTarget is how many bridges there should be: as many as the workload lacks
// in pods that do not start only now, less what was asked for ahead of time. The
// surge of a rollout is no lack, for old pods serve in its place; and a pod that
// does not start within its time no longer holds a bridge.
func (p *plan) bridgeTarget() int32 {
	n := max(0, p.bridgeLack()-p.out.Terms.Ahead)
	if p.spec.Activation.Policy == v1alpha1.ActivationPolicyProportional {
		n = percent(n, *p.spec.ShadowPercentage)
	}
	return n
}

// bridgeLack is how many pods the workload lacks that do not start only now.
func (p *plan) bridgeLack() int32 {
	lack := p.desired
	for i := range p.sets {
		if s := &p.sets[i]; s.Active() {
			lack -= s.live - s.booting
		}
	}
	return lack
}

// explainBridge says why fewer pods are bridged than start cold.
func (p *plan) explainBridge(want, lack int32) {
	t := &p.out.Terms
	if t.Ahead > 0 {
		p.withhold(KindBridge, "", p.askedAhead(p.in.Workload.Kind+" "+p.in.Workload.Name))
	}
	if want < lack-t.Ahead {
		p.withhold(KindBridge, "", p.proportional())
	}
}

// bears says that the ReplicaSet of a bridge still asks for pods.
func (p *plan) bears(m *member) bool {
	rs := find(p.sets, m.ReplicaSetUID)
	return rs != nil && !rs.Deleting && rs.Active()
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
		if !p.bears(m) {
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
