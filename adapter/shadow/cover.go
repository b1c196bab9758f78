package shadow

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// cover counts what stands in for cold starts: shadows that can go live, those
// that serve as bridges, and those that a rollout or a disruption took, for as
// long as it takes to replace them. Without the last a rollout would look like a
// need for more replicas.
func (p *plan) cover() *v1alpha1.CoverStatus {
	c := &v1alpha1.CoverStatus{}
	if p.can() {
		c.Replicas = p.warmOfCurrent() + p.bridging()
	}
	was := p.was.Cover
	lost, until := int32(0), time.Time{}
	if was != nil && was.LostUntil != nil && p.now.Before(was.LostUntil.Time) {
		// Each that became warm since then replaces one.
		lost, until = min(was.Lost, max(0, was.Replicas-c.Replicas)), was.LostUntil.Time
	}
	if p.lost > 0 && p.can() {
		lost += p.lost
		until = p.now.Truncate(time.Second).Add(p.leads.shadow)
	}
	lost = min(lost, max(0, p.out.Terms.Want-c.Replicas))
	if lost > 0 {
		at := metav1.NewTime(until)
		c.Lost, c.LostUntil = lost, &at
		c.Replicas += lost
		p.wake(until)
	}
	p.out.Terms.Cover = c.Replicas
	return c
}

// can says that shadows may go live at all: what is paused or refused covers
// nothing.
func (p *plan) can() bool {
	return p.acts() && p.spec.Mode == v1alpha1.ModeActive && !p.refused() && p.in.Workload.Exists && !p.in.Workload.Deleting
}

// warmOfCurrent counts the shadows of the current ReplicaSet that can go live.
func (p *plan) warmOfCurrent() (n int32) {
	for i := range p.members {
		m := &p.members[i]
		if p.becomes(m) != v1alpha1.ShadowReady || m.doom != "" {
			continue
		}
		if c := p.claim(m); failing(candidateGuards, c) < 0 {
			n++
		}
	}
	return n
}

// bridging counts the bridges.
func (p *plan) bridging() (n int32) {
	for i := range p.members {
		if p.becomes(&p.members[i]) == v1alpha1.ShadowBridged {
			n++
		}
	}
	return n
}

// covered says that a shadow which was listed in a state counted as cover.
func covered(s v1alpha1.ShadowState) bool {
	return s == v1alpha1.ShadowReady || s == v1alpha1.ShadowBridged
}

// lossy says that a shadow which ended for a reason is one that a rollout or a
// disruption took.
func lossy(reason string) bool {
	switch reason {
	case ReasonStale, ReasonEvicted, ReasonNodeGone, ReasonEnded, ReasonFailed:
		return true
	}
	return false
}
