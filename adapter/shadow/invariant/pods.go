package invariant

import (
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// name is how a violation names an object.
func name(kind string, o metav1.Object) string {
	return kind + " " + o.GetNamespace() + "/" + o.GetName()
}

// controller returns the controller of an object, or an empty reference.
func controller(o metav1.Object) metav1.OwnerReference {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return *ref
	}
	return metav1.OwnerReference{}
}

// ours says that we made a pod.
func ours(p *corev1.Pod) bool { return p.Labels[v1alpha1.PoolLabel] != "" }

func ownedByPool(p *corev1.Pod) bool { return controller(p).Kind == v1alpha1.Kind }

func ownedByReplicaSet(p *corev1.Pod) bool { return controller(p).Kind == "ReplicaSet" }

func state(p *corev1.Pod) v1alpha1.ShadowState {
	return v1alpha1.ShadowState(p.Labels[v1alpha1.StateLabel])
}

// shadow says that a pod must not be seen by anybody: the pool owns it, and it
// is no bridge.
func shadow(p *corev1.Pod) bool { return ownedByPool(p) && state(p) != v1alpha1.ShadowBridged }

func active(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
}

func ready(p *corev1.Pod) bool {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == corev1.PodReady {
			return p.Status.Conditions[i].Status == corev1.ConditionTrue
		}
	}
	return false
}

// disrupted says that an eviction, a drain or a lost node ended the pod.
func disrupted(p *corev1.Pod) bool {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == corev1.DisruptionTarget {
			return p.Status.Conditions[i].Status == corev1.ConditionTrue
		}
	}
	return false
}

// cost is what the deletion of a pod costs, as a ReplicaSet reads it.
func cost(p *corev1.Pod) int32 {
	n, err := strconv.ParseInt(p.Annotations[corev1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

// bears says that a pod has all labels of a template.
func bears(p *corev1.Pod, rs *appsv1.ReplicaSet) (missing string, ok bool) {
	for k, v := range rs.Spec.Template.Labels {
		if p.Labels[k] != v && (missing == "" || k < missing) {
			missing = k
		}
	}
	return missing, missing == ""
}

// selects says that a ReplicaSet's selector matches a pod.
func selects(rs *appsv1.ReplicaSet, p *corev1.Pod) bool {
	return labelSelector(rs.Spec.Selector).Matches(labels.Set(p.Labels))
}

// stepPod takes a pod as it is now.
func (c *Checker) stepPod(now *corev1.Pod, gone bool) {
	p, known := c.w.pods[now.UID]
	if !known {
		p = &pod{Pod: now, since: c.now}
		c.w.add(p)
		if ours(now) && ownedByPool(now) && !gone {
			defer c.checkBudget(p)
		}
	}
	old := p.Pod
	p.Pod = now
	if !ready(now) || !ready(old) { // until now
		p.unready = c.now
	}
	if known && ready(old) {
		p.wasReady = c.now
	}
	if shadow(now) && (!known || !shadow(old)) {
		p.shadowSince = c.now
	}
	if owned := controller(now).UID != ""; owned {
		p.alone = time.Time{}
	} else if p.alone.IsZero() {
		p.alone = c.now
	}
	c.checkEpoch(name("Pod", now), old.Annotations[v1alpha1.EpochAnnotation], now.Annotations[v1alpha1.EpochAnnotation])
	if state(now) == v1alpha1.ShadowDraining {
		p.drained = true
	}
	if !gone {
		c.checkOwners(old, now)
		c.checkGates(now)
		c.checkActivation(p, old, known)
		c.checkBridge(p, old, known)
	}
	if active(old) && (!active(now) || gone) && now.Status.Phase == old.Status.Phase {
		c.checkVictim(p)
	}
	if gone {
		p.gone = c.now
		c.w.end(p)
		c.leaveSlices(p)
	}
	c.count(controller(old).UID)
	c.count(controller(now).UID)
	c.exposePod(p)
}

// count brings the numbers of a ReplicaSet up to date.
func (c *Checker) count(uid types.UID) {
	rs, ok := c.w.replicaSets[uid]
	if !ok {
		return
	}
	pods, busy := c.w.of(uid), 0
	for _, p := range pods {
		if p.Status.Phase != corev1.PodPending {
			busy++
		}
	}
	rs.busy = rs.busy.set(c.now, busy)
	c.checkSurplus(rs, len(pods))
}

// within says that an instant lies no longer ago than a duration.
func (c *Checker) within(at time.Time, d time.Duration) bool {
	return !at.IsZero() && c.now.Sub(at) <= d
}
