package invariant

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// checkOwners holds that a pod of ours has one owner, and labels that go with
// it (H4).
func (c *Checker) checkOwners(old, now *corev1.Pod) {
	if !ours(now) {
		return
	}
	pod := name("Pod", now)
	switch n := len(now.OwnerReferences); {
	case n == 0 && !c.orphaned(controller(old).UID):
		c.broken("H4", pod, "it has no owner")
	case n > 1:
		c.broken("H4", pod, fmt.Sprintf("it has %d owners", n))
	case n == 1:
		c.checkReference(pod, now.OwnerReferences[0])
	}
	rs, ok := c.w.replicaSets[types.UID(now.Annotations[v1alpha1.ReplicaSetAnnotation])]
	if !ok {
		return
	}
	if shadow(now) && now.DeletionTimestamp == nil && selects(rs.ReplicaSet, now) {
		c.broken("H4", pod, "the pool owns it and it bears the live labels")
	}
	if controller(now).UID == rs.UID && !selects(rs.ReplicaSet, now) {
		c.broken("H4", pod, "the ReplicaSet owns it and does not select it")
	}
	if s := state(now); controller(now).UID == rs.UID && s != v1alpha1.ShadowActive {
		c.broken("H4", pod, fmt.Sprintf("the ReplicaSet owns it and its label says %q", s))
	}
}

// checkReference holds that the one owner of a pod controls it (H4), and does
// not go before it where somebody waits for both to be gone (H9).
func (c *Checker) checkReference(pod string, ref metav1.OwnerReference) {
	what := ref.Kind + " " + ref.Name
	if ref.Controller == nil || !*ref.Controller {
		c.broken("H4", pod, what+" owns it and nobody controls it")
	}
	if ref.BlockOwnerDeletion == nil || !*ref.BlockOwnerDeletion {
		c.broken("H9", pod, "a foreground deletion of "+what+" does not wait for it")
	}
}

// orphaned says that an owner has let go of what it owned, as a deletion that
// orphans does.
func (c *Checker) orphaned(owner types.UID) bool {
	rs, ok := c.w.replicaSets[owner]
	return ok && !rs.endingSince.IsZero()
}

// checkGates holds that nothing of ours can hold up a pod (H8).
func (c *Checker) checkGates(p *corev1.Pod) {
	foreign := func(s string) bool { return !strings.HasPrefix(s, v1alpha1.Group) }
	for _, g := range p.Spec.ReadinessGates {
		if !foreign(string(g.ConditionType)) {
			c.broken("H8", name("Pod", p), "its readiness waits for "+string(g.ConditionType))
		}
	}
	for _, g := range p.Spec.SchedulingGates {
		if !foreign(g.Name) {
			c.broken("H8", name("Pod", p), "its scheduling waits for "+g.Name)
		}
	}
	for _, f := range p.Finalizers {
		if !foreign(f) {
			c.broken("H8", name("Pod", p), "its deletion waits for "+f)
		}
	}
}

// atEnd judges what is left: no pod of ours whose owner is gone (H9, Rel8).
func (c *Checker) atEnd() {
	for _, p := range c.w.live() {
		if !ours(p.Pod) || p.DeletionTimestamp != nil {
			continue
		}
		owner := controller(p.Pod)
		if owner.UID == "" {
			if c.now.Sub(p.alone) > c.cfg.Collect && p.activation == nil {
				c.broken("Rel8", name("Pod", p), "nobody owns it")
			}
			continue
		}
		gone, known := c.goneSince(owner.UID)
		if known && !gone.IsZero() && c.now.Sub(gone) > c.cfg.Collect {
			c.broken("H9", name("Pod", p), fmt.Sprintf("its owner %s/%s is gone since %s", owner.Kind, owner.Name, gone.UTC().Format("15:04:05")))
		}
	}
}
