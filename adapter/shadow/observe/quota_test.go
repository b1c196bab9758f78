package observe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func amounts(of map[string]string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for k, v := range of {
		out[corev1.ResourceName(k)] = resource.MustParse(v)
	}
	return out
}

// bound returns a quota as its controller has counted it.
func bound(name string, hard, used map[string]string, alter ...func(*corev1.ResourceQuota)) *corev1.ResourceQuota {
	q := &corev1.ResourceQuota{
		ObjectMeta: named(name),
		Spec:       corev1.ResourceQuotaSpec{Hard: amounts(hard)},
		Status:     corev1.ResourceQuotaStatus{Hard: amounts(hard), Used: amounts(used)},
	}
	for _, f := range alter {
		f(q)
	}
	return q
}

func quota(name, hard, used string) *corev1.ResourceQuota {
	return bound(name, map[string]string{"pods": hard}, map[string]string{"pods": used})
}

func scopes(list ...corev1.ResourceQuotaScope) func(*corev1.ResourceQuota) {
	return func(q *corev1.ResourceQuota) { q.Spec.Scopes = list }
}

func scoped(scope corev1.ResourceQuotaScope, op corev1.ScopeSelectorOperator, values ...string) func(*corev1.ResourceQuota) {
	return func(q *corev1.ResourceQuota) {
		q.Spec.ScopeSelector = &corev1.ScopeSelector{MatchExpressions: []corev1.ScopedResourceSelectorRequirement{{ScopeName: scope, Operator: op, Values: values}}}
	}
}

