package actuate

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// sidecarImage is that of the shadows whose pool wants a sidecar.
const sidecarImage = "foreshadow/sidecar"

// newShadow lets a stage make a shadow and returns what the server was sent.
func newShadow(t *testing.T, alter func(*stage)) (*stage, *corev1.Pod) {
	t.Helper()
	s := newStage(t, 4, 0, alter)
	s.act(t, shadow.Action{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID})
	p, ok := s.writes[0].Object.(*corev1.Pod)
	require.True(t, ok)
	return s, p
}

// A shadow is the pod that the ReplicaSet would make, but for what makes it one.
func TestNewPod(t *testing.T) {
	s, p := newShadow(t, func(s *stage) {
		t := &s.rs.Spec.Template
		t.Finalizers = []string{"example.org/wait"}
		t.Annotations = map[string]string{
			"example.org/team": "shop", safeToEvict: "false", doNotDisrupt: "true", corev1.PodDeletionCost: "7",
		}
	})
	template := s.rs.Spec.Template
	labels := map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "creating"}
	for k, v := range template.Labels {
		if k != shadowtest.AppLabel { // by which the Service selects
			labels[k] = v
		}
	}
	require.Equal(t, labels, p.Labels)
	require.Equal(t, map[string]string{
		"example.org/team": "shop", safeToEvict: "true",
		v1alpha1.HiddenLabelsAnnotation: `{"app":"web"}`,
		v1alpha1.LiftedAnnotation:       `{"cluster-autoscaler.kubernetes.io/safe-to-evict":"false","controller.kubernetes.io/pod-deletion-cost":"7","karpenter.sh/do-not-disrupt":"true"}`,
		v1alpha1.AboutAnnotation:        "a shadow of Deployment web: it takes no traffic until ShadowPool web hands it over to its ReplicaSet",
		v1alpha1.ReplicaSetAnnotation:   string(s.rs.UID),
		v1alpha1.TemplateAnnotation:     observe.TemplateHash(s.rs),
		v1alpha1.EpochAnnotation:        "1",
	}, p.Annotations)
	require.Equal(t, []metav1.OwnerReference{{
		APIVersion: "foreshadow.dev/v1alpha1", Kind: "ShadowPool", Name: "web", UID: s.pool.UID, Controller: new(true), BlockOwnerDeletion: new(true),
	}}, p.OwnerReferences)
	require.Equal(t, template.Finalizers, p.Finalizers)

	spec := *p.Spec.DeepCopy()
	spec.TopologySpreadConstraints = nil
	if diff := cmp.Diff(template.Spec, spec); diff != "" {
		t.Errorf("spec without its spread (-template +shadow):\n%s", diff)
	}
}

// What a shadow is hidden by is what an activation gives back.
func TestNewPodIsHiddenFromEverySelector(t *testing.T) {
	s, p := newShadow(t, func(*stage) {})
	w := s.world()
	for _, sel := range observe.Selectors(w) {
		require.False(t, sel.Matches(labels.Set(p.Labels)), "%s", sel)
	}
}

func TestNewPodThatNothingHides(t *testing.T) {
	s := newStage(t, 4, 0)
	w := s.world()
	w.Services[0].Spec.Selector = nil
	w.PodDisruptionBudgets = append(w.PodDisruptionBudgets, everyPod())
	in := observe.Observe(*w)
	r, err := s.actuator.Act(t.Context(), w, &in, &shadow.Decision{
		Actions: []shadow.Action{{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID}}, Status: s.pool.Status,
	})
	require.ErrorContains(t, err, "hide it from PodDisruptionBudget/all")
	require.Equal(t, ResultFailed, r.Outcomes[0].Result)
	require.Empty(t, s.recorder.pods())
}

