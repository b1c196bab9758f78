package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	deploymentController = "deployment-controller"
	// desiredAnnotation is how the controller knows that the Deployment was
	// scaled since it looked last.
	desiredAnnotation = "deployment.kubernetes.io/desired-replicas"
)

// deployments is the Deployment controller, with its own lagging cache.
type deployments struct {
	*Server
	cache    *Cache
	queue    time.Duration
	queued   map[types.NamespacedName]bool
	failures map[types.NamespacedName]int
	// wrote is the newest version that it wrote of each object: it waits until
	// its cache shows it.
	wrote map[types.NamespacedName]map[types.NamespacedName]string
}

func newDeployments(s *Server, t Timing) *deployments {
	c := &deployments{Server: s, queue: t.Queue, queued: map[types.NamespacedName]bool{}, failures: map[types.NamespacedName]int{}, wrote: map[types.NamespacedName]map[types.NamespacedName]string{}}
	c.cache = s.NewCache(deploymentController, t.ControllerLag, Deployment, ReplicaSet, Pod)
	c.cache.Changed = c.changed
	return c
}

func (c *deployments) changed(ch Change) {
	switch o := ch.Last.(type) {
	case *appsv1.Deployment:
		c.enqueue(keyOf(o), 0)
	case *appsv1.ReplicaSet:
		if ref := controllerOf(o); ref.Kind == string(Deployment) {
			c.enqueue(types.NamespacedName{Namespace: o.Namespace, Name: ref.Name}, 0)
		}
	case *corev1.Pod:
		// Only Recreate waits for pods to go.
		if ch.New != nil {
			return
		}
		for _, d := range listOf[*appsv1.Deployment](c.cache, Deployment, o.Namespace) {
			if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
				c.enqueue(keyOf(d), 0)
			}
		}
	}
}

func (c *deployments) enqueue(key types.NamespacedName, after time.Duration) {
	if c.queued[key] {
		return
	}
	c.queued[key] = true
	c.loop.After(after+c.loop.Between(0, c.queue), deploymentController, func() {
		c.queued[key] = false
		if err := c.sync(key); err != nil {
			c.failures[key]++
			c.enqueue(key, 5*time.Millisecond<<min(c.failures[key], 12))
			return
		}
		c.failures[key] = 0
	})
}

func (c *deployments) sync(key types.NamespacedName) error {
	d, _ := c.cache.Get(Deployment, key).(*appsv1.Deployment)
	if d == nil || d.DeletionTimestamp != nil {
		return nil
	}
	if err := c.seen(key); err != nil {
		return err
	}
	all := c.owned(d)
	if d.Spec.Paused || scaledSince(d, all) {
		if err := c.scale(d, all); err != nil {
			return err
		}
		return c.writeStatus(d, all)
	}
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return c.recreate(d, all)
	}
	return c.roll(d, all)
}

// seen says that the cache shows all that was written for a Deployment.
func (c *deployments) seen(key types.NamespacedName) error {
	for name, version := range c.wrote[key] {
		rs := c.cache.Get(ReplicaSet, name)
		if live := c.get(ReplicaSet, name); live != nil && (rs == nil || older(rs.GetResourceVersion(), version)) {
			return fmt.Errorf("the cache does not show version %s of %s yet", version, name)
		}
	}
	delete(c.wrote, key)
	return nil
}

func (c *deployments) wroteAt(d *appsv1.Deployment, rs *appsv1.ReplicaSet) {
	if c.wrote[keyOf(d)] == nil {
		c.wrote[keyOf(d)] = map[types.NamespacedName]string{}
	}
	c.wrote[keyOf(d)][keyOf(rs)] = rs.ResourceVersion
}

// owned returns the ReplicaSets of a Deployment, the oldest first.
func (c *deployments) owned(d *appsv1.Deployment) []*appsv1.ReplicaSet {
	out := listOf[*appsv1.ReplicaSet](c.cache, ReplicaSet, d.Namespace)
	for i := range out {
		out[i] = out[i].DeepCopy() // what a sync writes it goes on with, and the cache is not its own
	}
	out = slices.DeleteFunc(out, func(rs *appsv1.ReplicaSet) bool { return controllerOf(rs).UID != d.UID })
	slices.SortStableFunc(out, func(a, b *appsv1.ReplicaSet) int {
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	})
	return out
}

