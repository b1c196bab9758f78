package observe_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// scene is a settled workload with a pool, to be altered by a test.
type scene struct {
	observe.World
	rs *appsv1.ReplicaSet
}

func newScene(replicas int32, alter ...func(*appsv1.Deployment)) *scene {
	d := shadowtest.Deployment(replicas, alter...)
	rs := shadowtest.ReplicaSet(d)
	return &scene{rs: rs, World: observe.World{
		Pool: shadowtest.Pool(), Deployment: d, ReplicaSets: []*appsv1.ReplicaSet{rs},
		InstallationRoom: -1, NamespaceRoom: -1, Now: shadowtest.Start().Add(time.Minute), Epoch: 1, MetricsAlive: true,
	}}
}

func (s *scene) add(pods ...*corev1.Pod) *scene {
	s.Pods = append(s.Pods, pods...)
	return s
}

func (s *scene) shadow(suffix string, state v1alpha1.ShadowState, alter ...func(*corev1.Pod)) *corev1.Pod {
	return shadowtest.Shadow(s.Pool, s.rs, suffix, state, alter...)
}

func TestObserveASettledWorkload(t *testing.T) {
	s := newScene(2)
	s.add(
		shadowtest.Pod(s.rs, "a"),
		shadowtest.Activated(s.Pool, s.rs, "b", shadowtest.Start().Add(40*time.Second)),
		s.shadow("c", v1alpha1.ShadowReady),
	)
	ready, warm := shadowtest.Start().Add(10*time.Second), shadowtest.Start().Add(20*time.Second)
	hash := observe.TemplateHash(s.rs)
	want := shadow.Observed{
		Pool: s.Pool, Epoch: 1,
		Workload: shadow.Workload{
			Kind: "Deployment", Name: "web", UID: "deployment-uid", Exists: true, Replicas: 2, MaxSurge: 1, Stable: true, CurrentUID: s.rs.UID,
		},
		ReplicaSets: []shadow.ReplicaSet{{
			Name: s.rs.Name, UID: s.rs.UID, Replicas: 2, Generation: 1, ObservedGeneration: 1, Template: hash,
		}},
		Pods: []shadow.Pod{
			{
				Name: s.rs.Name + "-a", UID: types.UID("pod-a"), Owner: shadow.OwnerReplicaSet, ReplicaSetUID: s.rs.UID, Live: true,
				Phase: shadow.PhaseRunning, Node: shadowtest.Node, CreatedAt: shadowtest.Start(), ReadyAt: ready,
			},
			{
				Name: s.rs.Name + "-b", UID: types.UID("pod-b"), Owner: shadow.OwnerReplicaSet, ReplicaSetUID: s.rs.UID, Template: hash,
				Label: v1alpha1.ShadowActive, Live: true, Phase: shadow.PhaseRunning, Node: shadowtest.Node, CreatedAt: shadowtest.Start(),
				ReadyAt: ready, WarmedAt: warm, ActivatedAt: shadowtest.Start().Add(40 * time.Second), Costed: true, Epoch: 1,
			},
			{
				Name: s.rs.Name + "-c", UID: types.UID("pod-c"), Owner: shadow.OwnerPool, ReplicaSetUID: s.rs.UID, Template: hash,
				Label: v1alpha1.ShadowReady, Phase: shadow.PhaseRunning, Node: shadowtest.Node, CreatedAt: shadowtest.Start(),
				ReadyAt: ready, WarmedAt: warm, WarmUp: shadow.Progress{Ratio: 1, Done: true}, Epoch: 1,
			},
		},
		Room: shadow.Room{Pods: -1},
	}
	if diff := cmp.Diff(want, observe.Observe(s.World)); diff != "" {
		t.Errorf("Observe (-want +got):\n%s", diff)
	}
}
