package observe_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// A cache lists objects in no order: what is seen of them, and the sentences
// about it, must not depend on it, or the status would be written for ever.
func TestObserveDoesNotDependOnTheOrderOfAWorld(t *testing.T) {
	s := full()
	want := inOrder(observe.Observe(s.World))
	twins := manifests(t, observe.Twins(s.World))
	rapid.Check(t, func(t *rapid.T) {
		w := s.World
		w.ReplicaSets = rapid.Permutation(w.ReplicaSets).Draw(t, "replicasets")
		w.Pods = rapid.Permutation(w.Pods).Draw(t, "pods")
		w.Services = rapid.Permutation(w.Services).Draw(t, "services")
		w.PodDisruptionBudgets = rapid.Permutation(w.PodDisruptionBudgets).Draw(t, "budgets")
		w.NetworkPolicies = rapid.Permutation(w.NetworkPolicies).Draw(t, "policies")
		w.AuthorizationPolicies = rapid.Permutation(w.AuthorizationPolicies).Draw(t, "authorizations")
		w.HPAs = rapid.Permutation(w.HPAs).Draw(t, "hpas")
		w.Quotas = rapid.Permutation(w.Quotas).Draw(t, "quotas")
		w.PVCs = rapid.Permutation(w.PVCs).Draw(t, "claims")
		if diff := gocmp.Diff(want, inOrder(observe.Observe(w))); diff != "" {
			t.Fatalf("in another order (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(twins, manifests(t, observe.Twins(w))); diff != "" {
			t.Fatalf("twins in another order (-want +got):\n%s", diff)
		}
	})
}

// full is a world in which much is found: several of each kind.
func full() *scene {
	s := newScene(3, mount("files"), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Ports[0].HostPort = 80 })
	next := shadowtest.ReplicaSet(shadowtest.Deployment(2, image("example.org/web:2")))
	s.ReplicaSets = append(s.ReplicaSets, next, shadowtest.ReplicaSet(shadowtest.Deployment(0, image("example.org/web:0"))))
	s.add(
		shadowtest.Pod(s.rs, "a"), shadowtest.Pod(s.rs, "b", func(p *corev1.Pod) { p.Spec.Containers[0].Image = "example.org/web:mirror" }),
		shadowtest.Pod(next, "c"), s.shadow("d", v1alpha1.ShadowReady), s.shadow("e", v1alpha1.ShadowCreating),
		s.shadow("f", v1alpha1.ShadowWarming, func(p *corev1.Pod) { p.Labels["app"] = "web" }),
	)
	s.Services = []*corev1.Service{
		service("web", map[string]string{"app": "web"}), service("front", map[string]string{"tier": "front"}), service("pool", map[string]string{v1alpha1.PoolLabel: "web"}),
	}
	s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{}), budget("web", matching("app", "web"))}
	s.NetworkPolicies = []*networkingv1.NetworkPolicy{
		network("web", matching("app", "web")), network("db", matching("app", "db"), pods(matching("app", "web"))), network("cache", matching("app", "cache"), pods(matching("app", "web"))),
	}
	s.AuthorizationPolicies = []*unstructured.Unstructured{
		authorization("web", "", map[string]any{"app": "web"}), authorization("deny", "DENY", map[string]any{"app": "web"}),
	}
	inexact := func(name string) *autoscalingv2.HorizontalPodAutoscaler {
		return hpa(func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Name, h.Spec.Behavior = name, nil })
	}
	s.HPAs = []*autoscalingv2.HorizontalPodAutoscaler{inexact("a"), inexact("b"), hpa()}
	s.Quotas = []*corev1.ResourceQuota{quota("a", "10", "6"), quota("b", "10", "6"), quota("c", "20", "6")}
	s.PVCs = []*corev1.PersistentVolumeClaim{claim("files", corev1.ReadWriteOnce), claim("other", corev1.ReadWriteMany)}
	return s
}

// inOrder sorts what comes in the order of a World.
func inOrder(in shadow.Observed) shadow.Observed {
	slices.SortFunc(in.Pods, func(a, b shadow.Pod) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(in.ReplicaSets, func(a, b shadow.ReplicaSet) int { return cmp.Compare(a.Name, b.Name) })
	return in
}
