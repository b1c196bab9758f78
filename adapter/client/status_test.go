package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// withShadows has a shadow in each state.
func withShadows(p *v1alpha1.ShadowPool) {
	ago := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(-d))) }
	p.Status.Counts = &v1alpha1.ShadowCounts{Creating: 1, Warming: 2, Ready: 1, Bridged: 1, Draining: 1, Active: 1, HeldBack: 3}
	p.Status.Shadows = []v1alpha1.ShadowStatus{
		{Name: "a", State: v1alpha1.ShadowCreating, CreatedAt: ago(2 * time.Second), Reason: "Unscheduled"},
		{Name: "b", State: v1alpha1.ShadowWarming, CreatedAt: ago(time.Minute), Node: "n1", Progress: "0.25", Reason: "MinReady"},
		{Name: "c", State: v1alpha1.ShadowWarming, CreatedAt: ago(time.Minute), Node: "n2", Progress: "0.4", Reason: "Latency"},
		{Name: "d", State: v1alpha1.ShadowReady, CreatedAt: ago(time.Hour), Node: "n1"},
		{Name: "e", State: v1alpha1.ShadowBridged, CreatedAt: ago(time.Hour), Node: "n1"},
		{Name: "f", State: v1alpha1.ShadowDraining, CreatedAt: ago(time.Hour), Node: "n1"},
		{Name: "g", State: v1alpha1.ShadowActive, CreatedAt: ago(time.Hour), Node: "n2", Reason: "Settling"},
		{Name: "h", State: v1alpha1.ShadowWarming, Progress: "much"},
	}
	p.Status.Deactivated = []v1alpha1.DeactivatedShadow{{Name: "z", Reason: "Stale", Time: *ago(time.Hour)}}
}

// poolPod is a pod of the pool's in a state, Ready for some time.
func poolPod(name string, state v1alpha1.ShadowState, readyFor time.Duration, edit ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, CreationTimestamp: metav1.NewTime(now.Add(-time.Minute)),
			Labels:          map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: string(state)},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "foreshadow.dev/v1alpha1", Kind: v1alpha1.Kind, Name: "web", UID: "pool-uid", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{NodeName: "n1"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-readyFor)),
		}}},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

func warmed(p *corev1.Pod) {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
		Type: v1alpha1.WarmedCondition, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-time.Second)),
	})
}

func notReady(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }

func activated(p *corev1.Pod) {
	p.OwnerReferences[0] = metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", UID: "rs", Controller: new(true)}
	p.Annotations = map[string]string{v1alpha1.ActivationAnnotation: "rs/1/1", v1alpha1.ActivatedAtAnnotation: now.Format(time.RFC3339)}
}

func costed(p *corev1.Pod) { p.Annotations[corev1.PodDeletionCost] = "-2147483647" }

func TestStatusWithoutPods(t *testing.T) {
	c, _ := cluster(t, interceptor.Funcs{
		List: func(context.Context, ctrlclient.WithWatch, ctrlclient.ObjectList, ...ctrlclient.ListOption) error {
			return errors.New("pods is forbidden")
		},
	}, pool(withShadows))
	got, err := c.GetShadowInstanceStatus(t.Context(), web)
	require.NoError(t, err)
	want := []client.Shadow{
		{Name: "a", State: v1alpha1.ShadowCreating, Age: 2 * time.Second, AgeSeconds: 2, Reason: "Unscheduled"},
		{Name: "b", State: v1alpha1.ShadowWarming, Age: time.Minute, AgeSeconds: 60, Progress: 0.25, Node: "n1", Reason: "MinReady"},
		{Name: "c", State: v1alpha1.ShadowWarming, Age: time.Minute, AgeSeconds: 60, Progress: 0.4, Node: "n2", Reason: "Latency"},
		{Name: "d", State: v1alpha1.ShadowReady, Age: time.Hour, AgeSeconds: 3600, Progress: 1, Node: "n1"},
		{Name: "e", State: v1alpha1.ShadowBridged, Age: time.Hour, AgeSeconds: 3600, Progress: 1, Node: "n1"},
		{Name: "f", State: v1alpha1.ShadowDraining, Age: time.Hour, AgeSeconds: 3600, Node: "n1"},
		{Name: "g", State: v1alpha1.ShadowActive, Age: time.Hour, AgeSeconds: 3600, Progress: 1, Node: "n2", Reason: "Settling"},
		{Name: "h", State: v1alpha1.ShadowWarming},
	}
	if diff := cmp.Diff(want, got.Shadows); diff != "" {
		t.Errorf("shadows (-want +got):\n%s", diff)
	}
	require.Equal(t, client.Counts{Creating: 1, Warming: 2, Ready: 1, Active: 1, Bridged: 1, Draining: 1, Deactivated: 1, HeldBack: 3}, got.Counts)
	require.Equal(t, "z", got.Deactivated[0].Name)
	require.Equal(t, "Deployment", got.Workload.Kind)
}

