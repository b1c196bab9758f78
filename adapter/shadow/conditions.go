package shadow

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// ownConditions are the conditions that the shadows role writes, in their order.
var ownConditions = []string{
	v1alpha1.ConditionShadowsReady,
	v1alpha1.ConditionAdmissionDrift,
	v1alpha1.ConditionHPAToleranceNotZero,
	v1alpha1.ConditionSidecarMissing,
	v1alpha1.ConditionCPUBoostIgnored,
	v1alpha1.ConditionHeldBack,
	v1alpha1.ConditionResizePending,
	v1alpha1.ConditionPolicyGap,
}

// ours returns the conditions of the shadows role, in their order.
func ours(all []metav1.Condition) []metav1.Condition {
	out := make([]metav1.Condition, 0, len(ownConditions))
	for _, t := range ownConditions {
		if i := slices.IndexFunc(all, func(c metav1.Condition) bool { return c.Type == t }); i >= 0 {
			out = append(out, all[i])
		}
	}
	return out
}

// conditions says what is true of the pool. ShadowsReady is always there; the
// others appear when they become True and stay, as False, when they are over.
func (p *plan) conditions() []metav1.Condition {
	is := map[string]Reason{}
	note := func(r Reason) {
		if _, there := is[r.Condition]; r.Condition != "" && !there {
			is[r.Condition] = r
		}
	}
	for _, list := range [][]Reason{p.in.Refusals, p.in.Warnings} {
		for _, r := range list {
			note(r)
		}
	}
	note(p.drifted())
	note(p.whole)
	note(p.unsized())
	note(p.boostsEnding())
	if p.out.Terms.HeldBack > 0 {
		note(Reason{Condition: v1alpha1.ConditionHeldBack, Reason: ReasonHeldBack, Message: p.heldBackMessage()})
	}
	out := make([]metav1.Condition, 0, len(ownConditions))
	for _, t := range ownConditions {
		r, set := is[t]
		c := p.condition(t, set, r)
		if t == v1alpha1.ConditionShadowsReady {
			c = p.shadowsReady()
		}
		if c.Type != "" {
			out = append(out, c)
		}
	}
	return out
}

// shadowsReady says whether shadows may be made and go live.
func (p *plan) shadowsReady() metav1.Condition {
	if p.held.Reason != "" {
		return p.stamped(metav1.Condition{
			Type: v1alpha1.ConditionShadowsReady, Status: metav1.ConditionFalse, Reason: p.held.Reason, Message: p.held.Message,
		})
	}
	return p.stamped(metav1.Condition{
		Type: v1alpha1.ConditionShadowsReady, Status: metav1.ConditionTrue, Reason: ReasonShadowsKept,
		Message: "shadows are made as the forecast asks and go live as the workload is raised",
	})
}

// condition returns a condition that is True for a reason, or no longer so.
func (p *plan) condition(t string, is bool, r Reason) metav1.Condition {
	if is {
		return p.stamped(metav1.Condition{Type: t, Status: metav1.ConditionTrue, Reason: r.Reason, Message: r.Message})
	}
	if !slices.ContainsFunc(p.was.Conditions, func(c metav1.Condition) bool { return c.Type == t }) {
		return metav1.Condition{}
	}
	return p.stamped(metav1.Condition{Type: t, Status: metav1.ConditionFalse, Reason: "Over"})
}

// stamped gives a condition its generation, and the time of its last change.
func (p *plan) stamped(c metav1.Condition) metav1.Condition {
	c.ObservedGeneration = p.in.Pool.Generation
	c.LastTransitionTime = metav1.NewTime(p.now.Truncate(time.Second))
	for i := range p.was.Conditions {
		if was := &p.was.Conditions[i]; was.Type == c.Type && was.Status == c.Status {
			c.LastTransitionTime = was.LastTransitionTime
		}
	}
	return c
}

// drifted names the first shadow that admission made other than a live pod.
func (p *plan) drifted() Reason {
	for i := range p.members {
		m := &p.members[i]
		if m.Owner != OwnerPool || !m.Active() || m.Drift == "" || m.fate == fateDeleted {
			continue
		}
		return Reason{Condition: v1alpha1.ConditionAdmissionDrift, Reason: ReasonAdmissionDrift, Message: fmt.Sprintf(
			"admission made shadow %s differ from a live pod in %s: let the webhook treat both alike or allow the field with --shadows.allow-drift, then delete the shadow", m.Name, m.Drift)}
	}
	return Reason{}
}