// newest returns the ReplicaSet of the Deployment's template, or nil.
func newest(d *appsv1.Deployment, all []*appsv1.ReplicaSet) *appsv1.ReplicaSet {
	for _, rs := range all {
		t := rs.Spec.Template.DeepCopy()
		delete(t.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		if equality.Semantic.DeepEqual(*t, d.Spec.Template) {
			return rs
		}
	}
	return nil
}

// scaledSince says that the Deployment was scaled since the ReplicaSets were
// written last.
func scaledSince(d *appsv1.Deployment, all []*appsv1.ReplicaSet) bool {
	for _, rs := range all {
		if *rs.Spec.Replicas > 0 && rs.Annotations[desiredAnnotation] != "" && rs.Annotations[desiredAnnotation] != strconv.Itoa(int(*d.Spec.Replicas)) {
			return true
		}
	}
	return false
}

func activeSets(all []*appsv1.ReplicaSet) []*appsv1.ReplicaSet {
	return slices.DeleteFunc(slices.Clone(all), func(rs *appsv1.ReplicaSet) bool { return rs == nil || *rs.Spec.Replicas == 0 })
}

// scale spreads a new number of replicas over the active ReplicaSets.
func (c *deployments) scale(d *appsv1.Deployment, all []*appsv1.ReplicaSet) error {
	active := activeSets(all)
	if len(active) <= 1 {
		one := newest(d, all)
		if len(active) == 1 {
			one = active[0]
		}
		if one == nil && len(all) > 0 {
			one = all[len(all)-1]
		}
		if one == nil {
			return nil
		}
		return c.resize(d, one, *d.Spec.Replicas)
	}
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return nil
	}
	total := sum(active)
	allowed := int32(0)
	if *d.Spec.Replicas > 0 {
		allowed = *d.Spec.Replicas + surge(d)
	}
	for rs, n := range shares(active, allowed, total) {
		if err := c.resize(d, rs, n); err != nil {
			return err
		}
	}
	return nil
}

// shares is how many replicas each of several active ReplicaSets gets, the
// largest first, so that together they are as many as are allowed.
func shares(active []*appsv1.ReplicaSet, allowed, total int32) iter.Seq2[*appsv1.ReplicaSet, int32] {
	add := allowed - total
	slices.SortStableFunc(active, func(a, b *appsv1.ReplicaSet) int {
		newer := b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
		if add < 0 {
			newer = -newer
		}
		return cmp.Or(cmp.Compare(*b.Spec.Replicas, *a.Spec.Replicas), newer)
	})
	sizes, added := make([]int32, len(active)), int32(0)
	for i, rs := range active {
		share := int32(float64(*rs.Spec.Replicas)*float64(allowed)/float64(total)+0.5) - *rs.Spec.Replicas
		if add > 0 {
			share = min(share, add-added)
		} else {
			share = max(share, add-added)
		}
		sizes[i], added = *rs.Spec.Replicas+share, added+share
	}
	sizes[0] = max(0, sizes[0]+add-added)
	return func(yield func(*appsv1.ReplicaSet, int32) bool) {
		for i, rs := range active {
			if !yield(rs, sizes[i]) {
				return
			}
		}
	}
}

// resize writes the replicas of a ReplicaSet, and what they were made for.
func (c *deployments) resize(d *appsv1.Deployment, rs *appsv1.ReplicaSet, n int32) error {
	desired := strconv.Itoa(int(*d.Spec.Replicas))
	if *rs.Spec.Replicas == n && rs.Annotations[desiredAnnotation] == desired {
		return nil
	}
	o := rs.DeepCopy()
	o.Spec.Replicas = &n
	metav1.SetMetaDataAnnotation(&o.ObjectMeta, desiredAnnotation, desired)
	out, err := c.Update(deploymentController, o, "")
	if err != nil {
		return fmt.Errorf("scale ReplicaSet %s: %w", rs.Name, err)
	}
	*rs = *out.(*appsv1.ReplicaSet).DeepCopy() //nolint:forcetypeassert // it is what went in
	c.wroteAt(d, rs)
	return nil
}

