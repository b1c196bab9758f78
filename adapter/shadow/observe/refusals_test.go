package observe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func claim(name string, modes ...corev1.PersistentVolumeAccessMode) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{ObjectMeta: named(name), Spec: corev1.PersistentVolumeClaimSpec{AccessModes: modes}}
}

// mount returns an alteration of a Deployment whose pods mount a claim.
func mount(name string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}}}
	}
}

func TestObserveRefusals(t *testing.T) {
	tests := []struct {
		name  string
		build func() *scene
		want  []shadow.Reason
	}{
		{"an ordinary workload is not refused", func() *scene { return newScene(2) }, nil},
		{
			"the metrics role refuses the pool", func() *scene {
				s := newScene(2)
				s.TakenBy = "older"
				s.Pool.Status.Conditions = []metav1.Condition{{
					Type: v1alpha1.ConditionRefused, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonWorkloadTaken, Message: "pool older has it",
				}}
				return s
			},
			[]shadow.Reason{{Reason: "WorkloadTaken", Message: "pool older has it"}},
		},
		{
			"the metrics role does not refuse the pool", func() *scene {
				s := newScene(2)
				s.Pool.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRefused, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonAccepted}}
				return s
			},
			nil,
		},
		{
			"an older pool has the workload", func() *scene {
				s := newScene(2)
				s.TakenBy = "older"
				return s
			},
			[]shadow.Reason{{Reason: "WorkloadTaken", Message: "pool older is older and has Deployment web: delete one of the two pools"}},
		},
		{
			"a StatefulSet", func() *scene {
				s := newScene(2)
				s.Deployment, s.ReplicaSets = nil, nil
				s.Pool.Spec.ScaleTargetRef.Kind = "StatefulSet"
				return s
			},
			[]shadow.Reason{{Reason: "KindUnsupported", Message: "StatefulSet web gives its pods identities that no other pod can take: " +
				"name a Deployment, ReplicaSet or Rollout in scaleTargetRef"}},
		},
		{
			"a ReplicaSet of a Deployment", func() *scene {
				s := newScene(2)
				s.Deployment, s.ReplicaSet = nil, s.rs
				s.Pool.Spec.ScaleTargetRef.Kind, s.Pool.Spec.ScaleTargetRef.Name = "ReplicaSet", s.rs.Name
				s.rs.Name = "web-6d4"
				return s
			},
			[]shadow.Reason{{Reason: "PartOfAnotherWorkload", Message: "ReplicaSet web-6d4 belongs to Deployment web: name that one in scaleTargetRef"}},
		},
		{
			"nobody said whether the app works in the background", func() *scene {
				s := newScene(2)
				s.Pool.Spec.BackgroundWork = ""
				return s
			},
			[]shadow.Reason{{Reason: "BackgroundWorkUnknown", Message: "spec.backgroundWork of pool web is empty: write None if the app does nothing " +
				"without requests, Gated if it keeps its queues, cron jobs and leader election back while it is a shadow"}},
		},
		{
			"it need not be said in other modes", func() *scene {
				s := newScene(2)
				s.Pool.Spec.BackgroundWork, s.Pool.Spec.Mode = "", v1alpha1.ModePredict
				return s
			},
			nil,
		},
		{
			"strategy Recreate", func() *scene {
				return newScene(2, func(d *appsv1.Deployment) {
					d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
				})
			},
			[]shadow.Reason{{Reason: "StrategyRecreate", Message: "Deployment web has strategy Recreate: shadows of the old version would run beside the new one: " +
				"write strategy RollingUpdate"}},
		},
		{
			"a label of ours in the template", func() *scene {
				s := newScene(2)
				s.rs.Name = "web-6d4"
				s.rs.Spec.Template.Annotations = map[string]string{v1alpha1.EpochAnnotation: "9"}
				return s
			},
			[]shadow.Reason{{Reason: "ReservedKey", Message: "the pod template of ReplicaSet web-6d4 bears foreshadow.dev/epoch, by which shadows are told from other pods: " +
				"remove it from the template"}},
		},
		{
			"a claim that one node may mount", func() *scene {
				s := newScene(2, mount("files"))
				s.PVCs = []*corev1.PersistentVolumeClaim{claim("other"), claim("files", corev1.ReadWriteOnce)}
				return s
			},
			[]shadow.Reason{{Reason: "ExclusiveVolume", Message: "PersistentVolumeClaim files is ReadWriteOnce: a shadow would take it from the live pods, or wait for it: " +
				"use a claim that many pods may mount, or none"}},
		},
		{
			"a claim that one pod may mount", func() *scene {
				s := newScene(2, mount("files"))
				s.PVCs = []*corev1.PersistentVolumeClaim{claim("files", corev1.ReadWriteOncePod)}
				return s
			},
			[]shadow.Reason{{Reason: "ExclusiveVolume", Message: "PersistentVolumeClaim files is ReadWriteOncePod: a shadow would take it from the live pods, or wait for it: " +
				"use a claim that many pods may mount, or none"}},
		},
		{
			"a claim that many may mount", func() *scene {
				s := newScene(2, mount("files"))
				s.PVCs = []*corev1.PersistentVolumeClaim{claim("files", corev1.ReadWriteOnce, corev1.ReadOnlyMany)}
				return s
			},
			nil,
		},
		{"a claim that is not there keeps the live pods away, too", func() *scene { return newScene(2, mount("files")) }, nil},
		{
			"a port of the node", func() *scene {
				s := newScene(2, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Ports[0].HostPort = 80 })
				s.rs.Name = "web-6d4"
				return s
			},
			[]shadow.Reason{{Reason: "HostPort", Message: "container web of ReplicaSet web-6d4 takes port 80 of its node, which only one pod can have: remove hostPort"}},
		},
		{
			"the network of the node", func() *scene {
				s := newScene(2, func(d *appsv1.Deployment) { d.Spec.Template.Spec.HostNetwork = true })
				s.rs.Name = "web-6d4"
				return s
			},
			[]shadow.Reason{{Reason: "HostPort", Message: "the pods of ReplicaSet web-6d4 use the network of their node, where only one of them can have a port: " +
				"remove hostNetwork"}},
		},
		{
			"a budget for every pod", func() *scene {
				s := newScene(2)
				s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})}
				return s
			},
			[]shadow.Reason{{Reason: "SelectorUnhideable", Message: "PodDisruptionBudget all matches pods whatever labels are hidden (selector {}): " +
				"let it ask for a label of the workload, such as app=web"}},
		},
		{
			"a Service for the pods of every pool", func() *scene {
				s := newScene(2)
				s.Services = []*corev1.Service{service("pools", map[string]string{v1alpha1.PoolLabel: "web"})}
				return s
			},
			[]shadow.Reason{{Reason: "SelectorUnhideable", Message: "Service pools matches pods whatever labels are hidden (selector foreshadow.dev/pool=web): " +
				"let it ask for a label of the workload, such as app=web"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, observe.Observe(tt.build().World).Refusals); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveRefusalsAreAllNamedTheGravestFirst(t *testing.T) {
	s := newScene(2, mount("files"), func(d *appsv1.Deployment) {
		d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
		d.Spec.Template.Spec.Containers[0].Ports[0].HostPort = 80
	})
	s.TakenBy = "older"
	s.PVCs = []*corev1.PersistentVolumeClaim{claim("files", corev1.ReadWriteOnce)}
	s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})}
	var got []string
	for _, r := range observe.Observe(s.World).Refusals {
		got = append(got, r.Reason)
	}
	require.Equal(t, []string{"WorkloadTaken", "StrategyRecreate", "ExclusiveVolume", "HostPort", "SelectorUnhideable"}, got)
}

