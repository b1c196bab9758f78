package observe_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func image(image string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image }
}

func surge(s string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Strategy.RollingUpdate.MaxSurge = new(intstr.Parse(s)) }
}

func TestObserveMaxSurge(t *testing.T) {
	tests := []struct {
		name     string
		replicas int32
		alter    func(*appsv1.Deployment)
		want     int32
	}{
		{"a percentage is rounded up", 5, surge("25%"), 2},
		{"a number is taken as it is", 5, surge("3"), 3},
		{"without replicas there is none", 0, surge("25%"), 0},
		{"the API's default holds where nobody wrote it", 10, func(d *appsv1.Deployment) { d.Spec.Strategy.RollingUpdate = nil }, 3},
		{"what cannot be read is as much as can be", 4, surge("many"), 4},
		{"Recreate adds none", 4, func(d *appsv1.Deployment) {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, observe.Observe(newScene(tt.replicas, tt.alter).World).Workload.MaxSurge)
		})
	}
}

func TestObserveCurrentReplicaSet(t *testing.T) {
	// old is of image 1, next of image 2, made later.
	old := shadowtest.ReplicaSet(shadowtest.Deployment(3))
	next := shadowtest.ReplicaSet(shadowtest.Deployment(3, image("example.org/web:2")), func(rs *appsv1.ReplicaSet) {
		rs.Annotations["deployment.kubernetes.io/revision"] = "2"
		rs.CreationTimestamp = metav1.NewTime(shadowtest.Start().Add(time.Minute))
	})
	again := old.DeepCopy()
	again.Name, again.UID, again.CreationTimestamp = "web-again", "rs-again", next.CreationTimestamp
	paused := func(d *appsv1.Deployment) { d.Spec.Paused = true }
	tests := []struct {
		name  string
		alter []func(*appsv1.Deployment)
		sets  []*appsv1.ReplicaSet
		want  types.UID
	}{
		{"it is the one of the same template", nil, []*appsv1.ReplicaSet{next, old}, old.UID},
		{"a new template has another one", []func(*appsv1.Deployment){image("example.org/web:2")}, []*appsv1.ReplicaSet{old, next}, next.UID},
		{"a new template has none before its controller has made it", []func(*appsv1.Deployment){image("example.org/web:3")}, []*appsv1.ReplicaSet{old, next}, ""},
		{"a paused Deployment goes on with the newest", []func(*appsv1.Deployment){image("example.org/web:3"), paused}, []*appsv1.ReplicaSet{old, next}, next.UID},
		{"of two with one template it is the older one", nil, []*appsv1.ReplicaSet{again, old}, old.UID},
		{"without ReplicaSets there is none", nil, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(3, tt.alter...)
			s.ReplicaSets = tt.sets
			require.Equal(t, tt.want, observe.Observe(s.World).Workload.CurrentUID)
		})
	}
}

func TestObserveDeployment(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*appsv1.Deployment)
		want  func(*shadow.Workload)
	}{
		{"it is done with its rollout", func(*appsv1.Deployment) {}, func(*shadow.Workload) {}},
		{"its controller has yet to see it", func(d *appsv1.Deployment) { d.Generation = 2 }, func(w *shadow.Workload) { w.Stable = false }},
		{"pods of an older template are left", func(d *appsv1.Deployment) { d.Status.Replicas = 4 }, func(w *shadow.Workload) { w.Stable = false }},
		{"not all pods are available", func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 2 }, func(w *shadow.Workload) { w.Stable = false }},
		{"it is being deleted", func(d *appsv1.Deployment) { d.DeletionTimestamp = new(metav1.Now()) }, func(w *shadow.Workload) { w.Deleting = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(3, tt.alter)
			want := shadow.Workload{
				Kind: "Deployment", Name: "web", UID: "deployment-uid", Exists: true, Replicas: 3, MaxSurge: 1, Stable: true, CurrentUID: s.rs.UID,
			}
			tt.want(&want)
			require.Equal(t, want, observe.Observe(s.World).Workload)
		})
	}
}