// create makes the ReplicaSet of the Deployment's template.
func (c *deployments) create(d *appsv1.Deployment, all []*appsv1.ReplicaSet) (*appsv1.ReplicaSet, error) {
	raw, err := json.Marshal(d.Spec.Template)
	if err != nil {
		return nil, fmt.Errorf("write the template of %s: %w", d.Name, err)
	}
	h := fnv.New32a()
	h.Write(raw)
	hash := strconv.FormatUint(uint64(h.Sum32()), 16)
	template := *d.Spec.Template.DeepCopy()
	template.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	selector := d.Spec.Selector.DeepCopy()
	metav1.AddLabelToSelector(selector, appsv1.DefaultDeploymentUniqueLabelKey, hash)
	n := min(*d.Spec.Replicas, max(0, *d.Spec.Replicas+surge(d)-sum(all)))
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: d.Name + "-" + hash, Labels: template.Labels,
			Annotations:     map[string]string{desiredAnnotation: strconv.Itoa(int(*d.Spec.Replicas))},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, Deployment.gvk())},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: &n, MinReadySeconds: d.Spec.MinReadySeconds, Selector: selector, Template: template},
	}
	out, err := c.Create(deploymentController, rs)
	if apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("the cache does not show ReplicaSet %s yet", rs.Name)
	}
	if err != nil {
		return nil, err
	}
	made := out.(*appsv1.ReplicaSet).DeepCopy() //nolint:forcetypeassert // it is what went in
	c.wroteAt(d, made)
	return made, nil
}

// writeStatus sums up the ReplicaSets.
func (c *deployments) writeStatus(d *appsv1.Deployment, all []*appsv1.ReplicaSet) error {
	live, _ := c.get(Deployment, keyOf(d)).(*appsv1.Deployment)
	if live == nil || live.UID != d.UID {
		return nil
	}
	next := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, CollisionCount: d.Status.CollisionCount}
	current := newest(d, all)
	for _, rs := range all {
		next.Replicas += rs.Status.Replicas
		next.ReadyReplicas += rs.Status.ReadyReplicas
		next.AvailableReplicas += rs.Status.AvailableReplicas
		if rs == current {
			next.UpdatedReplicas = rs.Status.Replicas
		}
	}
	next.UnavailableReplicas = max(0, sum(all)-next.AvailableReplicas)
	o := live.DeepCopy()
	o.Status = next
	_, err := c.Update(deploymentController, o, status)
	return err
}

func sum(all []*appsv1.ReplicaSet) int32 {
	var n int32
	for _, rs := range all {
		n += *rs.Spec.Replicas
	}
	return n
}

// surge and slack are how many pods more and less than asked for a rollout may
// have; never both 0.
func surge(d *appsv1.Deployment) int32 { n, _ := bounds(d); return n }

func slack(d *appsv1.Deployment) int32 { _, n := bounds(d); return min(n, *d.Spec.Replicas) }

func bounds(d *appsv1.Deployment) (surge, slack int32) {
	r := d.Spec.Strategy.RollingUpdate
	if strings.EqualFold(string(d.Spec.Strategy.Type), string(appsv1.RecreateDeploymentStrategyType)) {
		return 0, 0
	}
	quarter := intstr.FromString("25%")
	more, less := &quarter, &quarter
	if r != nil && r.MaxSurge != nil {
		more = r.MaxSurge
	}
	if r != nil && r.MaxUnavailable != nil {
		less = r.MaxUnavailable
	}
	up, _ := intstr.GetScaledValueFromIntOrPercent(more, int(*d.Spec.Replicas), true)
	down, _ := intstr.GetScaledValueFromIntOrPercent(less, int(*d.Spec.Replicas), false)
	if up == 0 && down == 0 {
		down = 1
	}
	return int32(up), int32(down)
}
