package observe_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func split(path string) []string { return strings.Split(path, ".") }

// after is an instant, that long after all objects were made.
func after(d time.Duration) time.Time { return shadowtest.Start().Add(d) }

func annotate(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations[key] = value }
}

func with(t corev1.PodConditionType, reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, Reason: reason})
	}
}

// restarted makes the first container of a pod one that was started again.
func restarted(at time.Time) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		s := &p.Status.ContainerStatuses[0]
		s.RestartCount, s.State.Running.StartedAt = 1, metav1.NewTime(at)
	}
}

func cpu(request string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse(request)
	}
}

func failed(reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Phase, p.Status.Reason, p.Status.Conditions = corev1.PodFailed, reason, nil
	}
}

func TestObserveAShadow(t *testing.T) {
	idle := annotate(v1alpha1.IdleAnnotation, `{"web":{"request":"500m"}}`)
	tests := []struct {
		name  string
		alter []func(*corev1.Pod)
		want  func(*shadow.Pod)
	}{
		{"it is warm", nil, func(*shadow.Pod) {}},
		{
			"a container that was started since it was warm makes it cold",
			[]func(*corev1.Pod){restarted(after(30 * time.Second))},
			func(p *shadow.Pod) { p.WarmedAt, p.Restarts = time.Time{}, 1 },
		},
		{
			"a container that was started again before does not",
			[]func(*corev1.Pod){restarted(after(5 * time.Second))},
			func(p *shadow.Pod) { p.Restarts = 1 },
		},
		{
			"the clock of its node is ahead",
			[]func(*corev1.Pod){func(p *corev1.Pod) {
				p.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(after(time.Hour))
			}},
			func(*shadow.Pod) {},
		},
		{
			"its condition says that it is not warm",
			[]func(*corev1.Pod){func(p *corev1.Pod) {
				p.Status.Conditions[len(p.Status.Conditions)-1].Status = corev1.ConditionFalse
			}},
			func(p *shadow.Pod) { p.WarmedAt = time.Time{} },
		},
		{
			"it is warm by the timeout",
			[]func(*corev1.Pod){func(p *corev1.Pod) {
				p.Status.Conditions[len(p.Status.Conditions)-1].Reason = shadow.ReasonTimedOut
			}},
			func(p *shadow.Pod) { p.TimedOut = true },
		},
		{
			"it is not Ready any more",
			[]func(*corev1.Pod){shadowtest.Unready(after(50 * time.Second))},
			func(p *shadow.Pod) {
				p.ReadyAt, p.UnreadyAt, p.WarmUp = time.Time{}, after(50*time.Second), shadow.Progress{Stage: "NotReady"}
			},
		},
		{
			"it drains",
			[]func(*corev1.Pod){annotate(v1alpha1.DrainingSinceAnnotation, "2026-01-02T12:00:45.250Z")},
			func(p *shadow.Pod) {
				p.DrainingSince, p.WarmUp = after(45*time.Second+250*time.Millisecond), shadow.Progress{Stage: "MinReady"}
			},
		},
		{
			"what cannot be read of it happened when it was made",
			[]func(*corev1.Pod){annotate(v1alpha1.DrainingSinceAnnotation, "yesterday")},
			func(p *shadow.Pod) { p.DrainingSince = shadowtest.Start() },
		},
		{"it is disrupted", []func(*corev1.Pod){with(corev1.DisruptionTarget, "PreemptionByScheduler")}, func(p *shadow.Pod) { p.Evicted = true }},
		{
			"its node was short of memory",
			[]func(*corev1.Pod){failed("Evicted")},
			func(p *shadow.Pod) {
				p.Phase, p.Evicted, p.ReadyAt, p.WarmedAt, p.WarmUp = shadow.PhaseFinished, true, time.Time{}, time.Time{}, shadow.Progress{}
			},
		},
		{
			"it has failed by itself",
			[]func(*corev1.Pod){failed("")},
			func(p *shadow.Pod) {
				p.Phase, p.ReadyAt, p.WarmedAt, p.WarmUp = shadow.PhaseFinished, time.Time{}, time.Time{}, shadow.Progress{}
			},
		},
		{"it ends", []func(*corev1.Pod){shadowtest.Deleting}, func(p *shadow.Pod) { p.Deleting, p.WarmUp = true, shadow.Progress{} }},
		{"it was written by another leader", []func(*corev1.Pod){annotate(v1alpha1.EpochAnnotation, "7")}, func(p *shadow.Pod) { p.Epoch = 7 }},
		{"an epoch that cannot be read is none", []func(*corev1.Pod){annotate(v1alpha1.EpochAnnotation, "x")}, func(p *shadow.Pod) { p.Epoch = 0 }},
		{"it idles", []func(*corev1.Pod){idle, cpu("100m")}, func(p *shadow.Pod) { p.Shrunk = true }},
		{"it has its request back", []func(*corev1.Pod){idle}, func(*shadow.Pod) {}},
		{
			"somebody else made it smaller",
			[]func(*corev1.Pod){cpu("100m")},
			func(*shadow.Pod) {},
		},
		{"its resize waits", []func(*corev1.Pod){idle, with(corev1.PodResizePending, "Deferred")}, func(p *shadow.Pod) { p.Resize = "Deferred" }},
		{"its resize is impossible", []func(*corev1.Pod){idle, with(corev1.PodResizePending, "Infeasible")}, func(p *shadow.Pod) { p.Resize = "Infeasible" }},
		{"its resize is under way", []func(*corev1.Pod){idle, with(corev1.PodResizeInProgress, "")}, func(*shadow.Pod) {}},
		{"its resize failed", []func(*corev1.Pod){idle, with(corev1.PodResizeInProgress, "Error")}, func(p *shadow.Pod) { p.Resize = "Error" }},
		{"a resize that is not ours is none", []func(*corev1.Pod){with(corev1.PodResizePending, "Deferred")}, func(*shadow.Pod) {}},
		{
			"it was made for a ReplicaSet that is gone",
			[]func(*corev1.Pod){annotate(v1alpha1.ReplicaSetAnnotation, "gone")},
			func(p *shadow.Pod) { p.ReplicaSetUID = "gone" },
		},
		{
			"nobody owns it",
			[]func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences = nil }},
			func(p *shadow.Pod) { p.Owner, p.WarmUp = shadow.OwnerNone, shadow.Progress{} },
		},
		{
			"another one owns it",
			[]func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences[0].UID = "other" }},
			func(p *shadow.Pod) { p.Owner, p.WarmUp = shadow.OwnerOther, shadow.Progress{} },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			pod := s.shadow("a", v1alpha1.ShadowReady, tt.alter...)
			want := shadow.Pod{
				Name: pod.Name, UID: pod.UID, Owner: shadow.OwnerPool, ReplicaSetUID: s.rs.UID, Template: observe.TemplateHash(s.rs),
				Label: v1alpha1.ShadowReady, Phase: shadow.PhaseRunning, Node: shadowtest.Node, CreatedAt: shadowtest.Start(),
				ReadyAt: after(10 * time.Second), WarmedAt: after(20 * time.Second), WarmUp: shadow.Progress{Ratio: 1, Done: true}, Epoch: 1,
			}
			tt.want(&want)
			got := observe.Observe(s.add(pod).World).Pods[0]
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pod (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, observe.NewView(s.World).Pod(pod)); diff != "" {
				t.Errorf("the same pod looked at alone (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveWhereAPodRuns(t *testing.T) {
	node := func(name, zone string) map[string]*metav1.PartialObjectMetadata {
		return map[string]*metav1.PartialObjectMetadata{name: {ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelTopologyZone: zone}}}}
	}
	tests := []struct {
		name     string
		nodes    map[string]*metav1.PartialObjectMetadata
		notReady map[string]bool
		phase    corev1.PodPhase
		at       time.Duration
		zone     string
		gone     bool
	}{
		{"its node says the zone", node("node-a", "zone-1"), nil, corev1.PodRunning, time.Hour, "zone-1", false},
		{"its node is not Ready", node("node-a", "zone-1"), map[string]bool{"node-a": true}, corev1.PodRunning, time.Minute, "zone-1", true},
		{"its node is no longer there", node("node-b", "zone-1"), nil, corev1.PodPending, time.Minute, "", true},
		{"its node is new, and so is the pod on it", node("node-b", "zone-1"), nil, corev1.PodPending, 59 * time.Second, "", false},
		{"it runs on a node that is no longer there", node("node-b", "zone-1"), nil, corev1.PodRunning, time.Second, "", true},
		{"nobody looks at nodes", nil, nil, corev1.PodRunning, time.Hour, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			pod := shadowtest.Pod(s.rs, "a")
			pod.Status.Phase = tt.phase
			s.add(pod)
			s.Nodes, s.NodesNotReady, s.Now = tt.nodes, tt.notReady, after(tt.at)
			got := observe.Observe(s.World).Pods[0]
			require.Equal(t, tt.zone, got.Zone)
			require.Equal(t, tt.gone, got.NodeGone)
			lost := tt.gone && !s.Now.Before(got.NodeGrace)
			require.Equal(t, tt.gone && (tt.at >= time.Minute || tt.notReady != nil), lost, "a pod on it ends")
		})
	}
}