func TestObserveAWorkloadThatIsGone(t *testing.T) {
	s := newScene(3)
	s.Deployment = nil
	require.Equal(t, shadow.Workload{Kind: "Deployment", Name: "web"}, observe.Observe(s.World).Workload)
}

func TestObserveABareReplicaSet(t *testing.T) {
	s := newScene(3)
	s.rs.OwnerReferences = nil
	s.Deployment, s.ReplicaSet = nil, s.rs
	s.Pool.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: s.rs.Name}
	got := observe.Observe(s.World)
	require.Equal(t, shadow.Workload{
		Kind: "ReplicaSet", Name: s.rs.Name, UID: s.rs.UID, Exists: true, Replicas: 3, Stable: true, CurrentUID: s.rs.UID,
	}, got.Workload)
	require.Empty(t, got.Refusals)
}

// argo returns a scene whose workload is a Rollout, healthy unless altered. Its
// ReplicaSet bears the hash abc.
func argo(fields map[string]any) *scene {
	s := newScene(4)
	s.rs.Labels["rollouts-pod-template-hash"] = "abc"
	s.Deployment = nil
	s.Pool.Spec.ScaleTargetRef = v1alpha1.ScaleTargetRef{APIVersion: "argoproj.io/v1alpha1", Kind: "Rollout", Name: "web"}
	object := map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
		"metadata": map[string]any{"name": "web", "namespace": "shop", "uid": "rollout-uid", "generation": int64(3)},
		"spec":     map[string]any{"replicas": int64(4), "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}}},
		"status":   map[string]any{"phase": "Healthy", "observedGeneration": "3", "currentPodHash": "abc", "stableRS": "abc"},
	}
	for path, v := range fields {
		if err := unstructured.SetNestedField(object, v, split(path)...); err != nil {
			panic(err)
		}
	}
	s.Rollout = &unstructured.Unstructured{Object: object}
	return s
}

func TestObserveRollout(t *testing.T) {
	tests := []struct {
		name   string
		fields map[string]any
		want   func(*shadow.Workload)
	}{
		{"a canary has the surge of a Deployment", nil, func(*shadow.Workload) {}},
		{"a surge in per cent is rounded up", map[string]any{"spec.strategy.canary.maxSurge": "30%"}, func(w *shadow.Workload) { w.MaxSurge = 2 }},
		{"a surge may be a number", map[string]any{"spec.strategy.canary.maxSurge": int64(3)}, func(w *shadow.Workload) { w.MaxSurge = 3 }},
		{"blue-green makes a second set", map[string]any{"spec.strategy.blueGreen.activeService": "web"}, func(w *shadow.Workload) { w.MaxSurge = 4 }},
		{"a larger preview counts", map[string]any{"spec.strategy.blueGreen.previewReplicaCount": int64(6)}, func(w *shadow.Workload) { w.MaxSurge = 6 }},
		{"a smaller preview grows before it is promoted", map[string]any{"spec.strategy.blueGreen.previewReplicaCount": int64(2)}, func(w *shadow.Workload) { w.MaxSurge = 4 }},
		{"a raise makes it Progressing", map[string]any{"status.phase": "Progressing"}, func(*shadow.Workload) {}},
		{"its newest template is not promoted", map[string]any{"status.stableRS": "aaa"}, func(w *shadow.Workload) { w.Stable = false }},
		{"it has promoted none yet", map[string]any{"status.stableRS": ""}, func(w *shadow.Workload) { w.Stable = false }},
		{"it was aborted", map[string]any{"status.abort": true}, func(w *shadow.Workload) { w.Stable = false }},
		{"its controller has yet to see it", map[string]any{"status.observedGeneration": "2"}, func(w *shadow.Workload) { w.Stable = false }},
		{"an early version wrote a hash for the generation", map[string]any{"status.observedGeneration": "6d4cf"}, func(*shadow.Workload) {}},
		{"its newest ReplicaSet is not there", map[string]any{"status.currentPodHash": "def", "status.stableRS": "def"}, func(w *shadow.Workload) { w.CurrentUID = "" }},
		{"it has no hash in its status yet", map[string]any{"status.currentPodHash": ""}, func(w *shadow.Workload) { w.Stable = false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := argo(tt.fields)
			want := shadow.Workload{
				Kind: "Rollout", Name: "web", UID: "rollout-uid", Exists: true, Replicas: 4, MaxSurge: 1, Stable: true, CurrentUID: s.rs.UID,
			}
			tt.want(&want)
			require.Equal(t, want, observe.Observe(s.World).Workload)
		})
	}
}