func TestPodsAreAheadOfTheStatus(t *testing.T) {
	hidden := func(p *corev1.Pod) {
		p.Annotations = map[string]string{v1alpha1.HiddenLabelsAnnotation: `{"app":"web"}`}
	}
	live := func(p *corev1.Pod) { hidden(p); p.Labels["app"] = "web" }
	c, _ := cluster(t, interceptor.Funcs{}, pool(withShadows, func(p *v1alpha1.ShadowPool) { p.UID = "pool-uid" }),
		// It was written as creating.
		poolPod("a", v1alpha1.ShadowWarming, 7*time.Second),
		// It lacks something that was measured, which the pod does not say.
		poolPod("c", v1alpha1.ShadowWarming, 7*time.Second),
		poolPod("d", v1alpha1.ShadowReady, time.Hour, warmed),
		poolPod("e", v1alpha1.ShadowBridged, time.Hour, warmed, live),
		poolPod("f", v1alpha1.ShadowDraining, time.Hour, warmed),
		// It has settled since.
		poolPod("g", v1alpha1.ShadowActive, time.Hour, warmed, activated),
		poolPod("i", v1alpha1.ShadowCreating, 0, notReady),
		poolPod("j", v1alpha1.ShadowCreating, 0, notReady, func(p *corev1.Pod) { p.Spec.NodeName = "" }),
		poolPod("k", v1alpha1.ShadowActive, time.Hour, warmed, activated, costed),
		// These end, or are no shadows.
		poolPod("l", v1alpha1.ShadowReady, time.Hour, warmed, func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }),
		poolPod("m", v1alpha1.ShadowReady, time.Hour, warmed, func(p *corev1.Pod) { p.OwnerReferences = nil }),
		poolPod("n", v1alpha1.ShadowReady, time.Hour, warmed, func(p *corev1.Pod) { p.Labels[v1alpha1.PoolLabel] = "other" }),
	)
	got, err := c.GetShadowInstanceStatus(t.Context(), web)
	require.NoError(t, err)
	minute := func(s client.Shadow) client.Shadow {
		s.Age, s.AgeSeconds = time.Minute, 60
		if s.Node == "" {
			s.Node = "n1"
		}
		return s
	}
	want := []client.Shadow{
		minute(client.Shadow{Name: "a", State: v1alpha1.ShadowWarming, Progress: 0.7, Reason: "MinReady"}),
		minute(client.Shadow{Name: "c", State: v1alpha1.ShadowWarming, Progress: 0.4, Reason: "Latency"}),
		minute(client.Shadow{Name: "d", State: v1alpha1.ShadowReady, Progress: 1}),
		minute(client.Shadow{Name: "e", State: v1alpha1.ShadowBridged, Progress: 1}),
		minute(client.Shadow{Name: "f", State: v1alpha1.ShadowDraining}),
		minute(client.Shadow{Name: "g", State: v1alpha1.ShadowActive, Progress: 1}),
		minute(client.Shadow{Name: "i", State: v1alpha1.ShadowCreating, Reason: "NotReady"}),
		{Name: "j", State: v1alpha1.ShadowCreating, Age: time.Minute, AgeSeconds: 60, Reason: "Unscheduled"},
		minute(client.Shadow{Name: "k", State: v1alpha1.ShadowActive, Progress: 1, Reason: "Settling"}),
	}
	if diff := cmp.Diff(want, got.Shadows); diff != "" {
		t.Errorf("shadows (-want +got):\n%s", diff)
	}
	require.Equal(t, client.Counts{Creating: 2, Warming: 2, Ready: 1, Active: 2, Bridged: 1, Draining: 1, Deactivated: 1, HeldBack: 3}, got.Counts)
}

