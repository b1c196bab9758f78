package model

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// World is what a cache knows of one pool and its namespace; false if the pool
// is not there. What no object says (epoch, leads, lease) the caller adds.
func (c *Cache) World(pool types.NamespacedName, now time.Time) (observe.World, bool) {
	p, ok := c.Get(Pool, pool).(*v1alpha1.ShadowPool)
	if !ok {
		return observe.World{}, false
	}
	p = p.DeepCopy()
	p.Default()
	ns := pool.Namespace
	w := observe.World{
		Pool: p, Now: now, Nodes: map[string]*metav1.PartialObjectMetadata{}, NodesNotReady: map[string]bool{},
		Services:             listOf[*corev1.Service](c, Service, ns),
		PodDisruptionBudgets: listOf[*policyv1.PodDisruptionBudget](c, Budget, ns),
		HPAs:                 listOf[*autoscalingv2.HorizontalPodAutoscaler](c, Autoscaler, ns),
		Quotas:               listOf[*corev1.ResourceQuota](c, Quota, ns),
		InstallationRoom:     -1, NamespaceRoom: -1,
	}
	c.workload(p, &w)
	mine := map[types.UID]bool{p.UID: true}
	for _, rs := range w.ReplicaSets {
		mine[rs.UID] = true
	}
	for _, o := range listOf[*corev1.Pod](c, Pod, ns) {
		if mine[controllerOf(o).UID] || o.Labels[v1alpha1.PoolLabel] == p.Name {
			w.Pods = append(w.Pods, o)
		}
	}
	for _, n := range listOf[*corev1.Node](c, Node, "") {
		w.Nodes[n.Name] = &metav1.PartialObjectMetadata{ObjectMeta: n.ObjectMeta}
		if !nodeReady(n) {
			w.NodesNotReady[n.Name] = true
		}
	}
	return w, true
}

// workload fills in what the pool serves.
func (c *Cache) workload(p *v1alpha1.ShadowPool, w *observe.World) {
	key := types.NamespacedName{Namespace: p.Namespace, Name: p.Spec.ScaleTargetRef.Name}
	if p.Spec.ScaleTargetRef.Kind == string(ReplicaSet) {
		if rs, ok := c.Get(ReplicaSet, key).(*appsv1.ReplicaSet); ok {
			w.ReplicaSet, w.ReplicaSets = rs, []*appsv1.ReplicaSet{rs}
		}
		return
	}
	d, ok := c.Get(Deployment, key).(*appsv1.Deployment)
	if ok {
		w.Deployment = d
	}
	for _, rs := range listOf[*appsv1.ReplicaSet](c, ReplicaSet, p.Namespace) {
		if ref := controllerOf(rs); ok && ref.UID == d.UID || !ok && ref.Kind == string(Deployment) && ref.Name == key.Name {
			w.ReplicaSets = append(w.ReplicaSets, rs)
		}
	}
}