func TestObserveReplicaSet(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*appsv1.ReplicaSet)
		want  func(*shadow.ReplicaSet)
	}{
		{"replicas that nobody wrote are 1", func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = nil }, func(rs *shadow.ReplicaSet) { rs.Replicas = 1 }},
		{"it is being deleted", func(rs *appsv1.ReplicaSet) { rs.DeletionTimestamp = new(metav1.Now()) }, func(rs *shadow.ReplicaSet) { rs.Deleting = true }},
		{"it cannot make pods", func(rs *appsv1.ReplicaSet) {
			rs.Status.Conditions = []appsv1.ReplicaSetCondition{{
				Type: appsv1.ReplicaSetReplicaFailure, Status: "True", Reason: "FailedCreate", Message: "exceeded quota: team",
			}}
		}, func(rs *shadow.ReplicaSet) { rs.Failing = "FailedCreate: exceeded quota: team" }},
		{"it could not once", func(rs *appsv1.ReplicaSet) {
			rs.Status.Conditions = []appsv1.ReplicaSetCondition{{Type: appsv1.ReplicaSetReplicaFailure, Status: "False", Reason: "FailedCreate"}}
		}, func(*shadow.ReplicaSet) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rs := shadowtest.ReplicaSet(shadowtest.Deployment(3), tt.alter)
			want := shadow.ReplicaSet{
				Name: rs.Name, UID: rs.UID, Replicas: 3, Generation: 1, ObservedGeneration: 1, Template: observe.TemplateHash(rs),
			}
			tt.want(&want)
			require.Equal(t, want, observe.ReplicaSet(rs))
		})
	}
}

// What others say goes into our own sentences, as far as there is room for it.
func TestObserveShortensWhatAReplicaSetSays(t *testing.T) {
	for _, n := range []int{10, 237, 239, 241, 242, 1000} {
		rs := shadowtest.ReplicaSet(shadowtest.Deployment(3), func(rs *appsv1.ReplicaSet) {
			rs.Status.Conditions = []appsv1.ReplicaSetCondition{{
				Type: appsv1.ReplicaSetReplicaFailure, Status: "True", Reason: "FailedCreate", Message: strings.Repeat("x", n) + "äöü",
			}}
		})
		got := observe.ReplicaSet(rs).Failing
		require.True(t, utf8.ValidString(got), n)
		require.LessOrEqual(t, len(got), 256+len("..."), n)
		require.True(t, strings.HasPrefix(got, "FailedCreate: x"), n)
	}
}

func TestTemplateHash(t *testing.T) {
	rs := shadowtest.ReplicaSet(shadowtest.Deployment(3))
	require.Equal(t, observe.TemplateHash(rs), observe.TemplateHash(rs.DeepCopy()), "equal templates have equal hashes")
	scaled := shadowtest.ReplicaSet(shadowtest.Deployment(3), func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = new(int32(9)) })
	require.Equal(t, observe.TemplateHash(rs), observe.TemplateHash(scaled), "a raise changes no template")
	other := rs.DeepCopy()
	other.Spec.Template.Spec.Containers[0].Image = "example.org/web:2"
	require.NotEqual(t, observe.TemplateHash(rs), observe.TemplateHash(other))
}

func TestScaleSelector(t *testing.T) {
	s := newScene(3)
	require.Equal(t, "app=web", observe.ScaleSelector(&s.World))
	require.Equal(t, "app=web", observe.ScaleSelector(&argo(nil).World))
	referring := argo(map[string]any{"status.selector": "app=api"})
	unstructured.RemoveNestedField(referring.Rollout.Object, "spec", "selector")
	require.Equal(t, "app=api", observe.ScaleSelector(&referring.World), "one that refers to a Deployment has it in its status")
	s.Deployment = nil
	require.Empty(t, observe.ScaleSelector(&s.World))
}