func TestManyPodsThatServe(t *testing.T) {
	p := pool(func(p *v1alpha1.ShadowPool) {
		p.UID = "pool-uid"
		p.Status.Shadows = []v1alpha1.ShadowStatus{{Name: "s-149", State: v1alpha1.ShadowActive}}
	})
	var pods []*corev1.Pod
	for i := range 150 {
		pods = append(pods, poolPod(fmt.Sprintf("s-%03d", i), v1alpha1.ShadowActive, time.Hour, warmed, activated))
	}
	client.RefreshFrom(p, pods, now)
	require.EqualValues(t, 150, p.Status.Counts.Active)
	require.Len(t, p.Status.Shadows, 101, "the first hundred, and those that the status lists")
	require.Equal(t, "s-149", p.Status.Shadows[100].Name)
}

func TestStatusOfAPoolThatNobodyHasSeen(t *testing.T) {
	got := client.StatusOf(pool(), now)
	require.Empty(t, got.Shadows)
	require.NotNil(t, got.Shadows, "programs read a list, not null")
	require.NotNil(t, got.Deactivated, "programs read a list, not null")
	require.Zero(t, got.Counts)
}

func TestPausedSaysWhatIsHeld(t *testing.T) {
	for value, want := range map[string]v1alpha1.Pause{"forecast": "forecast", "shadows": "shadows", "all": "all", "al": "all"} {
		got := client.StatusOf(pool(func(p *v1alpha1.ShadowPool) { p.Annotations = map[string]string{v1alpha1.PauseAnnotation: value} }), now)
		require.Equal(t, want, got.Paused, value)
	}
	require.Empty(t, client.StatusOf(pool(), now).Paused)
}

