package invariant

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// stepReplicaSet takes a ReplicaSet as it is now.
func (c *Checker) stepReplicaSet(now *appsv1.ReplicaSet, gone bool) {
	rs, known := c.w.replicaSets[now.UID]
	if !known {
		rs = &replicaSet{since: c.now}
		c.w.replicaSets[now.UID] = rs
	}
	rs.ReplicaSet = now
	rs.wanted = rs.wanted.set(c.now, int(deref(now.Spec.Replicas)))
	if rs.endingSince.IsZero() && (now.DeletionTimestamp != nil || gone) {
		rs.endingSince = c.now
	}
	if gone {
		rs.gone = c.now
	}
	c.count(now.UID)
	c.stepSelector("ReplicaSet", now, labelSelector(now.Spec.Selector), gone)
}

// checkVictim judges the end of a pod that a ReplicaSet owned (H1): was it one
// that served, and did it die for one that we handed over?
func (c *Checker) checkVictim(p *pod) {
	rs, ok := c.w.replicaSets[controller(p.Pod).UID]
	if !ok || disrupted(p.Pod) || !rs.endingSince.IsZero() || c.endedByOthers(p) {
		return
	}
	if p.activation != nil && (c.within(p.activation.at, c.cfg.Settle) || costed(p.Pod, rs.ReplicaSet)) {
		return // it is one of those that were handed over, or of an earlier raise that has not settled
	}
	first := c.activationBefore(rs, p)
	if first == nil || c.lowered(rs, p, first.at) {
		return
	}
	seenUnready := c.within(p.unready, c.cfg.Lag)
	if seenUnready && !c.within(rs.over, c.cfg.Settle) {
		c.Excused++ // whoever is not Ready goes first, whatever we do
		return
	}
	c.broken("H1", name("Pod", p), fmt.Sprintf(
		"it had served and was deleted %s after %s joined; the ReplicaSet asks for %d",
		c.now.Sub(first.at).Round(time.Millisecond), name("Pod", first.pod), rs.wanted.last()))
}

// activationBefore returns the earliest activation that may have cost the pod
// its life: within Settle, and the pod served shortly before it.
func (c *Checker) activationBefore(rs *replicaSet, p *pod) *activation {
	for _, a := range rs.activations {
		if !c.within(a.at, c.cfg.Settle) || a.pod == p {
			continue
		}
		if p.firstServed.IsZero() || !p.firstServed.Before(a.at) {
			continue // it is one of those that started for the raise
		}
		if p.servingIn > 0 || a.at.Sub(p.served) <= c.cfg.Served {
			return a
		}
	}
	return nil
}

// lowered says that since an activation the ReplicaSet asked for less than the
// pods that it saw Ready without those that we handed over.
func (c *Checker) lowered(rs *replicaSet, p *pod, from time.Time) bool {
	others := 0
	for _, o := range c.w.of(rs.UID) {
		handed := o.activation != nil && c.within(o.activation.at, c.cfg.Settle)
		if c.seenReady(o) && !handed && o != p {
			others++
		}
	}
	if c.seenReady(p) {
		others++
	}
	return rs.wanted.minSince(from.Add(-c.cfg.Lag)) < others
}

// seenReady says that a pod is Ready for somebody whose view may be as old as Lag.
func (c *Checker) seenReady(p *pod) bool { return ready(p.Pod) || c.within(p.wasReady, c.cfg.Lag) }

// endedByOthers says that the log of writes knows who deleted the pod, and that
// it was no ReplicaSet.
func (c *Checker) endedByOthers(p *pod) bool {
	for _, w := range c.writes {
		if w.Kind == "Pod" && w.Verb == "delete" && w.Changed && w.Name == p.Name && w.Namespace == p.Namespace &&
			w.By != replicaSetController && (w.UID == "" || w.UID == p.UID) {
			return true
		}
	}
	return false
}

// replicaSetController is how the log of writes names it.
const replicaSetController = "replicaset-controller"

// checkSurplus holds that a ReplicaSet has no more pods than it asked for of
// late and was handed (H3). Until it has seen its own spec it cannot be told.
func (c *Checker) checkSurplus(rs *replicaSet, have int) {
	if rs.Status.ObservedGeneration < rs.Generation || !rs.endingSince.IsZero() {
		return
	}
	handed := 0
	for _, a := range rs.activations {
		if c.within(a.at, c.cfg.Settle) {
			handed++
		}
	}
	if most := rs.wanted.maxSince(c.now.Add(-c.cfg.Settle)) + handed; have > most {
		c.broken("H3", name("ReplicaSet", rs), fmt.Sprintf(
			"it has %d pods; it asked for %d and was handed %d", have, most-handed, handed))
	}
}

// checkBudget holds that a new shadow is one that the pool may have (H3).
func (c *Checker) checkBudget(p *pod) {
	o := c.w.poolOf(p.Pod)
	if o == nil {
		return
	}
	if !o.gone.IsZero() {
		if !c.within(o.gone, c.cfg.Lag) {
			c.broken("H9", name("Pod", p), "it was made for a pool that was deleted")
		}
		return
	}
	have := 0
	for _, other := range c.w.live() {
		if shadow(other.Pod) && controller(other.Pod).UID == o.UID && active(other.Pod) {
			have++
		}
	}
	if budget := c.budget(o); have > budget {
		c.broken("H3", name("Pod", p), fmt.Sprintf("it is shadow %d of a budget of %d", have, budget))
	}
}

// budget is the most shadows that a pool could have asked for within Lag.
func (c *Checker) budget(o *pool) int {
	from := c.now.Add(-c.cfg.Lag)
	replicas := 0
	for _, rs := range sorted(c.w.replicaSets) {
		if rs.gone.IsZero() && c.serves(o, rs) {
			replicas += rs.wanted.maxSince(from)
		}
	}
	share := (replicas*int(deref(o.Spec.ShadowPercentage)) + 99) / 100
	return min(o.cap.maxSince(from), max(int(deref(o.Spec.MinShadows)), share))
}

// serves says that a ReplicaSet belongs to the workload of a pool.
func (c *Checker) serves(o *pool, rs *replicaSet) bool {
	ref := o.Spec.ScaleTargetRef
	if rs.Namespace != o.Namespace {
		return false
	}
	owner := controller(rs.ReplicaSet)
	return ref.Kind == "ReplicaSet" && ref.Name == rs.Name || owner.Kind == ref.Kind && owner.Name == ref.Name
}
