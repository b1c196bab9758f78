package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

const (
	replicaSetController = "replicaset-controller"
	burstReplicas        = 500
	expectationsTimeout  = 5 * time.Minute
)

// replicaSets is the ReplicaSet controller, with its own lagging cache.
type replicaSets struct {
	*Server
	cache *Cache
	limit *limiter
	// Write bounds how long one request takes, Queue how long a key waits.
	write, queue time.Duration
	keys         map[types.NamespacedName]*replicaSetKey
}

// replicaSetKey is what the controller remembers of one ReplicaSet.
type replicaSetKey struct {
	queued, running, again bool
	failures               int
	// adds and deletes are what is expected and not seen yet.
	adds     int
	deletes  map[types.NamespacedName]types.UID
	expected time.Time
	// wrote is the version of the last status that it wrote: it waits until its
	// cache shows it.
	wrote string
}

func newReplicaSets(s *Server, t Timing) *replicaSets {
	c := &replicaSets{
		Server: s, limit: newLimiter(t.ControllerQPS, t.ControllerBurst), write: t.Write, queue: t.Queue,
		keys: map[types.NamespacedName]*replicaSetKey{},
	}
	c.cache = s.NewCache(replicaSetController, t.ControllerLag, Pod, ReplicaSet)
	c.cache.Changed = c.changed
	return c
}

func (c *replicaSets) key(key types.NamespacedName) *replicaSetKey {
	k := c.keys[key]
	if k == nil {
		k = &replicaSetKey{deletes: map[types.NamespacedName]types.UID{}}
		c.keys[key] = k
	}
	return k
}

// changed is the controller's event handlers.
func (c *replicaSets) changed(ch Change) {
	switch o := ch.Last.(type) {
	case *appsv1.ReplicaSet:
		c.enqueue(keyOf(o), 0)
	case *corev1.Pod:
		old, _ := ch.Old.(*corev1.Pod)
		c.podChanged(old, o, ch.New == nil)
	}
}

func (c *replicaSets) podChanged(old, p *corev1.Pod, gone bool) {
	if gone || p.DeletionTimestamp != nil {
		if rs, ok := c.resolve(p); ok {
			delete(c.key(rs).deletes, keyOf(p))
			c.enqueue(rs, 0)
		}
		return
	}
	if old == nil {
		if rs, ok := c.resolve(p); ok {
			c.key(rs).adds-- // below 0 is as good as 0
			c.enqueue(rs, 0)
		}
		c.orphan(p)
		return
	}
	if controllerOf(old).UID != controllerOf(p).UID {
		if rs, ok := c.resolve(old); ok {
			c.enqueue(rs, 0)
		}
	}
	if rs, ok := c.resolve(p); ok {
		c.enqueue(rs, 0)
		return
	}
	c.orphan(p)
}

// orphan wakes every ReplicaSet that might adopt a pod.
func (c *replicaSets) orphan(p *corev1.Pod) {
	if controllerOf(p).UID != "" {
		return
	}
	for _, rs := range listOf[*appsv1.ReplicaSet](c.cache, ReplicaSet, p.Namespace) {
		if selectorOf(rs.Spec.Selector).Matches(labels.Set(p.Labels)) {
			c.enqueue(keyOf(rs), 0)
		}
	}
}

// resolve returns the key of the ReplicaSet that controls a pod, if the cache
// has it.
func (c *replicaSets) resolve(p *corev1.Pod) (types.NamespacedName, bool) {
	ref := controllerOf(p)
	key := types.NamespacedName{Namespace: p.Namespace, Name: ref.Name}
	rs := c.cache.Get(ReplicaSet, key)
	return key, ref.Kind == string(ReplicaSet) && rs != nil && rs.GetUID() == ref.UID
}

// enqueue asks for a sync.
func (c *replicaSets) enqueue(key types.NamespacedName, after time.Duration) {
	k := c.key(key)
	if k.running {
		k.again = true
		return
	}
	if k.queued && after == 0 {
		return
	}
	k.queued = true
	c.loop.After(after+c.loop.Between(0, c.queue), replicaSetController, func() {
		if k.running {
			k.again = true
			return
		}
		k.queued, k.running = false, true
		c.sync(key, k)
	})
}

// done ends a sync.
func (c *replicaSets) done(key types.NamespacedName, k *replicaSetKey, failed error) {
	k.running = false
	if failed != nil {
		k.failures++
		k.again = false
		c.enqueue(key, 5*time.Millisecond<<min(k.failures, 17))
		return
	}
	k.failures = 0
	if k.again {
		k.again = false
		c.enqueue(key, 0)
	}
}

