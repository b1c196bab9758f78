package actuate

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

var errNoReplicaSet = errors.New("its ReplicaSet is not there")

// activation is the one patch of a hand-over: the template's labels, the
// ReplicaSet as owner, the deletion cost, what was lifted.
func (c *act) activation(t *task) (Write, error) {
	if t.rs == nil {
		return Write{}, errNoReplicaSet
	}
	b := c.change()
	b.show(t)
	b.state(v1alpha1.ShadowActive)
	intent := int64(0)
	if i := c.w.Pool.Status.Intent; i != nil {
		intent = i.Epoch
	}
	b.annotations[corev1.PodDeletionCost] = observe.ActivationCost
	b.annotations[v1alpha1.HiddenLabelsAnnotation] = nil
	b.annotations[v1alpha1.ActivationAnnotation] = fmt.Sprintf("%s/%d/%d", t.rs.UID, t.rs.Generation, intent)
	b.annotations[v1alpha1.ActivatedAtAnnotation] = c.now()
	b.owners = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: t.rs.Name, UID: t.rs.UID, Controller: new(true), BlockOwnerDeletion: new(true),
	}}
	return b.write(t.pod, "")
}

// bridging gives a shadow the labels of a live pod; the pool stays its owner.
func (c *act) bridging(t *task) (Write, error) {
	if t.rs == nil {
		return Write{}, errNoReplicaSet
	}
	b := c.change()
	b.show(t)
	b.state(v1alpha1.ShadowBridged)
	b.annotations[corev1.PodDeletionCost] = valueOrNil(t.rs.Spec.Template.Annotations, corev1.PodDeletionCost)
	b.annotations[v1alpha1.ActivatedAtAnnotation] = c.now()
	return b.write(t.pod, "")
}

// hiding takes away the labels by which a selector knows a shadow.
func (c *act) hiding(t *task) (Write, error) {
	b := c.change()
	if err := b.hide(t.pod, t.Keys); err != nil {
		return Write{}, err
	}
	return b.write(t.pod, "")
}

// withdrawal hides a bridge again; it drains.
func (c *act) withdrawal(t *task) (Write, error) {
	b := c.change()
	// A selector from which nothing hides keeps nobody from what can be hidden.
	keys, _ := c.hideKeys(t.pod.Labels)
	if err := c.leave(b, t.pod, keys); err != nil {
		return Write{}, err
	}
	return b.write(t.pod, "")
}

// detachment is the inverse of an activation: labels and owner in one patch, or
// the ReplicaSet would let go of a pod that nobody owns.
func (c *act) detachment(t *task) (Write, error) {
	keys, err := c.hideKeys(t.pod.Labels)
	if err != nil {
		return Write{}, err
	}
	b := c.change()
	if err := c.leave(b, t.pod, keys); err != nil {
		return Write{}, err
	}
	b.owners = []metav1.OwnerReference{ownedBy(c.w.Pool)}
	b.annotations[v1alpha1.ActivationAnnotation] = nil
	return b.write(t.pod, "")
}

// hideKeys returns the keys that hide a pod with these labels.
func (c *act) hideKeys(labels map[string]string) ([]string, error) {
	keys, left := observe.HideKeys(labels, c.selectors(), c.w.KeepLabels)
	if len(left) > 0 {
		return keys, fmt.Errorf("hide it from %s: no label can be taken away for that", left[0])
	}
	return keys, nil
}

// leave takes a pod out of the traffic.
func (c *act) leave(b *body, p *corev1.Pod, keys []string) error {
	if err := b.hide(p, keys); err != nil {
		return err
	}
	if err := c.lift(b, p); err != nil {
		return err
	}
	b.state(v1alpha1.ShadowDraining)
	b.annotations[v1alpha1.DrainingSinceAnnotation] = c.now()
	b.annotations[v1alpha1.ActivatedAtAnnotation] = nil
	return nil
}

// settling gives a pod the deletion cost of its template.
func (c *act) settling(t *task) (Write, error) {
	if t.rs == nil {
		return Write{}, errNoReplicaSet
	}
	b := c.change()
	b.annotations[corev1.PodDeletionCost] = valueOrNil(t.rs.Spec.Template.Annotations, corev1.PodDeletionCost)
	b.annotations[v1alpha1.LiftedAnnotation] = nil
	return b.write(t.pod, "")
}

func (c *act) warming(t *task) (Write, error) {
	b := c.change()
	b.state(v1alpha1.ShadowWarming)
	if err := b.profile(c, t); err != nil {
		return Write{}, err
	}
	return b.write(t.pod, "")
}

// warmed writes the condition that a shadow is warm.
func (c *act) warmed(t *task) (Write, error) {
	reason, message := shadow.ReasonWarm, "its warm-up is complete"
	if t.TimedOut {
		reason, message = shadow.ReasonTimedOut, "its warm-up lasted as long as it may"
	}
	return c.warmth(t, corev1.ConditionTrue, reason, message)
}

// cooled takes it back from a pod that has served since.
func (c *act) cooled(t *task) (Write, error) {
	return c.warmth(t, corev1.ConditionFalse, shadow.ReasonDrained, "it has served and warms up again")
}

func (c *act) warmth(t *task, s corev1.ConditionStatus, reason, message string) (Write, error) {
	b := c.change()
	b.status = condition(t.pod, corev1.PodCondition{
		Type: v1alpha1.WarmedCondition, Status: s, Reason: reason, Message: message, LastTransitionTime: c.stamp(),
	})
	return b.write(t.pod, "status")
}

func (c *act) ready(t *task) (Write, error) {
	b := c.change()
	b.state(v1alpha1.ShadowReady)
	b.annotations[v1alpha1.DrainingSinceAnnotation] = nil
	return b.write(t.pod, "")
}

// deletion ends a shadow, if it is still the one that was judged.
func (c *act) deletion(t *task) (Write, error) {
	return Write{Verb: VerbDelete, Object: named(t.pod), UID: t.pod.UID, ResourceVersion: t.pod.ResourceVersion}, nil
}
