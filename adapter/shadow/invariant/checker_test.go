package invariant

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// history is a shop with a Deployment of four pods, a pool and one shadow, to
// which a test does what it likes.
type history struct {
	c   *Checker
	now time.Time
	rv  uint64

	pool   *v1alpha1.ShadowPool
	rs     *appsv1.ReplicaSet
	live   []*corev1.Pod
	shadow *corev1.Pod
	slice  *discoveryv1.EndpointSlice
}

func newHistory(cfg Config) *history {
	h := &history{c: New(cfg), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	template := map[string]string{"app": "web", "pod-template-hash": "abc"}
	h.pool = &v1alpha1.ShadowPool{ObjectMeta: meta("web", "pool-uid"), Spec: v1alpha1.ShadowPoolSpec{
		ScaleTargetRef: v1alpha1.ScaleTargetRef{Kind: "Deployment", Name: "web"}, Mode: v1alpha1.ModeActive,
		ShadowPercentage: new(int32(25)), MinShadows: new(int32(0)), MaxShadows: new(int32(10)),
	}}
	d := &appsv1.Deployment{ObjectMeta: meta("web", "deployment-uid"), Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
	}}
	h.rs = &appsv1.ReplicaSet{ObjectMeta: meta("web-abc", "rs-uid"), Spec: appsv1.ReplicaSetSpec{
		Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: template},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: template}, Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "web", Image: "web:1"}},
		}},
	}}
	h.rs.OwnerReferences = owner("Deployment", "web", "deployment-uid")
	h.slice = &discoveryv1.EndpointSlice{ObjectMeta: meta("web-1", "slice-uid")}
	h.slice.Labels = map[string]string{discoveryv1.LabelServiceName: "web"}
	h.see(Added, h.pool)
	h.see(Added, d)
	h.see(Added, h.rs)
	h.see(Added, &corev1.Service{ObjectMeta: meta("web", "service-uid"), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}})
	for i := range 4 {
		p := h.newPod("web-"+strconv.Itoa(i), template, owner("ReplicaSet", "web-abc", "rs-uid"), true)
		h.live = append(h.live, p)
		h.see(Added, p)
	}
	h.see(Added, h.slice)
	h.serve(h.live...)
	h.shadow = h.newShadow("s0")
	h.see(Added, h.shadow)
	h.intend(h.shadow.UID)
	h.wait(20 * time.Minute)
	return h
}

func meta(name string, uid types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "shop", Name: name, UID: uid}
}

func owner(kind, name string, uid types.UID) []metav1.OwnerReference {
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: uid, Controller: new(true), BlockOwnerDeletion: new(true)}}
}

func (h *history) newPod(name string, labels map[string]string, refs []metav1.OwnerReference, ready bool) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(name, types.UID(name+"-uid")), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}}}
	p.Labels, p.OwnerReferences = labels, refs
	p.Status.Phase = corev1.PodPending
	if ready {
		p.Status.Phase = corev1.PodRunning
		setReady(p, true)
	}
	return p
}

func (h *history) newShadow(name string) *corev1.Pod {
	p := h.newPod(name, map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "ready"}, owner(v1alpha1.Kind, "web", "pool-uid"), true)
	p.Annotations = map[string]string{v1alpha1.ReplicaSetAnnotation: "rs-uid", v1alpha1.EpochAnnotation: "1"}
	return p
}

func setReady(p *corev1.Pod, ready bool) {
	s := corev1.ConditionFalse
	if ready {
		s = corev1.ConditionTrue
	}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: s}}
}

// see records the object as it is now.
func (h *history) see(t Type, o Object) {
	h.rv++
	h.now = h.now.Add(10 * time.Millisecond)
	seen, ok := o.DeepCopyObject().(Object)
	if !ok {
		panic("no copy")
	}
	seen.SetResourceVersion(strconv.FormatUint(h.rv, 10))
	o.SetResourceVersion(seen.GetResourceVersion())
	h.c.Observe(Event{Time: h.now, Type: t, Object: seen})
}

func (h *history) wait(d time.Duration) { h.now = h.now.Add(d) }

func (h *history) change(p *corev1.Pod, f func(*corev1.Pod)) {
	f(p)
	h.see(Modified, p)
}

