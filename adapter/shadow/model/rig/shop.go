package rig

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// Shop is the workload that most runs are about: a Deployment behind a Service,
// with a pool, in a namespace of its own.
type Shop struct {
	*Rig
	Namespace string
}

// name is that of the Deployment, the Service and the pool of a Shop.
const name = "web"

// NewShop makes the objects of a shop; alter may change the pool before, and
// deploy the workload.
func (r *Rig) NewShop(namespace string, replicas int32, alter func(*v1alpha1.ShadowPool), deploy func(*appsv1.Deployment)) *Shop {
	s := &Shop{Rig: r, Namespace: namespace}
	d := model.NewDeployment(namespace, name, replicas)
	if deploy != nil {
		deploy(d)
	}
	r.Make(d)
	r.Make(model.NewService(namespace, name, map[string]string{model.AppLabel: name}))
	r.Make(model.NewBudget(namespace, name, map[string]string{model.AppLabel: name}, 1))
	p := model.NewPool(namespace, name, name, 100, 5)
	p.Spec.MinShadows = new(int32(3))
	p.Spec.WarmUp.MinReady = "2s"
	if alter != nil {
		alter(p)
	}
	r.Make(p)
	return s
}

// AddNodes adds nodes, in three zones by turns.
func (r *Rig) AddNodes(n int) {
	for i := range n {
		r.AddNode(fmt.Sprintf("node-%d", i), fmt.Sprintf("zone-%c", 'a'+i%3))
	}
}

// Deployment returns the workload as it is, or nil.
func (s *Shop) Deployment() *appsv1.Deployment {
	o, err := s.Get(model.Deployment, model.Key(s.Namespace, name))
	if err != nil {
		return nil
	}
	d, _ := o.(*appsv1.Deployment)
	return d
}

// Pool returns the pool as it is, or nil.
func (s *Shop) Pool() *v1alpha1.ShadowPool {
	o, err := s.Get(model.Pool, model.Key(s.Namespace, name))
	if err != nil {
		return nil
	}
	p, _ := o.(*v1alpha1.ShadowPool)
	return p
}

// ReplicaSets returns those that exist.
func (s *Shop) ReplicaSets() []*appsv1.ReplicaSet {
	var out []*appsv1.ReplicaSet
	for _, o := range s.List(model.ReplicaSet, s.Namespace) {
		if rs, ok := o.(*appsv1.ReplicaSet); ok {
			out = append(out, rs)
		}
	}
	return out
}

// Pods returns the pods that have not begun to end.
func (s *Shop) Pods() []*corev1.Pod {
	return slices.DeleteFunc(s.Rig.Pods(s.Namespace), func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// Shadows returns the pods that the pool owns.
func (s *Shop) Shadows() []*corev1.Pod {
	return slices.DeleteFunc(s.Pods(), func(p *corev1.Pod) bool { return ownerOf(p).Kind != v1alpha1.Kind })
}

// Live returns the pods that a ReplicaSet owns.
func (s *Shop) Live() []*corev1.Pod {
	return slices.DeleteFunc(s.Pods(), func(p *corev1.Pod) bool { return ownerOf(p).Kind != string(model.ReplicaSet) })
}

func ownerOf(o metav1.Object) metav1.OwnerReference {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return *ref
	}
	return metav1.OwnerReference{}
}

// Scale sets the replicas of the Deployment, as an autoscaler does.
func (s *Shop) Scale(n int32) {
	s.change(func(d *appsv1.Deployment) { d.Spec.Replicas = &n })
}

// Roll gives the Deployment another image.
func (s *Shop) Roll(image string) {
	s.change(func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image })
}

func (s *Shop) change(f func(*appsv1.Deployment)) {
	model.Alter(s.Cluster, model.Key(s.Namespace, name), &appsv1.Deployment{}, f)
}

// ChangePool changes the pool as a user does.
func (s *Shop) ChangePool(f func(*v1alpha1.ShadowPool)) {
	model.Alter(s.Cluster, model.Key(s.Namespace, name), &v1alpha1.ShadowPool{}, f)
}

