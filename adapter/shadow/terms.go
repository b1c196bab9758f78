package shadow

import (
	"math"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// burstSlack is how much earlier than the first activation of a burst its cold
// pods may have been made: the times of pods are whole seconds.
const burstSlack = 5 * time.Second

// numbers are the counts that the parts of a decision share.
type numbers struct {
	// desired is what the target, or without one the workload, is meant to have.
	desired int32
	// have are the shadows that count towards want: those of the target that are
	// fine, and those that come back. occupied are all that exist.
	have, occupied int32
	// creating are the shadows that start.
	creating int32
	// bridged are the pods that serve under the pool's ownership.
	bridged int32
	// lost are the shadows that counted as cover when the status was written and
	// that a rollout or a disruption has taken since.
	lost int32
	// burst says that activations are not over: the ReplicaSet has to settle.
	burst bool
}

// reckon counts the pods and computes the terms of the decision.
func (p *plan) reckon() {
	p.countLive()
	p.countShadows()
	p.burst = p.underWay()
	t := &p.out.Terms
	p.desired = p.meantToHave()
	t.Desired, t.Live = p.desired, 0
	for i := range p.sets {
		s := &p.sets[i]
		if s == p.target || p.target == nil && s.Active() {
			t.Live += s.live
			t.Pending += s.young
		}
	}
	t.Missing = t.Desired - t.Live
	t.Ahead = p.ahead()
	p.reckonWant()
}

// countLive tallies the pods of each ReplicaSet.
func (p *plan) countLive() {
	began := p.burstBegan()
	p.zones = make(map[string]int32, 4)
	for i := range p.members {
		m := &p.members[i]
		if m.state == v1alpha1.ShadowBridged {
			p.zones[m.Zone]++
		}
		if m.Owner != OwnerReplicaSet || !m.Active() {
			continue
		}
		s := find(p.sets, m.ReplicaSetUID)
		p.countPod(s, m)
		if at, ok := began[s.UID]; ok && m.state == "" && !m.CreatedAt.Before(at) {
			s.joined++
		}
	}
}

func (p *plan) countPod(s *tally, m *member) {
	s.live++
	if m.Phase == PhaseRunning {
		p.zones[m.Zone]++
	}
	if m.Ready() {
		s.ready++
	}
	if m.state == v1alpha1.ShadowActive {
		if m.Costed {
			s.settling++
		}
		return
	}
	age := p.now.Sub(m.CreatedAt)
	if m.Phase == PhasePending {
		s.pending++
		// Without a node it cannot turn Ready before all of a start-up is over.
		if m.Node == "" || age < p.leads.young {
			s.young++
		}
		if m.Node == "" {
			s.unplaced++
			p.wake(m.CreatedAt.Add(p.leads.young))
		}
		if m.Node == "" && age >= p.leads.young {
			s.waiting++
		}
	}
	if age < p.leads.bridge && (!m.Ready() || p.now.Sub(m.ReadyAt) < bridgeOverlap) {
		s.booting++
	}
}

// burstBegan returns when the activations began that still settle, by
// ReplicaSet.
func (p *plan) burstBegan() map[types.UID]time.Time {
	var out map[types.UID]time.Time
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowActive || !m.Costed {
			continue
		}
		if out == nil {
			out = map[types.UID]time.Time{}
		}
		at := m.ActivatedAt.Add(-burstSlack)
		if first, ok := out[m.ReplicaSetUID]; !ok || at.Before(first) {
			out[m.ReplicaSetUID] = at
		}
	}
	return out
}

// underWay says that activations are not over: some pods settle, or are bridged,
// and their ReplicaSet is still busy with the raise. Cold pods that start on
// their nodes are none of that: while a load climbs for an hour there are always
// some, and shadows have to be made all the same.
func (p *plan) underWay() bool {
	for i := range p.sets {
		s := &p.sets[i]
		if (s.settling > 0 || p.bridged > 0 && s.Active()) && !s.placed() {
			return true
		}
	}
	return false
}