func (h *history) serve(pods ...*corev1.Pod) {
	h.slice.Endpoints = nil
	for _, p := range pods {
		h.slice.Endpoints = append(h.slice.Endpoints, discoveryv1.Endpoint{
			TargetRef: &corev1.ObjectReference{UID: p.UID}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		})
	}
	h.see(Modified, h.slice)
}

// limit gives the template and the shadow a CPU limit.
func (h *history) limit(cpu string) {
	rs := h.rs.DeepCopy()
	rs.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	h.rs = rs
	h.see(Modified, h.rs)
	h.shadow.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
}

func (h *history) scale(n int32) {
	h.rs.Spec.Replicas = &n
	h.rs.Generation++
	h.rs.Status.ObservedGeneration = h.rs.Generation
	h.see(Modified, h.rs)
}

func (h *history) intend(uids ...types.UID) {
	h.pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: "rs-uid", PodUIDs: uids}
	h.see(Modified, h.pool)
}

// activate hands a shadow over as it is to be done.
func (h *history) activate(p *corev1.Pod) {
	h.change(p, func(p *corev1.Pod) {
		p.Labels = map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "active", "app": "web", "pod-template-hash": "abc"}
		p.OwnerReferences = owner("ReplicaSet", "web-abc", "rs-uid")
		p.Annotations[corev1.PodDeletionCost] = "-2147483647"
	})
}

// twoRaises hands one shadow over after another, and ends the first of them.
func (h *history) twoRaises(settled bool) {
	h.pool.Spec.ShadowPercentage = new(int32(50))
	h.see(Modified, h.pool)
	other := h.newShadow("s1")
	h.see(Added, other)
	h.intend(h.shadow.UID, other.UID)
	h.scale(5)
	h.activate(h.shadow)
	h.serve(append(h.live, h.shadow)...)
	h.wait(40 * time.Second)
	if settled {
		h.change(h.shadow, func(p *corev1.Pod) { delete(p.Annotations, corev1.PodDeletionCost) })
	}
	h.scale(6)
	h.activate(other)
	h.end(h.shadow, byReplicaSet)
}

// cold adds a pod that the ReplicaSet made.
func (h *history) cold(name string) *corev1.Pod {
	p := h.newPod(name, h.rs.Spec.Template.Labels, owner("ReplicaSet", "web-abc", "rs-uid"), false)
	h.see(Added, p)
	return p
}

// end deletes a pod, as somebody does.
func (h *history) end(p *corev1.Pod, w Write) {
	h.wait(time.Second)
	w.Time, w.Verb, w.Kind, w.Namespace, w.Name, w.Changed = h.now, "delete", "Pod", "shop", p.Name, true
	h.c.ObserveWrite(w)
	h.see(Deleted, p)
}

var byReplicaSet = Write{By: "replicaset-controller"}