// Summary is what a person would compare of two runs: numbers, not names.
type Summary struct {
	// Wanted is the Deployment's replicas, Live its pods, Serving those of them
	// that are Ready.
	Wanted, Live, Serving int
	// Warm are the shadows that are ready to go live, Shadows all of them.
	Warm, Shadows int
	// Intended are the shadows that the intent lists, Strangers the pods that it
	// lists and that are not warm shadows.
	Intended, Strangers int
	// Costed are pods that still bear the deletion cost of a hand-over, Shrunk
	// live pods that were not given their CPU request back, Boosted pods that are
	// ready or live with a higher CPU limit than their template.
	Costed, Shrunk, Boosted int
	// Exposed are shadows that a Service selects, Mislabelled live pods that
	// lack a label of their template.
	Exposed, Mislabelled int
	// Images are what the live pods run, ShadowImages what the shadows run.
	Images, ShadowImages string
}

// Summary sums the shop up as it is.
func (s *Shop) Summary() Summary {
	var out Summary
	if d := s.Deployment(); d != nil {
		out.Wanted = int(*d.Spec.Replicas)
	}
	warm := map[string]bool{}
	for _, p := range s.Pods() {
		if p.Annotations[corev1.PodDeletionCost] != "" {
			out.Costed++
		}
		if s := state(p); (s == v1alpha1.ShadowReady || s == v1alpha1.ShadowActive) && boosted(p) {
			out.Boosted++
		}
		if ownerOf(p).Kind == v1alpha1.Kind {
			s.sumShadow(p, &out, warm)
		} else {
			s.sumLive(p, &out)
		}
	}
	out.Images, out.ShadowImages = images(s.Live()), images(s.Shadows())
	if p := s.Pool(); p != nil && p.Status.Intent != nil {
		for _, uid := range p.Status.Intent.PodUIDs {
			if warm[string(uid)] {
				out.Intended++
			} else {
				out.Strangers++
			}
		}
	}
	return out
}

func (s *Shop) sumShadow(p *corev1.Pod, out *Summary, warm map[string]bool) {
	out.Shadows++
	if p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowReady) && isReady(p) {
		out.Warm++
		warm[string(p.UID)] = true
	}
	for _, o := range s.List(model.Service, s.Namespace) {
		svc, ok := o.(*corev1.Service)
		if ok && svc.Name != v1alpha1.ShadowServiceName(name) && len(svc.Spec.Selector) > 0 && labels.SelectorFromSet(svc.Spec.Selector).Matches(labels.Set(p.Labels)) {
			out.Exposed++
		}
	}
}

func (s *Shop) sumLive(p *corev1.Pod, out *Summary) {
	out.Live++
	if isReady(p) {
		out.Serving++
	}
	for _, rs := range s.ReplicaSets() {
		if ownerOf(p).UID != rs.UID {
			continue
		}
		for k, v := range rs.Spec.Template.Labels {
			if p.Labels[k] != v {
				out.Mislabelled++
			}
		}
		want := rs.Spec.Template.Spec.Containers[0].Resources.Requests.Cpu()
		if p.Spec.Containers[0].Resources.Requests.Cpu().Cmp(*want) < 0 {
			out.Shrunk++
		}
	}
}

func state(p *corev1.Pod) v1alpha1.ShadowState {
	return v1alpha1.ShadowState(p.Labels[v1alpha1.StateLabel])
}

// boosted says that a pod has, or is said by its kubelet to have, a CPU limit of
// more than one and a half times limitsCPU.
func boosted(p *corev1.Pod) bool {
	most := quantity.MustParse("900m")
	if p.Spec.Containers[0].Resources.Limits.Cpu().Cmp(most) > 0 {
		return true
	}
	s := p.Status.ContainerStatuses
	return len(s) > 0 && s[0].Resources != nil && s[0].Resources.Limits.Cpu().Cmp(most) > 0
}

func images(pods []*corev1.Pod) string {
	var out []string
	for _, p := range pods {
		out = append(out, p.Spec.Containers[0].Image)
	}
	slices.Sort(out)
	return fmt.Sprint(slices.Compact(out))
}

func isReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