func TestObserveAPodWithoutANode(t *testing.T) {
	s := newScene(1)
	s.Nodes = map[string]*metav1.PartialObjectMetadata{}
	s.add(shadowtest.Pod(s.rs, "a", shadowtest.Pending()))
	got := observe.Observe(s.World).Pods[0]
	require.Equal(t, shadow.PhasePending, got.Phase)
	require.Empty(t, got.Node)
	require.False(t, got.NodeGone)
	require.False(t, got.Ready())
}

func TestObserveWhoServes(t *testing.T) {
	s := newScene(2)
	bridged := s.shadow("a", v1alpha1.ShadowBridged, func(p *corev1.Pod) { p.Labels["app"] = "web" })
	orphan := bridged.DeepCopy()
	orphan.Name, orphan.UID, orphan.Annotations[v1alpha1.ReplicaSetAnnotation] = "orphan", "orphan", "gone"
	hidden := s.shadow("b", v1alpha1.ShadowBridged)
	joined := shadowtest.Activated(s.Pool, s.rs, "c", after(30*time.Second))
	unreadable := shadowtest.Activated(s.Pool, s.rs, "d", after(30*time.Second), annotate(v1alpha1.ActivatedAtAnnotation, "?"))
	settled := shadowtest.Activated(s.Pool, s.rs, "e", after(30*time.Second), annotate(corev1.PodDeletionCost, "5"))
	relabelled := shadowtest.Pod(s.rs, "f", func(p *corev1.Pod) { p.Labels["tier"] = "back" })
	s.add(bridged, orphan, hidden, joined, unreadable, settled, relabelled)

	got := map[types.UID]shadow.Pod{}
	for _, p := range observe.Observe(s.World).Pods {
		got[p.UID] = p
	}
	require.Equal(t, v1alpha1.ShadowBridged, state(got[bridged.UID]))
	require.Empty(t, got[bridged.UID].Exposed, "a bridge is meant to be found")
	require.True(t, got[orphan.UID].Live, "what was hidden of it says so where its ReplicaSet is gone")
	require.NotEqual(t, v1alpha1.ShadowBridged, state(got[hidden.UID]), "a label alone makes no bridge")
	require.Equal(t, v1alpha1.ShadowActive, state(got[joined.UID]))
	require.True(t, got[joined.UID].Costed)
	require.Equal(t, after(30*time.Second), got[joined.UID].ActivatedAt)
	require.Equal(t, v1alpha1.ShadowActive, state(got[unreadable.UID]), "it was activated, whenever that was")
	require.False(t, got[settled.UID].Costed, "the cost is the user's own")
	require.False(t, got[relabelled.UID].Live)
}