func TestChecker(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		do   func(h *history)
		want []string
	}{
		{name: "an activation into a raise", do: func(h *history) {
			h.scale(5)
			cold := h.cold("cold")
			h.activate(h.shadow)
			h.serve(append(h.live, h.shadow)...)
			h.end(cold, byReplicaSet)
		}},
		{name: "H1: a live pod dies for the shadow", do: func(h *history) {
			h.scale(5)
			h.cold("cold")
			h.activate(h.shadow)
			h.end(h.live[0], byReplicaSet)
		}, want: []string{"H1"}},
		{name: "H1: the user lowers the replicas", do: func(h *history) {
			h.scale(5)
			h.cold("cold")
			h.activate(h.shadow)
			h.scale(3)
			h.end(h.live[0], byReplicaSet)
		}},
		{name: "H1: the user lowers the replicas just before another pod is not Ready", do: func(h *history) {
			h.scale(5)
			h.activate(h.shadow)
			h.scale(3)
			h.change(h.live[1], func(p *corev1.Pod) { setReady(p, false) })
			h.end(h.live[0], byReplicaSet)
		}},
		{name: "H1: a drain is nobody's fault", do: func(h *history) {
			h.scale(5)
			h.activate(h.shadow)
			h.end(h.live[0], Write{By: "kubectl-drain"})
		}},
		{name: "H1: who is not Ready goes first", do: func(h *history) {
			h.scale(5)
			h.cold("cold")
			h.activate(h.shadow)
			h.change(h.live[0], func(p *corev1.Pod) { setReady(p, false) })
			h.end(h.live[0], byReplicaSet)
		}},
		{name: "H1: the ReplicaSet has yet to see that it is Ready again", do: func(h *history) {
			h.change(h.live[0], func(p *corev1.Pod) { setReady(p, false) })
			h.wait(time.Minute)
			h.scale(5)
			h.cold("cold")
			h.activate(h.shadow)
			h.change(h.live[0], func(p *corev1.Pod) { setReady(p, true) })
			h.end(h.live[0], byReplicaSet)
		}},
		{name: "H1: long after the activation", do: func(h *history) {
			h.scale(5)
			h.activate(h.shadow)
			h.wait(time.Minute)
			h.end(h.live[0], byReplicaSet)
		}},
		{name: "H1: one of a raise before, which has not settled", do: func(h *history) { h.twoRaises(false) }},
		{name: "H1: one of a raise before, which has settled", do: func(h *history) { h.twoRaises(true) }, want: []string{"H1"}},
		{name: "H2: we delete a pod of the ReplicaSet", do: func(h *history) {
			h.end(h.live[0], Write{By: "us", Ours: true, UID: h.live[0].UID, ResourceVersion: "1"})
		}, want: []string{"H2"}},
		{name: "H2: we delete a shadow without preconditions", do: func(h *history) {
			h.end(h.shadow, Write{By: "us", Ours: true})
		}, want: []string{"H2"}},
		{name: "H2: we delete a shadow as it is to be done", do: func(h *history) {
			h.end(h.shadow, Write{By: "us", Ours: true, UID: h.shadow.UID, ResourceVersion: "1"})
		}},
		{name: "H3: a shadow too many", do: func(h *history) {
			h.see(Added, h.newShadow("s1"))
		}, want: []string{"H3"}},
		{name: "H3: pods that nobody asked for", do: func(h *history) {
			h.scale(4)
			h.cold("cold")
		}, want: []string{"H3"}},
		{name: "H4: no owner", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.OwnerReferences = nil })
		}, want: []string{"H4"}},
		{name: "H4: two owners", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.OwnerReferences = append(p.OwnerReferences, owner("X", "x", "x")...) })
		}, want: []string{"H4"}},
		{name: "H4: live labels without the owner, and so a Service knows it", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) {
				p.Labels = map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "active", "app": "web", "pod-template-hash": "abc"}
			})
			h.wait(time.Second)
			h.scale(4)
		}, want: []string{"H4", "H6", "H6", "H6"}},
		{name: "H4: a bridge", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) {
				p.Labels = map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "bridged", "app": "web", "pod-template-hash": "abc"}
			})
			h.serve(append(h.live, h.shadow)...)
		}},
		{name: "H4: the owner without the labels", do: func(h *history) {
			h.scale(5)
			h.change(h.shadow, func(p *corev1.Pod) { p.OwnerReferences = owner("ReplicaSet", "web-abc", "rs-uid") })
		}, want: []string{"H1", "H4", "H4", "H4"}},
		{name: "H5: no intent had listed it", do: func(h *history) {
			h.pool.Spec.ShadowPercentage = new(int32(50))
			h.see(Modified, h.pool)
			other := h.newShadow("s1")
			h.see(Added, other)
			h.scale(5)
			h.activate(other)
		}, want: []string{"H5"}},
		{name: "H5: before the raise", do: func(h *history) {
			h.activate(h.shadow)
		}, want: []string{"H5"}},
		{name: "H5: the cold pods run by now", do: func(h *history) {
			h.scale(5)
			cold := h.cold("cold")
			h.change(cold, func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
			h.wait(5 * time.Second)
			h.activate(h.shadow)
		}, want: []string{"H5"}},
		{name: "H5: the raise was taken back a moment ago", do: func(h *history) {
			h.scale(5)
			h.wait(time.Second)
			h.scale(4)
			h.activate(h.shadow)
		}},
		{name: "H5: an earlier leader", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.Annotations[v1alpha1.EpochAnnotation] = "2" })
			h.change(h.shadow, func(p *corev1.Pod) { p.Annotations[v1alpha1.EpochAnnotation] = "1" })
		}, want: []string{"H5"}},
		{name: "H5: in the intent of another ReplicaSet", do: func(h *history) {
			h.pool.Status.Intent.ReplicaSetUID = "another"
			h.see(Modified, h.pool)
		}, want: []string{"H5"}},
		{name: "H5: twice without a drain", do: func(h *history) {
			h.scale(6)
			h.activate(h.shadow)
			h.change(h.shadow, func(p *corev1.Pod) {
				p.Labels = map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "ready"}
				p.OwnerReferences = owner(v1alpha1.Kind, "web", "pool-uid")
			})
			h.activate(h.shadow)
		}, want: []string{"H5"}},
		{name: "H6: a selector that was there before", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.Labels["app"] = "web" })
			h.scale(4)
		}, want: []string{"H6", "H6"}},
		{name: "H6: a later selector, hidden from in time", do: func(h *history) {
			h.see(Added, &policyv1.PodDisruptionBudget{ObjectMeta: meta("b", "b"), Spec: policyv1.PodDisruptionBudgetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.StateLabel: "ready"}},
			}})
			h.wait(time.Second)
			h.change(h.shadow, func(p *corev1.Pod) { delete(p.Labels, v1alpha1.StateLabel) })
			h.wait(time.Minute)
			h.scale(4)
		}},
		{name: "H6: a later selector, too late", do: func(h *history) {
			h.see(Added, &policyv1.PodDisruptionBudget{ObjectMeta: meta("b", "b"), Spec: policyv1.PodDisruptionBudgetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.StateLabel: "ready"}},
			}})
			h.wait(3 * time.Second)
			h.change(h.shadow, func(p *corev1.Pod) { delete(p.Labels, v1alpha1.StateLabel) })
		}, want: []string{"H6"}},
		{name: "H6: a later selector, and nobody led for a while", do: func(h *history) {
			h.see(Added, &policyv1.PodDisruptionBudget{ObjectMeta: meta("b", "b"), Spec: policyv1.PodDisruptionBudgetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.StateLabel: "ready"}},
			}})
			h.c.Away(h.now.Add(time.Second), h.now.Add(3*time.Second))
			h.wait(3 * time.Second)
			h.change(h.shadow, func(p *corev1.Pod) { delete(p.Labels, v1alpha1.StateLabel) })
		}},
		{name: "H6: an EndpointSlice lists the shadow", do: func(h *history) {
			h.serve(h.shadow)
			h.wait(10 * time.Second)
			h.scale(4)
		}, want: []string{"H6"}},
		{name: "H7: not Ready", do: func(h *history) {
			h.scale(5)
			h.change(h.shadow, func(p *corev1.Pod) { setReady(p, false) })
			h.activate(h.shadow)
		}, want: []string{"H7"}},
		{name: "H7: another ReplicaSet is active", do: func(h *history) {
			next := h.rs.DeepCopy()
			next.Name, next.UID = "web-def", "next-uid"
			next.Spec.Selector.MatchLabels["pod-template-hash"] = "def"
			h.see(Added, next)
			h.wait(3 * time.Second)
			h.scale(5)
			h.activate(h.shadow)
		}, want: []string{"H7"}},
		{name: "H7: of another template", do: func(h *history) {
			h.scale(5)
			h.shadow.Annotations[v1alpha1.ReplicaSetAnnotation] = "old-uid"
			h.shadow.Spec.Containers[0].Image = "web:0"
			h.activate(h.shadow)
		}, want: []string{"H7", "H7"}},
		{name: "H7: the CPU limit of its warm-up", do: func(h *history) {
			h.scale(5)
			h.limit("500m")
			h.shadow.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU] = resource.MustParse("2")
			h.activate(h.shadow)
		}, want: []string{"H7"}},
		{name: "H7: its container has the CPU limit of its warm-up", do: func(h *history) {
			h.scale(5)
			h.limit("500m")
			h.shadow.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name:      h.shadow.Spec.Containers[0].Name,
				Resources: &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}},
			}}
			h.activate(h.shadow)
		}, want: []string{"H7"}},
		{name: "H7: a bridge with the CPU limit of its warm-up", do: func(h *history) {
			h.limit("500m")
			h.shadow.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU] = resource.MustParse("2")
			h.change(h.shadow, func(p *corev1.Pod) { p.Labels[v1alpha1.StateLabel] = string(v1alpha1.ShadowBridged) })
		}, want: []string{"H7"}},
		{name: "a CPU limit as in the template", do: func(h *history) {
			h.scale(5)
			h.limit("500m")
			h.activate(h.shadow)
		}},
		{name: "H7: the pool is paused", do: func(h *history) {
			h.pool.Annotations = map[string]string{v1alpha1.PauseAnnotation: "shadows"}
			h.see(Modified, h.pool)
			h.wait(5 * time.Second)
			h.scale(5)
			h.activate(h.shadow)
		}, want: []string{"H7"}},
		{name: "H8: a readiness gate of ours", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) {
				p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: v1alpha1.WarmedCondition}}
			})
		}, want: []string{"H8"}},
		{name: "H8: a finalizer of ours", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.Finalizers = []string{"foreshadow.dev/x"} })
		}, want: []string{"H8"}},
		{name: "H9: the pool goes and its shadow stays", do: func(h *history) {
			h.see(Deleted, h.pool)
			h.wait(5 * time.Minute)
		}, want: []string{"H9"}},
		{name: "H9: the pool goes with its shadow, live pods stay", do: func(h *history) {
			h.see(Deleted, h.pool)
			h.see(Deleted, h.shadow)
			h.wait(5 * time.Minute)
		}},
		{name: "H10: the autoscaler cannot compute", do: func(h *history) {
			hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: meta("web", "hpa-uid")}
			for _, s := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse} {
				hpa.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: s}}
				h.see(Modified, hpa)
			}
		}, want: []string{"H10"}},
		{name: "H10: the surplus counts as load", cfg: Config{ConstantLoad: true}, do: func(h *history) {
			hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: meta("web", "hpa-uid")}
			hpa.Spec.ScaleTargetRef.Name = "web"
			hpa.Status.DesiredReplicas = 5
			h.see(Added, hpa)
			h.scale(5)
			h.activate(h.shadow)
			hpa.Status.DesiredReplicas = 6
			h.see(Modified, hpa)
		}, want: []string{"H10"}},
		{name: "Rel1: a write without a version", do: func(h *history) {
			h.c.ObserveWrite(Write{Time: h.now, By: "us", Ours: true, Verb: "patch", Kind: "Pod", Namespace: "shop", Name: "s0", UID: h.shadow.UID})
		}, want: []string{"Rel1"}},
		{name: "Rel4: less than the load needs", do: func(h *history) {
			h.pool.Status.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: new(int32(3)), ReactiveReplicas: new(int32(4))}
			h.see(Modified, h.pool)
		}, want: []string{"Rel4"}},
		{name: "Rel8: nobody owns a pod of ours", do: func(h *history) {
			h.change(h.shadow, func(p *corev1.Pod) { p.OwnerReferences = nil })
			h.wait(5 * time.Minute)
		}, want: []string{"H4", "Rel8"}},
		{name: "Rel9: a write at rest", do: func(h *history) {
			h.c.Rest(h.now, h.now.Add(time.Hour))
			h.wait(time.Minute)
			h.c.ObserveWrite(Write{Time: h.now, By: "us", Ours: true, Verb: "apply", Kind: v1alpha1.Kind, Namespace: "shop", Name: "web", Subresource: "status"})
		}, want: []string{"Rel9"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHistory(tt.cfg)
			tt.do(h)
			var got []string
			found := h.c.Finish(h.now)
			for _, v := range found {
				got = append(got, v.Invariant)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s%v", diff, found)
			}
		})
	}
}

// Kinds arrive in no order between them: the versions put them into theirs.
func TestOrder(t *testing.T) {
	h := newHistory(Config{})
	h.scale(5)
	h.activate(h.shadow)
	slices.Reverse(h.c.events)
	for i := range h.c.events {
		h.c.events[i].Time = h.now.Add(time.Duration(i) * time.Microsecond)
	}
	if got := h.c.Finish(h.now); len(got) != 0 {
		t.Errorf("Finish of the same history backwards = %v, want none", got)
	}
}