// placed says that the ReplicaSet has seen its own spec, has the pods that it
// asks for, and each of them has a node.
func (t *tally) placed() bool {
	return t.ObservedGeneration >= t.Generation && t.live == t.Replicas && t.unplaced == 0
}

// settled says that the ReplicaSet has seen its own spec, has the pods that it
// asks for, and none of them has yet to run.
func (t *tally) settled() bool {
	return t.ObservedGeneration >= t.Generation && t.live == t.Replicas && t.pending == 0
}

// countShadows finds which shadows have to end, and counts those that need not.
func (p *plan) countShadows() {
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerPool || !m.Active() {
			continue
		}
		m.doom = p.doom(m)
		if m.state == v1alpha1.ShadowBridged {
			p.bridged++
			if p.recycles() && m.doom == "" {
				p.have++
			}
			continue
		}
		p.occupied++
		if m.state == v1alpha1.ShadowCreating {
			p.creating++
		}
		if m.doom == "" && (m.state != v1alpha1.ShadowDraining || p.recycles()) {
			p.have++
		}
	}
}

// meantToHave is the number of replicas that may be filled: what the ReplicaSet
// asks for, or less where the pool owns the scale and is lowering it, for the
// ReplicaSet learns of that last. A bridge waits for no ReplicaSet.
func (p *plan) meantToHave() int32 {
	own := *p.spec.Replicas
	switch {
	case p.bridges() && own > 0:
		return own
	case p.bridges() || p.target == nil:
		return p.in.Workload.Replicas
	case own > 0:
		return min(p.target.Replicas, own)
	}
	return p.target.Replicas
}

// ahead is the part of the replicas that our own value asked for ahead of time:
// it may start cold.
func (p *plan) ahead() int32 {
	if pub := &p.in.Published; p.in.Workload.OursAsked && pub.Known {
		return max(0, min(p.desired, pub.Value)-pub.NowTerm)
	}
	return 0
}

// reckonWant computes how many shadows there should be.
func (p *plan) reckonWant() {
	t := &p.out.Terms
	least := *p.spec.MinShadows
	// minShadows wins over the percentage, and over nothing else.
	free := min(*p.spec.MaxShadows, max(least, percent(p.desired, *p.spec.ShadowPercentage)))
	t.Budget = min(free, p.roomFor())
	t.Have = p.have
	if p.refused() || p.spec.Mode != v1alpha1.ModeActive || !p.in.Workload.Exists || p.in.Workload.Deleting {
		return
	}
	need := least
	if pub := &p.in.Published; pub.Known {
		need = max(pub.ShadowNeed-pub.NowTerm, least)
	}
	unbound := min(need, free)
	t.Want = min(unbound, t.Budget)
	t.HeldBack = unbound - t.Want
}

// roomFor is how many shadows quotas and caps leave room for. Of a quota as much
// as the largest grant and the surge of a rollout is kept back: with x shadows a
// raise makes up to x pods that are one too many for a moment, so x more shadows
// need room for 2x and the surge.
func (p *plan) roomFor() int32 {
	room, r := int64(math.MaxInt32), &p.in.Room
	if r.Pods >= 0 {
		room = min(room, (int64(r.Pods)+int64(p.occupied)-int64(p.in.Workload.MaxSurge))/2)
	}
	if r.CapsBy != "" {
		room = min(room, int64(r.Caps)+int64(p.occupied))
	}
	return int32(max(0, room))
}

// boundBy names what leaves no room.
func (r *Room) boundBy() string {
	if r.CapsBy != "" && (r.Pods < 0 || r.By == "") {
		return r.CapsBy
	}
	return r.By
}

// percent is a share of n, rounded up.
func percent(n, share int32) int32 {
	return int32((int64(n)*int64(share) + 99) / 100)
}

// GrantsAt is how many of the decision's grants a ReplicaSet still has room for
// that asks for another number of replicas by now.
func (t Terms) GrantsAt(replicas int32) int32 {
	return max(0, t.Grants-max(0, t.Desired-replicas))
}