func TestSpread(t *testing.T) {
	live := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	pool := &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.PoolLabel: "web"}}
	constraint := func(key string, how corev1.UnsatisfiableConstraintAction, s *metav1.LabelSelector) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: how, LabelSelector: s}
	}
	term := func(s *metav1.LabelSelector) corev1.PodAffinityTerm {
		return corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: s}
	}
	const zone, host = corev1.LabelTopologyZone, corev1.LabelHostname
	tests := []struct {
		name string
		spec corev1.PodSpec
		want []corev1.TopologySpreadConstraint
		anti *corev1.PodAntiAffinity
	}{
		{
			name: "a template that says nothing: zones and nodes, where they can",
			want: []corev1.TopologySpreadConstraint{constraint(zone, corev1.ScheduleAnyway, pool), constraint(host, corev1.ScheduleAnyway, pool)},
		},
		{
			name: "a constraint gets a second one, as hard as it is",
			spec: corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{constraint(zone, corev1.DoNotSchedule, live)}},
			want: []corev1.TopologySpreadConstraint{
				constraint(zone, corev1.DoNotSchedule, live), constraint(zone, corev1.DoNotSchedule, pool), constraint(host, corev1.ScheduleAnyway, pool),
			},
		},
		{
			name: "pods that may not share a node may not as shadows",
			spec: corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term(live)},
			}}},
			want: []corev1.TopologySpreadConstraint{constraint(zone, corev1.ScheduleAnyway, pool)},
			anti: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term(live), term(pool)}},
		},
		{
			name: "pods that would rather not share a node would rather not as shadows",
			spec: corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 9, PodAffinityTerm: term(live)}},
			}}},
			want: []corev1.TopologySpreadConstraint{constraint(zone, corev1.ScheduleAnyway, pool), constraint(host, corev1.ScheduleAnyway, pool)},
			anti: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{Weight: 9, PodAffinityTerm: term(live)}, {Weight: 9, PodAffinityTerm: term(pool)},
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spread(&tt.spec, "web")
			require.Equal(t, tt.want, tt.spec.TopologySpreadConstraints)
			if tt.anti != nil {
				require.Equal(t, tt.anti, tt.spec.Affinity.PodAntiAffinity)
			}
		})
	}
}

func TestShrink(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		out := corev1.ResourceList{}
		for name, v := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
			if v != "" {
				out[name] = resource.MustParse(v)
			}
		}
		return out
	}
	tests := []struct {
		name             string
		requests, limits corev1.ResourceList
		policy           []corev1.ContainerResizePolicy
		percent          int32
		request, limit   string // of CPU, afterwards; empty: none
		annotated        bool
	}{
		{name: "all of it", requests: list("500m", ""), percent: 100, request: "500m"},
		{name: "Burstable: the request alone", requests: list("500m", ""), limits: list("1", ""), percent: 10, request: "50m", limit: "1", annotated: true},
		{name: "Guaranteed: the limit, too", requests: list("500m", "1Gi"), limits: list("500m", "1Gi"), percent: 10, request: "50m", limit: "50m", annotated: true},
		{name: "Guaranteed by its limits alone", limits: list("500m", "1Gi"), percent: 10, request: "50m", limit: "50m", annotated: true},
		{name: "BestEffort: nothing", percent: 10},
		{name: "no CPU request: nothing", requests: list("", "1Gi"), percent: 10},
		{name: "rounded up", requests: list("5m", ""), percent: 50, request: "3m", annotated: true},
		{name: "never nothing", requests: list("1m", ""), percent: 1, request: "1m"},
		{
			name: "a container that a resize restarts keeps its own", requests: list("500m", ""), percent: 10, request: "500m",
			policy: []corev1.ContainerResizePolicy{{ResourceName: corev1.ResourceCPU, RestartPolicy: corev1.RestartContainer}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec := corev1.PodSpec{Containers: []corev1.Container{{
				Name: "app", ResizePolicy: tt.policy, Resources: corev1.ResourceRequirements{Requests: tt.requests, Limits: tt.limits},
			}}}
			before := spec.DeepCopy()
			guaranteed := observe.IsGuaranteed(&spec)
			idle, err := shrink(&spec, tt.percent)
			require.NoError(t, err)
			require.Equal(t, tt.annotated, idle != "")
			cpu := func(l corev1.ResourceList) string {
				if q, ok := l[corev1.ResourceCPU]; ok {
					return q.String()
				}
				return ""
			}
			got := spec.Containers[0].Resources
			require.Equal(t, tt.request, cpu(got.Requests))
			require.Equal(t, tt.limit, cpu(got.Limits))
			require.Equal(t, guaranteed, observe.IsGuaranteed(&spec), "the class of service stays")
			if !tt.annotated {
				return
			}
			var was map[string]idleCPU
			require.NoError(t, json.Unmarshal([]byte(idle), &was))
			was["app"].restore(&spec.Containers[0].Resources)
			want := before.Containers[0].Resources
			if want.Requests == nil {
				want.Requests = corev1.ResourceList{corev1.ResourceCPU: want.Limits[corev1.ResourceCPU]} // as the API server defaults it
			}
			if diff := cmp.Diff(want, spec.Containers[0].Resources); diff != "" {
				t.Errorf("restored (-template +pod):\n%s", diff)
			}
		})
	}
	t.Run("a pod with resources of its own keeps them", func(t *testing.T) {
		spec := corev1.PodSpec{
			Resources:  &corev1.ResourceRequirements{Requests: list("1", "")},
			Containers: []corev1.Container{{Name: "app", Resources: corev1.ResourceRequirements{Requests: list("1", "")}}},
		}
		idle, err := shrink(&spec, 10)
		require.NoError(t, err)
		require.Empty(t, idle)
	})
}

