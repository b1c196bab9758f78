package invariant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// checkActivation judges the change of owner from a pool to a ReplicaSet (H5,
// H7). The pod and its status are those of one version, so what is said about
// them is exact.
func (c *Checker) checkActivation(p *pod, old *corev1.Pod, known bool) {
	if !known || !ours(p.Pod) || !ownedByReplicaSet(p.Pod) || controller(old).UID == controller(p.Pod).UID {
		return
	}
	if !ownedByPool(old) && p.activation != nil {
		return // a ReplicaSet took back what it had lost
	}
	c.Activations++
	pod := name("Pod", p)
	if !ready(p.Pod) {
		c.broken("H7", pod, "it was handed over while it was not Ready")
	}
	if p.DeletionTimestamp != nil {
		c.broken("H7", pod, "it was handed over while it was being deleted")
	}
	if s := state(old); ownedByPool(old) && s != v1alpha1.ShadowReady && s != v1alpha1.ShadowBridged {
		c.broken("H7", pod, fmt.Sprintf("it was handed over before it was warm: its label said %q", s))
	}
	if p.activation != nil && !p.drained {
		c.broken("H5", pod, "it was activated twice without a drain between")
	}
	owner := controller(p.Pod)
	if made := p.Annotations[v1alpha1.ReplicaSetAnnotation]; made != string(owner.UID) {
		c.broken("H7", pod, fmt.Sprintf("it was made for the ReplicaSet %s and joined %s", made, owner.UID))
	}
	p.activation, p.drained = &activation{at: c.now, pod: p}, false
	if p.intended != owner.UID {
		c.broken("H5", pod, "no intent for this ReplicaSet had listed it before it was activated")
	}
	if rs, ok := c.w.replicaSets[owner.UID]; ok {
		c.checkTarget(rs, p)
	}
	c.checkMode(p)
}

// checkTarget judges the ReplicaSet that a pod joins.
func (c *Checker) checkTarget(rs *replicaSet, p *pod) {
	pod := name("Pod", p)
	rs.activations = append(rs.activations, p.activation)
	if gone := rs.endingSince; !gone.IsZero() && !c.within(gone, c.cfg.Lag) {
		c.broken("H7", pod, "it joined a ReplicaSet that was being deleted")
	}
	for _, o := range c.w.siblings(rs) {
		known := !c.within(o.since, c.cfg.Lag)
		if o.UID != rs.UID && known && o.wanted.minSince(c.now.Add(-c.cfg.Lag)) > 0 {
			c.broken("H7", pod, fmt.Sprintf("it was handed over while %s was active, too", name("ReplicaSet", o)))
		}
	}
	if missing, ok := bears(p.Pod, rs.ReplicaSet); !ok {
		c.broken("H4", pod, "it joined the ReplicaSet without the template's label "+missing)
	}
	if diff := templateDiff(p.Pod, rs); diff != "" {
		c.broken("H7", pod, "it is not what the ReplicaSet's template says: "+diff)
	}
	if over := boosted(p.Pod, rs.ReplicaSet); over != "" {
		c.broken("H7", pod, "it was handed over with the CPU limit of its warm-up: "+over)
	}
	c.checkRoom(rs, p)
	c.checkCost(rs, p)
}

// checkBridge judges a shadow that begins to serve while the pool owns it.
func (c *Checker) checkBridge(p *pod, old *corev1.Pod, known bool) {
	if !known || !ownedByPool(p.Pod) || state(p.Pod) != v1alpha1.ShadowBridged || state(old) == v1alpha1.ShadowBridged {
		return
	}
	rs, ok := c.w.replicaSets[types.UID(p.Annotations[v1alpha1.ReplicaSetAnnotation])]
	if !ok {
		return
	}
	if over := boosted(p.Pod, rs.ReplicaSet); over != "" {
		c.broken("H7", name("Pod", p), "it went live with the CPU limit of its warm-up: "+over)
	}
}

// boosted names a container of a pod whose CPU limit is above its template's, in
// the spec or by what the kubelet says of it.
func boosted(p *corev1.Pod, rs *appsv1.ReplicaSet) string {
	for _, want := range rs.Spec.Template.Spec.Containers {
		limit, limited := want.Resources.Limits[corev1.ResourceCPU]
		if !limited {
			continue
		}
		for _, c := range p.Spec.Containers {
			if is := c.Resources.Limits.Cpu(); c.Name == want.Name && is.Cmp(limit) > 0 {
				return fmt.Sprintf("container %s has %s, its template %s", c.Name, is, &limit)
			}
		}
		for _, s := range p.Status.ContainerStatuses {
			if s.Name == want.Name && s.Resources != nil && s.Resources.Limits.Cpu().Cmp(limit) > 0 {
				return fmt.Sprintf("container %s runs with %s, its template has %s", s.Name, s.Resources.Limits.Cpu(), &limit)
			}
		}
	}
	return ""
}