func (c *replicaSets) sync(key types.NamespacedName, k *replicaSetKey) {
	rs, _ := c.cache.Get(ReplicaSet, key).(*appsv1.ReplicaSet)
	if rs == nil {
		delete(c.keys, key)
		return
	}
	if k.wrote != "" && older(rs.ResourceVersion, k.wrote) {
		c.done(key, k, fmt.Errorf("the cache does not show version %s yet", k.wrote))
		return
	}
	k.wrote = ""
	needsSync := k.adds <= 0 && len(k.deletes) == 0 || c.loop.Now().Sub(k.expected) > expectationsTimeout
	pods, err := c.claim(rs)
	if err != nil {
		c.done(key, k, err)
		return
	}
	finish := func(failed error) { c.finish(key, k, rs, pods, failed) }
	if !needsSync || rs.DeletionTimestamp != nil {
		finish(nil)
		return
	}
	c.manage(rs, k, pods, finish)
}

// claim returns the active pods of a ReplicaSet, adopts orphans that match and
// releases pods that do not.
func (c *replicaSets) claim(rs *appsv1.ReplicaSet) ([]*corev1.Pod, error) {
	selector := selectorOf(rs.Spec.Selector)
	var out []*corev1.Pod
	for _, p := range listOf[*corev1.Pod](c.cache, Pod, rs.Namespace) {
		owner, matches := controllerOf(p).UID, selector.Matches(labels.Set(p.Labels))
		if !podActive(p) || owner != "" && owner != rs.UID || owner == "" && !matches {
			continue
		}
		if owner == rs.UID && matches {
			out = append(out, p)
			continue
		}
		if rs.DeletionTimestamp != nil {
			continue
		}
		switch err := c.claimOne(rs, p, owner == ""); {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, err
		case owner == "":
			out = append(out, p)
		}
	}
	return out, nil
}

// claimOne adopts a pod, or releases it.
func (c *replicaSets) claimOne(rs *appsv1.ReplicaSet, p *corev1.Pod, adopt bool) error {
	if !adopt {
		return c.reown(p, nil)
	}
	live, err := c.Get(ReplicaSet, keyOf(rs))
	if err != nil || live.GetUID() != rs.UID || live.GetDeletionTimestamp() != nil {
		return fmt.Errorf("adopt pod %s: the ReplicaSet is going", p.Name)
	}
	return c.reown(p, rs)
}

// reown adopts a pod, or releases it where rs is nil: conditional on its uid,
// and on nothing else.
func (c *replicaSets) reown(p *corev1.Pod, rs *appsv1.ReplicaSet) error {
	live, _ := c.get(Pod, keyOf(p)).(*corev1.Pod)
	if live == nil {
		return apierrors.NewNotFound(Pod.resource(), p.Name)
	}
	refs := slices.DeleteFunc(slices.Clone(live.OwnerReferences), func(r metav1.OwnerReference) bool { return rs == nil && r.Kind == string(ReplicaSet) })
	if rs != nil {
		refs = append(refs, *metav1.NewControllerRef(rs, ReplicaSet.gvk()))
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.UID, "ownerReferences": refs}})
	if err != nil {
		return fmt.Errorf("write owners of pod %s: %w", p.Name, err)
	}
	_, err = c.Patch(replicaSetController, Pod, keyOf(p), "", body)
	return err
}

// manage makes pods, or ends some.
func (c *replicaSets) manage(rs *appsv1.ReplicaSet, k *replicaSetKey, pods []*corev1.Pod, finish func(error)) {
	diff := len(pods) - int(*rs.Spec.Replicas)
	k.expected = c.loop.Now()
	switch {
	case diff < 0:
		n := min(-diff, burstReplicas)
		k.adds, k.deletes = n, map[types.NamespacedName]types.UID{}
		c.slowStart(rs, k, n, 1, finish)
	case diff > 0:
		k.adds, k.deletes = 0, map[types.NamespacedName]types.UID{}
		chosen := victims(pods, c.related(rs), min(diff, burstReplicas), c.loop.Now())
		for _, p := range chosen {
			k.deletes[keyOf(p)] = p.UID
		}
		c.parallel(len(chosen), func(i int) error {
			err := c.Delete(replicaSetController, Pod, keyOf(chosen[i]), DeleteOptions{})
			if err != nil {
				delete(k.deletes, keyOf(chosen[i]))
			}
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		}, func(_ int, failed error) { finish(failed) })
	default:
		finish(nil)
	}
}