// While a rollout goes on both templates count: shadows of the old one are there
// and those of the new one come.
func TestObserveRefusalsOfARollout(t *testing.T) {
	s := newScene(2, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Ports[0].HostPort = 80 })
	next := shadowtest.ReplicaSet(shadowtest.Deployment(2, image("example.org/web:2")))
	idle := shadowtest.ReplicaSet(shadowtest.Deployment(0, image("example.org/web:0"), func(d *appsv1.Deployment) { d.Spec.Template.Spec.HostNetwork = true }))
	s.ReplicaSets = append(s.ReplicaSets, next, idle)
	s.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})} // of both, named once
	got := observe.Observe(s.World).Refusals
	require.Len(t, got, 2)
	require.Contains(t, got[0].Message, s.rs.Name)
	require.Equal(t, observe.ReasonSelectorUnhideable, got[1].Reason)
}

func TestObservePublished(t *testing.T) {
	known := func() *scene {
		s := newScene(2)
		s.Pool.Status.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: new(int32(7)), NowReplicas: new(int32(5)), ShadowReplicas: new(int32(9))}
		s.Pool.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionTrue}}
		return s
	}
	tests := []struct {
		name  string
		alter func(*scene)
		want  shadow.Published
	}{
		{"it is fresh", func(*scene) {}, shadow.Published{Known: true, Value: 7, NowTerm: 5, ShadowNeed: 9}},
		{"the metrics role is down", func(s *scene) { s.MetricsAlive = false }, shadow.Published{}},
		{"there is no forecast", func(s *scene) { s.Pool.Status.Conditions[0].Status = metav1.ConditionFalse }, shadow.Published{}},
		{"the need of shadows is not known", func(s *scene) { s.Pool.Status.Capacity.ShadowReplicas = nil }, shadow.Published{}},
		{"nothing was written yet", func(s *scene) { s.Pool.Status = v1alpha1.ShadowPoolStatus{} }, shadow.Published{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := known()
			tt.alter(s)
			require.Equal(t, tt.want, observe.Observe(s.World).Published)
		})
	}
}