func state(p shadow.Pod) v1alpha1.ShadowState { return p.State() }

func TestObserveTheResizeThatTheServerRefused(t *testing.T) {
	s := newScene(1)
	pod := shadowtest.Activated(s.Pool, s.rs, "a", after(30*time.Second), annotate(v1alpha1.IdleAnnotation, `{"web":{"request":"500m"}}`), cpu("100m"))
	s.add(pod)
	resize := observe.Resize{UID: pod.UID, Kind: shadow.KindResize}
	s.ResizesRefused = map[observe.Resize]observe.ResizeRefusal{{UID: pod.UID, Kind: shadow.KindUnboost}: {Message: "of its warm-up"}}
	require.Empty(t, observe.Observe(s.World).Pods[0].Resize, "it was of another resize")
	s.ResizesRefused[resize] = observe.ResizeRefusal{Message: "no room", Again: after(time.Hour)}
	got := observe.Observe(s.World).Pods[0]
	require.Equal(t, shadow.ResizePostponed, got.Resize)
	require.Equal(t, "no room", got.ResizeWhy)
	require.Equal(t, after(time.Hour), got.ResizeAt)
	s.ResizesRefused[resize] = observe.ResizeRefusal{Final: true}
	require.Equal(t, shadow.ResizeRefused, observe.Observe(s.World).Pods[0].Resize)
	cpu("500m")(pod)
	require.Empty(t, observe.Observe(s.World).Pods[0].Resize, "it came about some other way")
}

func TestObserveCountsTheRestartsOfWhatRunsOn(t *testing.T) {
	s := newScene(1)
	s.add(shadowtest.Pod(s.rs, "a", func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "migrate"}, {Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "migrate", RestartCount: 4}, {Name: "proxy", RestartCount: 2}}
		p.Status.ContainerStatuses[0].RestartCount = 1
	}))
	require.EqualValues(t, 3, observe.Observe(s.World).Pods[0].Restarts)
}

func TestObserveNeverWritesAWorld(t *testing.T) {
	s := newScene(2)
	s.add(shadowtest.Pod(s.rs, "a"), s.shadow("b", v1alpha1.ShadowWarming))
	s.Services = append(s.Services, service("web", map[string]string{"app": "web"}))
	s.Quotas = append(s.Quotas, quota("team", "10", "2"))
	was := deepCopy(s)
	observe.Observe(s.World)
	if diff := cmp.Diff(was, s, cmp.AllowUnexported(scene{})); diff != "" {
		t.Errorf("world (-before +after):\n%s", diff)
	}
}

// deepCopy copies what TestObserveNeverWritesAWorld has put into a scene.
func deepCopy(s *scene) *scene {
	out := *s
	out.Pool, out.Deployment, out.rs = s.Pool.DeepCopy(), s.Deployment.DeepCopy(), s.rs.DeepCopy()
	out.ReplicaSets = []*appsv1.ReplicaSet{out.rs}
	out.Pods, out.Services, out.Quotas = nil, nil, nil
	for _, p := range s.Pods {
		out.Pods = append(out.Pods, p.DeepCopy())
	}
	for _, o := range s.Services {
		out.Services = append(out.Services, o.DeepCopy())
	}
	for _, o := range s.Quotas {
		out.Quotas = append(out.Quotas, o.DeepCopy())
	}
	return &out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