func TestNext(t *testing.T) {
	condition := func(kind string, status metav1.ConditionStatus, reason, message string) func(*v1alpha1.ShadowPool) {
		return func(p *v1alpha1.ShadowPool) {
			p.Status.Conditions = append(p.Status.Conditions, metav1.Condition{
				Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: p.Generation,
			})
		}
	}
	kept := condition(v1alpha1.ConditionShadowsReady, metav1.ConditionTrue, "ShadowsKept", "")
	ready := func(p *v1alpha1.ShadowPool) {
		p.Status.Counts = &v1alpha1.ShadowCounts{Ready: 2}
		p.Status.Shadows = []v1alpha1.ShadowStatus{
			{Name: "a", State: v1alpha1.ShadowReady}, {Name: "b", State: v1alpha1.ShadowReady, Reason: "AdmissionDrift"}, {Name: "c", State: v1alpha1.ShadowActive},
		}
	}
	decided := func(message string, held ...string) func(*v1alpha1.ShadowPool) {
		return func(p *v1alpha1.ShadowPool) {
			p.Status.LastDecision = &v1alpha1.LastDecision{Reason: "X", Message: message, Held: held}
		}
	}
	type edits = []func(*v1alpha1.ShadowPool)
	for _, tc := range []struct {
		name string
		pool edits
		want string
	}{
		{
			"a refused pool",
			edits{kept, condition(v1alpha1.ConditionRefused, metav1.ConditionTrue, "WorkloadTaken", "pool front serves Deployment web: delete one of them")},
			"Nothing, the pool is refused: pool front serves Deployment web: delete one of them.",
		},
		{
			"a paused pool",
			edits{kept, ready, func(p *v1alpha1.ShadowPool) { p.Annotations = map[string]string{v1alpha1.PauseAnnotation: "all"} }},
			`Nothing, the pool is paused (foreshadow.dev/pause=all): "kubectl foreshadow resume web -n shop" lets it go on.`,
		},
		{
			"a paused forecast holds no shadow",
			edits{kept, ready, func(p *v1alpha1.ShadowPool) { p.Annotations = map[string]string{v1alpha1.PauseAnnotation: "forecast"} }},
			"The next raise of Deployment web that the load needs now takes the warm shadow first: each goes live by one write.",
		},
		{
			"a pool that only predicts",
			edits{func(p *v1alpha1.ShadowPool) { p.Spec.Mode = v1alpha1.ModePredict }},
			`Nothing, a pool in mode Predict keeps no shadows: "kubectl foreshadow create pool/web -n shop" asks for them.`,
		},
		{
			"a pool that nobody has seen", nil,
			"The controller looks at the pool, which it has not done yet: if this stays so, see that foreshadow-adapter runs with --roles=shadows.",
		},
		{
			"a change that nobody has seen",
			edits{kept, func(p *v1alpha1.ShadowPool) { p.Generation = 2 }},
			"The controller takes in the latest change of the pool (generation 2, it has seen 0).",
		},
		{
			"a pool that is held",
			edits{condition(v1alpha1.ConditionShadowsReady, metav1.ConditionFalse, "RolloutInProgress", "2 active ReplicaSets (a, b): it goes on when the rollout is done")},
			"Nothing (RolloutInProgress): 2 active ReplicaSets (a, b): it goes on when the rollout is done.",
		},
		{
			"something waits beside what is done",
			edits{kept, decided("activates 2 shadows, because x; what waits: new shadows are made when it has settled", "Create: ActivationUnderWay: new…")},
			"It waits: new shadows are made when it has settled.",
		},
		{
			"something waits and nothing is done",
			edits{kept, decided("waits: ReplicaSet a makes its own pods first", "Create: LivePodsFirst: Repl…")},
			"It waits: ReplicaSet a makes its own pods first.",
		},
		{
			"a decision whose message says nothing of it",
			edits{kept, decided("", "Create: LivePodsFirst: its own pods first")},
			"It waits: Create: LivePodsFirst: its own pods first.",
		},
		{
			"shadows on their way",
			edits{kept, ready, func(p *v1alpha1.ShadowPool) { p.Status.Counts.Warming, p.Status.Counts.Draining = 1, 2 }},
			"The shadows on their way (1 warming, 2 draining) become ready: each is warm when it has been Ready for 10s and its warm-up is complete, or after 5m.",
		},
		{
			"a proportional raise",
			edits{kept, ready, func(p *v1alpha1.ShadowPool) {
				p.Status.Shadows[1].Reason = ""
				p.Spec.Activation.Policy = v1alpha1.ActivationPolicyProportional
			}},
			"The next raise of Deployment web takes 20% of its pods from the 2 warm shadows: that is activation.policy Proportional.",
		},
		{
			"no shadow is wanted",
			edits{kept, func(p *v1alpha1.ShadowPool) {
				p.Status.Capacity = &v1alpha1.CapacityStatus{NowReplicas: new(int32(10)), ShadowReplicas: new(int32(10))}
			}},
			"Nothing, no shadow is wanted: the load needs 10 replicas now and 10 at shadowQuantile 0.99, and minShadows is 0.",
		},
		{"no forecast asks for any", edits{kept}, "Nothing: minShadows is 0 and there is no forecast to ask for more."},
		{"none may be", edits{kept, func(p *v1alpha1.ShadowPool) { p.Spec.MaxShadows = new(int32(0)) }}, "Nothing: maxShadows is 0, so that there is no shadow."},
		{
			"all have just gone live",
			edits{kept, func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows = new(int32(3)) }},
			"The controller makes shadows, as far as the budget goes: 3 are wanted and none is on its way.",
		},
		{
			"a forecast asks for more than may be",
			edits{kept, func(p *v1alpha1.ShadowPool) {
				p.Status.Capacity = &v1alpha1.CapacityStatus{NowReplicas: new(int32(10)), ShadowReplicas: new(int32(40))}
			}},
			"The controller makes shadows, as far as the budget goes: 10 are wanted and none is on its way.",
		},
		{
			"shadows that the status does not know yet",
			edits{ready},
			"The next raise of Deployment web that the load needs now takes the warm shadow first: each goes live by one write.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, client.StatusOf(pool(tc.pool...), now).Next)
		})
	}
}
