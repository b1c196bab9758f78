package observe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "shop", Name: name}
}

func service(name string, selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: named(name), Spec: corev1.ServiceSpec{Selector: selector}}
}

func budget(name string, selector *metav1.LabelSelector) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{ObjectMeta: named(name), Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector}}
}

func matching(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

func TestSelectors(t *testing.T) {
	s := newScene(1)
	s.Services = []*corev1.Service{
		service("web", map[string]string{"app": "web"}),
		service("without-selector", nil),
		service("web-shadow", map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "warming"}),
		service("api-shadow", map[string]string{v1alpha1.PoolLabel: "api"}),
		{ObjectMeta: named("elsewhere"), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, Selector: map[string]string{"app": "web"}}},
	}
	s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{
		budget("web", matching("app", "web")),
		budget("everything", &metav1.LabelSelector{}),
		budget("nothing", nil),
		budget("broken", &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}),
	}
	var got []string
	for _, ref := range observe.Selectors(&s.World) {
		got = append(got, ref.String())
	}
	require.Equal(t, []string{
		"Deployment/web", "PodDisruptionBudget/everything", "PodDisruptionBudget/web", "ReplicaSet/" + s.rs.Name, "Service/api-shadow", "Service/web",
	}, got)
}

// A Service that only bears the name of ours is one like any other.
func TestSelectorsOfAServiceThatBearsOurName(t *testing.T) {
	s := newScene(1)
	s.Services = []*corev1.Service{service("web-shadow", map[string]string{"tier": "front"})}
	s.add(s.shadow("a", v1alpha1.ShadowReady))
	require.Equal(t, []string{"Service/web-shadow"}, observe.Observe(s.World).Pods[0].Exposed)
}

func TestObserveExposure(t *testing.T) {
	tests := []struct {
		name    string
		state   v1alpha1.ShadowState
		alter   func(*scene)
		pod     func(*corev1.Pod)
		exposed []string
		keys    []string
	}{
		{"nothing matches what is hidden", v1alpha1.ShadowReady, func(s *scene) {
			s.Services = []*corev1.Service{service("web", map[string]string{"app": "web"})}
		}, nil, nil, nil},
		{"a Service that was made later", v1alpha1.ShadowReady, func(s *scene) {
			s.Services = []*corev1.Service{service("front", map[string]string{"tier": "front"})}
		}, nil, []string{"Service/front"}, []string{"tier"}},
		{"a budget that was made later", v1alpha1.ShadowWarming, func(s *scene) {
			s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("front", matching("tier", "front"))}
		}, nil, []string{"PodDisruptionBudget/front"}, []string{"tier"}},
		{"a budget for everything", v1alpha1.ShadowReady, func(s *scene) {
			s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})}
		}, nil, []string{"PodDisruptionBudget/all"}, nil},
		{"hiding from one leaves another", v1alpha1.ShadowReady, func(s *scene) {
			s.Services = []*corev1.Service{service("front", map[string]string{"tier": "front"})}
			s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})}
		}, nil, []string{"PodDisruptionBudget/all", "Service/front"}, nil},
		{"hiding from one would show it to another", v1alpha1.ShadowReady, func(s *scene) {
			s.Services = []*corev1.Service{service("front", map[string]string{"tier": "front"})}
			s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("untiered", &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpDoesNotExist}},
			})}
		}, nil, []string{"Service/front"}, nil},
		{"somebody gave it its labels back", v1alpha1.ShadowReady, func(*scene) {}, func(p *corev1.Pod) {
			p.Labels["app"] = "web"
		}, []string{"Deployment/web", "ReplicaSet/*"}, []string{"app"}},
		{"a label alone makes no bridge", v1alpha1.ShadowBridged, func(s *scene) {
			s.Services = []*corev1.Service{service("front", map[string]string{"tier": "front"})}
		}, nil, []string{"Service/front"}, []string{"tier"}},
		{"a bridge is meant to be found", v1alpha1.ShadowBridged, func(*scene) {}, func(p *corev1.Pod) { p.Labels["app"] = "web" }, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			tt.alter(s)
			pod := s.shadow("a", tt.state)
			if tt.pod != nil {
				tt.pod(pod)
			}
			s.add(pod, pod.DeepCopy())
			for i := range tt.exposed {
				if tt.exposed[i] == "ReplicaSet/*" {
					tt.exposed[i] = "ReplicaSet/" + s.rs.Name
				}
			}
			for _, got := range observe.Observe(s.World).Pods { // the second is remembered
				if diff := cmp.Diff(tt.exposed, got.Exposed); diff != "" {
					t.Errorf("exposed (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.keys, got.HideKeys); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestObserveHidesTheLabelsToKeepLast(t *testing.T) {
	s := newScene(1)
	s.KeepLabels = []string{"tier"}
	s.Services = []*corev1.Service{service("front", map[string]string{"tier": "front", "team": "shop"})}
	s.add(s.shadow("a", v1alpha1.ShadowReady, func(p *corev1.Pod) { p.Labels["team"] = "shop" }))
	require.Equal(t, []string{"team"}, observe.Observe(s.World).Pods[0].HideKeys)
}

// What the planner would do follows: what can be hidden is, what cannot ends.
func TestExposureOfPodsThatAreNoShadows(t *testing.T) {
	s := newScene(1)
	ended := s.shadow("a", v1alpha1.ShadowReady, func(p *corev1.Pod) { p.Labels["app"] = "web" }, failed(""))
	stray := s.shadow("b", v1alpha1.ShadowReady, func(p *corev1.Pod) { p.Labels["app"], p.OwnerReferences = "web", nil })
	for _, p := range observe.Observe(s.add(ended, stray).World).Pods {
		require.Empty(t, p.Exposed, p.Name)
		require.NotEqual(t, shadow.OwnerReplicaSet, p.Owner)
	}
}