// checkCost holds that of the pods that are Ready the ones that were handed over
// are the first to go (H1): whatever goes wrong afterwards costs no other its
// life.
func (c *Checker) checkCost(rs *replicaSet, p *pod) {
	for _, o := range c.w.of(rs.UID) {
		if o.activation == nil && ready(o.Pod) && cost(o.Pod) <= cost(p.Pod) {
			c.broken("H1", name("Pod", p), fmt.Sprintf(
				"it was handed over with the deletion cost %d, and %s has %d", cost(p.Pod), name("Pod", o), cost(o.Pod)))
			return
		}
	}
}

// checkRoom compares what was handed over with the pods that the ReplicaSet
// lacked or had Pending. Who acts sees spec.replicas and the pods as they were
// at some time within Lag, not at the same one, and knows what he has sent.
func (c *Checker) checkRoom(rs *replicaSet, p *pod) {
	c.count(rs.UID)
	from := c.now.Add(-c.cfg.Lag)
	least := rs.busy.last()
	rs.busy.since(from, func(s step) {
		later := 0
		for _, a := range rs.activations {
			if a.at.After(s.at) && !a.at.Before(from) {
				later++
			}
		}
		least = min(least, s.value+later)
	})
	if wanted := rs.wanted.maxSince(from); least > wanted {
		rs.over = c.now
		c.broken("H5", name("Pod", p), fmt.Sprintf(
			"it was handed over where there was no room: %d pods were past Pending with it, of %d", least, wanted))
	}
}

// checkMode judges whether the pool may activate at all.
func (c *Checker) checkMode(p *pod) {
	o := c.w.poolOf(p.Pod)
	if o == nil {
		return
	}
	if o.Spec.Mode != v1alpha1.ModeActive && !c.within(o.changed, c.cfg.Lag) {
		c.broken("H7", name("Pod", p), "it was activated in mode "+string(o.Spec.Mode))
	}
	if o.ShadowsPaused() && !c.within(o.changed, c.cfg.Lag) {
		c.broken("H7", name("Pod", p), "it was activated while the pool was paused")
	}
}

// templateDiff names what a person would see first if the pod were of another
// version than the template.
func templateDiff(p *corev1.Pod, rs *replicaSet) string {
	for _, want := range rs.Spec.Template.Spec.Containers {
		i := slices.IndexFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.Name == want.Name })
		if i < 0 {
			return "container " + want.Name + " is missing"
		}
		got := p.Spec.Containers[i]
		if got.Image != want.Image {
			return fmt.Sprintf("container %s runs %s, not %s", want.Name, got.Image, want.Image)
		}
		if !slices.Equal(got.Command, want.Command) || !slices.Equal(got.Args, want.Args) {
			return "container " + want.Name + " has another command"
		}
	}
	return ""
}

// stepPool takes a pool as it is now: its intent, its numbers.
func (c *Checker) stepPool(now *v1alpha1.ShadowPool, gone bool) {
	o, known := c.w.pools[now.UID]
	if !known {
		o = &pool{ShadowPool: now, changed: c.now}
		c.w.pools[now.UID] = o
	}
	if known && (o.Generation != now.Generation || o.ShadowsPaused() != now.ShadowsPaused()) {
		o.changed = c.now
	}
	c.checkEpoch(name(v1alpha1.Kind, now), strconv.FormatInt(o.Status.Epoch, 10), strconv.FormatInt(now.Status.Epoch, 10))
	o.ShadowPool = now
	if gone {
		o.gone = c.now
		return
	}
	o.cap = o.cap.set(c.now, int(deref(now.Spec.MaxShadows)))
	c.checkFloor(now)
	if now.Status.Intent != nil {
		c.checkIntent(now)
	}
}

// checkIntent judges whom an intent lists, and remembers it.
func (c *Checker) checkIntent(o *v1alpha1.ShadowPool) {
	intent := o.Status.Intent
	listed := map[types.UID]bool{}
	for _, uid := range intent.PodUIDs {
		if listed[uid] {
			c.broken("H5", name(v1alpha1.Kind, o), fmt.Sprintf("the intent lists pod %s twice", uid))
		}
		listed[uid] = true
		p, ok := c.w.pods[uid]
		if !ok {
			continue
		}
		if made := p.Annotations[v1alpha1.ReplicaSetAnnotation]; made != string(intent.ReplicaSetUID) {
			c.broken("H5", name("Pod", p), fmt.Sprintf("it is for the ReplicaSet %s and in the intent of %s", made, intent.ReplicaSetUID))
		}
		if p.Labels[v1alpha1.PoolLabel] != o.Name || p.Namespace != o.Namespace {
			c.broken("H5", name("Pod", p), "it is in the intent of another pool: "+o.Name)
		}
		p.intended = intent.ReplicaSetUID
	}
}

// checkEpoch holds that what a later leader wrote is not overwritten by an
// earlier one.
func (c *Checker) checkEpoch(object, before, after string) {
	was, err := strconv.ParseInt(before, 10, 64)
	if err != nil {
		return
	}
	is, err := strconv.ParseInt(strings.TrimSpace(after), 10, 64)
	if err != nil || is < was {
		c.broken("H5", object, fmt.Sprintf("a leader of epoch %q wrote over one of epoch %d", after, was))
	}
}

func deref(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