// slowStart makes pods in batches that double until one of them fails. How many
// is fixed when it starts.
func (c *replicaSets) slowStart(rs *appsv1.ReplicaSet, k *replicaSetKey, remaining, batch int, finish func(error)) {
	batch = min(batch, remaining)
	if batch == 0 {
		finish(nil)
		return
	}
	c.parallel(batch, func(int) error { return c.make(rs) }, func(failures int, failed error) {
		if failed != nil {
			k.adds -= remaining - (batch - failures)
			finish(failed)
			return
		}
		c.slowStart(rs, k, remaining-batch, 2*batch, finish)
	})
}

// make creates one pod of the template.
func (c *replicaSets) make(rs *appsv1.ReplicaSet) error {
	t := rs.Spec.Template.DeepCopy()
	_, err := c.Create(replicaSetController, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: rs.Namespace, GenerateName: rs.Name + "-", Labels: t.Labels, Annotations: t.Annotations,
			Finalizers: t.Finalizers, OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(rs, ReplicaSet.gvk())},
		},
		Spec: t.Spec,
	})
	return err
}

// parallel sends n requests at once, each of which takes its time, and goes on
// when all have their answers.
func (c *replicaSets) parallel(n int, do func(int) error, then func(failures int, failed error)) {
	left, failures := n, 0
	var failed error
	for i := range n {
		wait := c.limit.reserve(c.loop.Now())
		c.loop.After(wait+c.loop.Between(c.write/4, c.write), replicaSetController, func() {
			if err := do(i); err != nil {
				failures, failed = failures+1, err
			}
			if left--; left == 0 {
				then(failures, failed)
			}
		})
	}
}

// related returns the pods of all ReplicaSets of the same workload.
func (c *replicaSets) related(rs *appsv1.ReplicaSet) []*corev1.Pod {
	owner := controllerOf(rs).UID
	var out []*corev1.Pod
	for _, other := range listOf[*appsv1.ReplicaSet](c.cache, ReplicaSet, rs.Namespace) {
		if other.UID != rs.UID && (owner == "" || controllerOf(other).UID != owner) {
			continue
		}
		for _, p := range listOf[*corev1.Pod](c.cache, Pod, rs.Namespace) {
			if selectorOf(other.Spec.Selector).Matches(labels.Set(p.Labels)) && controllerOf(p).UID == other.UID {
				out = append(out, p)
			}
		}
	}
	return out
}

// finish writes the status of a ReplicaSet and ends the sync.
func (c *replicaSets) finish(key types.NamespacedName, k *replicaSetKey, rs *appsv1.ReplicaSet, pods []*corev1.Pod, failed error) {
	next := replicaSetStatus(rs, pods, failed, c.loop.Now())
	live, _ := c.get(ReplicaSet, key).(*appsv1.ReplicaSet)
	if live != nil && live.UID == rs.UID && !equality.Semantic.DeepEqual(rs.Status, next) {
		o := live.DeepCopy()
		o.Status = next
		if out, err := c.Update(replicaSetController, o, status); err == nil {
			k.wrote = out.GetResourceVersion()
		}
	}
	if rs.Spec.MinReadySeconds > 0 && next.ReadyReplicas != next.AvailableReplicas {
		defer c.enqueue(key, secondsOf(int64(rs.Spec.MinReadySeconds)))
	}
	c.done(key, k, failed)
}

func replicaSetStatus(rs *appsv1.ReplicaSet, pods []*corev1.Pod, failed error, now time.Time) appsv1.ReplicaSetStatus {
	out := appsv1.ReplicaSetStatus{Replicas: int32(len(pods)), ObservedGeneration: rs.Generation}
	template := labels.SelectorFromSet(rs.Spec.Template.Labels)
	for _, p := range pods {
		if template.Matches(labels.Set(p.Labels)) {
			out.FullyLabeledReplicas++
		}
		if !podReady(p) {
			continue
		}
		out.ReadyReplicas++
		if !now.Before(readySince(p).Add(secondsOf(int64(rs.Spec.MinReadySeconds)))) {
			out.AvailableReplicas++
		}
	}
	if failed == nil {
		return out
	}
	cond := appsv1.ReplicaSetCondition{
		Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate",
		LastTransitionTime: stamp(now), Message: failed.Error(),
	}
	for _, old := range rs.Status.Conditions {
		if old.Type == cond.Type && old.Reason == cond.Reason {
			cond = old
		}
	}
	out.Conditions = []appsv1.ReplicaSetCondition{cond}
	return out
}

func selectorOf(s *metav1.LabelSelector) labels.Selector {
	out, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return labels.Nothing()
	}
	return out
}
