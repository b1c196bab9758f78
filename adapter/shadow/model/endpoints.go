package model

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

const endpointSliceController = "endpointslice-controller"

// endpoints is the EndpointSlice controller: one slice for each Service.
type endpoints struct {
	*Server
	cache  *Cache
	lag    time.Duration
	queued map[types.NamespacedName]bool
}

func newEndpoints(s *Server, t Timing) *endpoints {
	c := &endpoints{Server: s, lag: t.EndpointLag, queued: map[types.NamespacedName]bool{}}
	c.cache = s.NewCache(endpointSliceController, t.EndpointLag/2, Service, Pod)
	c.cache.Changed = c.changed
	return c
}

func (c *endpoints) changed(ch Change) {
	switch o := ch.Last.(type) {
	case *corev1.Service:
		c.enqueue(keyOf(o))
	case *corev1.Pod:
		for _, svc := range listOf[*corev1.Service](c.cache, Service, o.Namespace) {
			if selectedBy(svc, o) || ch.Old != nil && selectedBy(svc, ch.Old) {
				c.enqueue(keyOf(svc))
			}
		}
	}
}

// selectedBy says that a Service selects a pod by its labels.
func selectedBy(svc *corev1.Service, p metav1.Object) bool {
	return len(svc.Spec.Selector) > 0 && labels.SelectorFromSet(svc.Spec.Selector).Matches(labels.Set(p.GetLabels()))
}

func (c *endpoints) enqueue(key types.NamespacedName) {
	if c.queued[key] {
		return
	}
	c.queued[key] = true
	c.loop.After(c.loop.Between(0, c.lag/2), endpointSliceController, func() {
		c.queued[key] = false
		c.sync(key)
	})
}

func (c *endpoints) sync(key types.NamespacedName) {
	svc, _ := c.cache.Get(Service, key).(*corev1.Service)
	if svc == nil || len(svc.Spec.Selector) == 0 {
		return
	}
	var list []discoveryv1.Endpoint
	for _, p := range listOf[*corev1.Pod](c.cache, Pod, key.Namespace) {
		if p.Status.PodIP == "" || !selectedBy(svc, p) || p.Status.Phase != corev1.PodRunning {
			continue
		}
		serving, ending := podReady(p), p.DeletionTimestamp != nil
		list = append(list, discoveryv1.Endpoint{
			Addresses:  []string{p.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: new(serving && !ending), Serving: new(serving), Terminating: new(ending)},
			NodeName:   new(p.Spec.NodeName),
			TargetRef:  &corev1.ObjectReference{Kind: string(Pod), Namespace: p.Namespace, Name: p.Name, UID: p.UID},
		})
	}
	name := types.NamespacedName{Namespace: key.Namespace, Name: svc.Name + "-1"}
	old, _ := c.get(Slice, name).(*discoveryv1.EndpointSlice)
	if old == nil {
		_, _ = c.Create(endpointSliceController, &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: key.Namespace, Name: name.Name, Labels: map[string]string{discoveryv1.LabelServiceName: svc.Name},
				OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(svc, Service.gvk())},
			},
			AddressType: discoveryv1.AddressTypeIPv4, Endpoints: list,
		})
		return
	}
	edit(c.Server, endpointSliceController, "", old, func(s *discoveryv1.EndpointSlice) { s.Endpoints = list })
}