func TestBoost(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		out := corev1.ResourceList{}
		for name, v := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
			if v != "" {
				out[name] = resource.MustParse(v)
			}
		}
		return out
	}
	for _, tt := range []struct {
		name             string
		requests, limits corev1.ResourceList
		policy           []corev1.ContainerResizePolicy
		percent          int32
		request, limit   string // of CPU, afterwards; empty: none
		refused          string
	}{
		{name: "none is asked for", requests: list("100m", ""), limits: list("500m", ""), percent: 100, request: "100m", limit: "500m"},
		{name: "the limit alone", requests: list("100m", ""), limits: list("500m", "1Gi"), percent: 400, request: "100m", limit: "2"},
		{name: "a limit that is a request, too", limits: list("500m", ""), percent: 300, request: "500m", limit: "1500m"},
		{name: "no limit", requests: list("100m", ""), limits: list("", "1Gi"), percent: 400, request: "100m", refused: observe.ReasonNoCPULimit},
		{name: "Guaranteed", limits: list("500m", "1Gi"), percent: 400, limit: "500m", refused: observe.ReasonGuaranteed},
		{
			name: "a container that a resize restarts", requests: list("100m", ""), limits: list("500m", ""), percent: 400, request: "100m", limit: "500m",
			policy:  []corev1.ContainerResizePolicy{{ResourceName: corev1.ResourceCPU, RestartPolicy: corev1.RestartContainer}},
			refused: observe.ReasonRestartedByResize,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec := corev1.PodSpec{Containers: []corev1.Container{{
				Name: "app", ResizePolicy: tt.policy, Resources: corev1.ResourceRequirements{Requests: tt.requests, Limits: tt.limits},
			}}}
			before := spec.DeepCopy()
			require.Equal(t, tt.refused, observe.BoostRefusal(&spec).Reason)
			boosted, err := boost(&spec, tt.percent)
			require.NoError(t, err)
			got := spec.Containers[0].Resources
			for text, list := range map[string]corev1.ResourceList{tt.request: got.Requests, tt.limit: got.Limits} {
				q, there := list[corev1.ResourceCPU]
				require.Equal(t, text != "", there)
				if there {
					require.Zero(t, q.Cmp(resource.MustParse(text)), "%s, not %s", &q, text)
				}
			}
			require.Equal(t, observe.IsGuaranteed(before), observe.IsGuaranteed(&spec), "the class of service stays")
			if boosted == "" {
				require.Equal(t, before, &spec)
				return
			}
			var was map[string]idleCPU
			require.NoError(t, json.Unmarshal([]byte(boosted), &was))
			was["app"].restore(&spec.Containers[0].Resources)
			require.Empty(t, cmp.Diff(before.Containers[0].Resources.Limits, spec.Containers[0].Resources.Limits))
		})
	}
}
