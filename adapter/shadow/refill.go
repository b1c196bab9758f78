package shadow

import (
	"fmt"
	"time"
)

const (
	// leastStarting is how many shadows may start at once in any pool; a large
	// pool starts a quarter of what it wants, up to mostStarting.
	leastStarting = 10
	startingShare = 25
	mostStarting  = 100
)

// refill makes the shadows that are missing (T1), or says what they wait for.
func (p *plan) refill() {
	lack := p.out.Terms.Want - p.have
	if !p.bridges() || !p.recycles() {
		lack += p.out.Terms.Grants // these do not come back
	}
	if p.out.Terms.HeldBack > 0 {
		p.withhold(KindCreate, "", Reason{Reason: ReasonHeldBack, Message: p.heldBackMessage()})
	}
	if lack <= 0 {
		return
	}
	if why := p.holdRefill(); why.Reason != "" {
		p.withhold(KindCreate, "", why)
		return
	}
	free := p.out.Terms.Budget - p.occupied
	if free <= 0 {
		p.withhold(KindCreate, "", Reason{Reason: ReasonBudgetInUse, Message: fmt.Sprintf(
			"%s of a budget of %d, some about to end: more follow when these are gone", count(int(p.occupied), "shadow"), p.out.Terms.Budget)})
		return
	}
	most := max(leastStarting, min(mostStarting, percent(p.out.Terms.Want, startingShare))) - p.creating
	if most <= 0 {
		p.withhold(KindCreate, "", Reason{Reason: ReasonManyStarting, Message: count(int(p.creating), "shadow") +
			" being made at once: more follow when these are Ready"})
		return
	}
	p.create(min(lack, free, most))
}

// holdRefill returns the first thing that new shadows wait for.
func (p *plan) holdRefill() Reason {
	if p.held.Reason != "" {
		return p.held
	}
	for _, check := range []func(*plan) Reason{holdActivations, holdRollout, holdLivePods, holdBackoff} {
		if r := check(p); r.Reason != "" {
			return r
		}
	}
	return Reason{}
}

// holdActivations keeps new pods away from a burst of activations: the API
// server, the scheduler and the nodes are busy with it.
func holdActivations(p *plan) Reason {
	switch {
	case p.out.Terms.Grants > 0:
		return Reason{Reason: ReasonActivationUnderWay, Message: "shadows go live in this very moment: new ones are made afterwards"}
	case p.burst:
		return Reason{Reason: ReasonActivationUnderWay, Message: fmt.Sprintf(
			"new shadows are made when ReplicaSet %s has its pods, each on a node", p.target.Name)}
	}
	return Reason{}
}

// holdRollout keeps from making shadows of a template that is about to go.
func holdRollout(p *plan) Reason {
	if current := p.in.Workload.CurrentUID; current != "" && current != p.target.UID {
		return Reason{Reason: ReasonRolloutInProgress, Message: fmt.Sprintf(
			"ReplicaSet %s is not the one of the newest template: new shadows are made of that one when the rollout is done", p.target.Name)}
	}
	return Reason{}
}

// holdLivePods lets the workload's own pods have what room there is.
func holdLivePods(p *plan) Reason {
	rs := p.target
	switch {
	case rs.Failing != "":
		return Reason{Reason: ReasonLivePodsFirst, Message: fmt.Sprintf("ReplicaSet %s cannot make its own pods: %s", rs.Name, rs.Failing)}
	case p.out.Terms.Missing > 0:
		return Reason{Reason: ReasonLivePodsFirst, Message: fmt.Sprintf("ReplicaSet %s makes its own pods first", rs.Name)}
	}
	if rs.waiting > 0 {
		return Reason{Reason: ReasonLivePodsFirst, Message: fmt.Sprintf("ReplicaSet %s has %s without a node: they come first", rs.Name, count(int(rs.waiting), "pod"))}
	}
	return Reason{}
}

// create makes n shadows in the first free slots.
func (p *plan) create(n int32) {
	message := fmt.Sprintf("%d of %d wanted shadows are there", p.have, p.out.Terms.Want)
	for slot := 0; n > 0; slot++ {
		name := slotName(p.in.Pool.UID, p.target.ReplicaSet, slot)
		if _, taken := p.named(name, 0); taken {
			continue
		}
		n--
		a := p.do(KindCreate, nil, ReasonRefill, message)
		a.Pod, a.ReplicaSetUID, a.Whole = name, p.target.UID, p.whole.Reason != ""
	}
}

const (
	// backoffBase is the wait after the first shadow that was evicted or did not
	// start; each further one doubles it, up to backoffMost. What happens within
	// one backoffBase is one incident, such as the drain of a node.
	backoffBase = 10 * time.Second
	backoffMost = 10 * time.Minute
	// backoffMemory is how long such an end counts.
	backoffMemory = time.Hour
)

// holdBackoff waits the longer, the more often shadows ended early of late. A
// shadow that became warm since then ends it.
func holdBackoff(p *plan) Reason {
	var warmed time.Time
	for i := range p.members {
		if m := &p.members[i]; m.Owner == OwnerPool && m.WarmedAt.After(warmed) {
			warmed = m.WarmedAt
		}
	}
	incidents, last, reason := 0, time.Time{}, ""
	ended := p.out.Status.Deactivated
	for i := len(ended) - 1; i >= 0; i-- {
		d := &ended[i]
		if !early(d.Reason) || p.now.Sub(d.Time.Time) > backoffMemory || d.Time.Time.Before(warmed) {
			continue
		}
		if incidents == 0 || d.Time.Sub(last) > backoffBase {
			incidents++
		}
		last, reason = d.Time.Time, d.Reason
	}
	if incidents == 0 {
		return Reason{}
	}
	wait := backoffMost
	if shift := incidents - 1; shift < 6 {
		wait = min(wait, backoffBase<<shift)
	}
	due := last.Add(wait)
	if !p.now.Before(due) {
		return Reason{}
	}
	p.wake(due)
	return Reason{Reason: ReasonBackingOff, Message: fmt.Sprintf(
		"a shadow ended early (%s), for the %s time: the next one is made at %s", reason, ordinal(incidents), due.UTC().Format("15:04:05"))}
}

// early says that a shadow which ended for this reason may do so again at once.
func early(reason string) bool {
	switch reason {
	case ReasonEvicted, ReasonFailed, ReasonNotStarting, ReasonNotReady, ReasonEnded, ReasonBoostStays:
		return true
	}
	return false
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}

// heldBackMessage names what keeps shadows away, and the remedy.
func (p *plan) heldBackMessage() string {
	return fmt.Sprintf("%s leaves no room for %s: raise it, or lower minShadows or maxShadows",
		p.in.Room.boundBy(), count(int(p.out.Terms.HeldBack), "wanted shadow"))
}