// The pods of the workload ask for 500m CPU and 256Mi of memory, and have the
// memory as their limit.
func TestObserveRoomInQuotas(t *testing.T) {
	one, none := map[string]string{"pods": "1"}, map[string]string{}
	priority := func(p *corev1.Pod) { p.Spec.PriorityClassName = "gold" }
	tests := []struct {
		name   string
		quotas []*corev1.ResourceQuota
		live   func(*corev1.Pod)
		want   shadow.Room
	}{
		{"without quotas there is no bound", nil, nil, shadow.Room{Pods: -1}},
		{"pods", []*corev1.ResourceQuota{quota("team", "10", "4")}, nil, shadow.Room{Pods: 6, By: "ResourceQuota/team (pods)"}},
		{
			"count/pods",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"count/pods": "10"}, map[string]string{"count/pods": "9"})},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (count/pods)"},
		},
		{"it is used up", []*corev1.ResourceQuota{quota("team", "10", "12")}, nil, shadow.Room{Pods: 0, By: "ResourceQuota/team (pods)"}},
		{
			"nobody has counted yet",
			[]*corev1.ResourceQuota{bound("team", one, none, func(q *corev1.ResourceQuota) { q.Status = corev1.ResourceQuotaStatus{} })},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"},
		},
		{
			"cpu is that of the requests, rounded down",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"cpu": "4"}, map[string]string{"cpu": "2100m"})},
			nil,
			shadow.Room{Pods: 3, By: "ResourceQuota/team (cpu)"},
		},
		{
			"requests.memory",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"requests.memory": "1Gi"}, map[string]string{"requests.memory": "500Mi"})},
			nil,
			shadow.Room{Pods: 2, By: "ResourceQuota/team (requests.memory)"},
		},
		{
			"limits.memory",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"limits.memory": "300Mi"}, none)},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (limits.memory)"},
		},
		{
			"a limit that the pods do not have admits none of them",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"limits.cpu": "100"}, none)},
			nil,
			shadow.Room{Pods: 0, By: "ResourceQuota/team (limits.cpu)"},
		},
		{"what admission gave a live pod counts", []*corev1.ResourceQuota{bound("team", map[string]string{"limits.cpu": "5"}, none)}, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits["cpu"] = resource.MustParse("1")
		}, shadow.Room{Pods: 5, By: "ResourceQuota/team (limits.cpu)"}},
		{"the tightest of all bounds", []*corev1.ResourceQuota{
			bound("team", map[string]string{"pods": "10", "cpu": "2", "memory": "100Gi"}, none), quota("other", "3", "0"),
		}, nil, shadow.Room{Pods: 3, By: "ResourceQuota/other (pods)"}},
		{
			"objects of other kinds bound nothing",
			[]*corev1.ResourceQuota{bound("team", map[string]string{"services": "0", "requests.storage": "0", "count/secrets": "0"}, none)},
			nil,
			shadow.Room{Pods: -1},
		},
		{"a device that the pods ask for", []*corev1.ResourceQuota{bound("team", map[string]string{"requests.example.org/gpu": "4"}, map[string]string{"requests.example.org/gpu": "1"})}, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests["example.org/gpu"] = resource.MustParse("2")
		}, shadow.Room{Pods: 1, By: "ResourceQuota/team (requests.example.org/gpu)"}},
		{"memory beyond what fits in thousandths", []*corev1.ResourceQuota{bound("team", map[string]string{"memory": "9Ei"}, none)}, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests["memory"] = resource.MustParse("1Ei")
		}, shadow.Room{Pods: 7, By: "ResourceQuota/team (memory)"}},

		{"BestEffort pods only", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeBestEffort))}, nil, shadow.Room{Pods: -1}},
		{
			"NotBestEffort pods",
			[]*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeNotBestEffort))},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"},
		},
		{"pods that ask for nothing are BestEffort", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeBestEffort))}, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
		}, shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"}},
		{"pods that the API server calls BestEffort are", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeBestEffort))}, func(p *corev1.Pod) {
			p.Status.QOSClass = corev1.PodQOSBestEffort
		}, shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"}},
		{"Terminating pods have a deadline", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeTerminating))}, nil, shadow.Room{Pods: -1}},
		{
			"NotTerminating pods have none",
			[]*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeNotTerminating))},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"},
		},
		{
			"all scopes must fit",
			[]*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeBestEffort))},
			nil,
			shadow.Room{Pods: -1},
		},
		{
			"a class of priority",
			[]*corev1.ResourceQuota{bound("team", one, none, scoped(corev1.ResourceQuotaScopePriorityClass, corev1.ScopeSelectorOpIn, "gold"))},
			priority,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"},
		},
		{
			"another class of priority",
			[]*corev1.ResourceQuota{bound("team", one, none, scoped(corev1.ResourceQuotaScopePriorityClass, corev1.ScopeSelectorOpIn, "silver"))},
			priority,
			shadow.Room{Pods: -1},
		},
		{
			"all classes but one",
			[]*corev1.ResourceQuota{bound("team", one, none, scoped(corev1.ResourceQuotaScopePriorityClass, corev1.ScopeSelectorOpNotIn, "gold"))},
			priority,
			shadow.Room{Pods: -1},
		},
		{
			"any class",
			[]*corev1.ResourceQuota{bound("team", one, none, scoped(corev1.ResourceQuotaScopePriorityClass, corev1.ScopeSelectorOpExists))},
			nil,
			shadow.Room{Pods: -1},
		},
		{
			"no class",
			[]*corev1.ResourceQuota{bound("team", one, none, scoped(corev1.ResourceQuotaScopePriorityClass, corev1.ScopeSelectorOpDoesNotExist))},
			nil,
			shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"},
		},
		{"affinity to other namespaces", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeCrossNamespacePodAffinity))}, func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{PodAffinityTerm: corev1.PodAffinityTerm{Namespaces: []string{"bank"}}},
			}}}
		}, shadow.Room{Pods: 1, By: "ResourceQuota/team (pods)"}},
		{"no affinity to other namespaces", []*corev1.ResourceQuota{bound("team", one, none, scopes(corev1.ResourceQuotaScopeCrossNamespacePodAffinity))}, func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "x"}}}}
		}, shadow.Room{Pods: -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			live := shadowtest.Pod(s.rs, "a")
			if tt.live != nil {
				tt.live(live)
			}
			s.add(live)
			s.Quotas = tt.quotas
			if diff := cmp.Diff(tt.want, observe.Observe(s.World).Room); diff != "" {
				t.Errorf("room (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveRoomGoesByTheTemplateWithoutALivePod(t *testing.T) {
	s := newScene(0)
	s.Quotas = []*corev1.ResourceQuota{bound("team", map[string]string{"cpu": "1"}, nil)}
	require.Equal(t, shadow.Room{Pods: 2, By: "ResourceQuota/team (cpu)"}, observe.Observe(s.World).Room)
	s.ReplicaSets = nil
	require.Equal(t, shadow.Room{Pods: -1}, observe.Observe(s.World).Room, "without a template nothing can be said")
}

func TestObserveRoomUnderCaps(t *testing.T) {
	const installation, namespace = "the installation's cap on shadows", "the cap on shadows of namespace shop"
	tests := []struct {
		name           string
		all, namespace int32
		want           shadow.Room
	}{
		{"without caps nothing bounds it", -1, -1, shadow.Room{Pods: -1}},
		{"the shadows that it has are taken off", 5, -1, shadow.Room{Pods: -1, Caps: 3, CapsBy: installation}},
		{"the tighter one counts", 5, 4, shadow.Room{Pods: -1, Caps: 2, CapsBy: namespace}},
		{"the other pools have it all", 0, 4, shadow.Room{Pods: -1, Caps: -2, CapsBy: installation}},
		{"only the namespace has one", -1, 2, shadow.Room{Pods: -1, Caps: 0, CapsBy: namespace}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			s.add(
				shadowtest.Pod(s.rs, "a"), s.shadow("b", v1alpha1.ShadowReady), s.shadow("c", v1alpha1.ShadowCreating),
				s.shadow("d", v1alpha1.ShadowReady, failed("")), s.shadow("e", v1alpha1.ShadowReady, shadowtest.Deleting),
			)
			s.InstallationRoom, s.NamespaceRoom = tt.all, tt.namespace
			require.Equal(t, tt.want, observe.Observe(s.World).Room)
		})
	}
}
