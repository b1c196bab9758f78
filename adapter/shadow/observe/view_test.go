package observe_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// The second judgements of a burst all look through one View.
func TestViewMayBeUsedByMany(t *testing.T) {
	s := full()
	view := observe.NewView(s.World)
	want := view.Observed().Pods
	var wg sync.WaitGroup
	for i, p := range s.Pods {
		for range 4 {
			wg.Go(func() {
				if got := view.Pod(p); got.Name != want[i].Name || got.Drift != want[i].Drift || len(got.Exposed) != len(want[i].Exposed) {
					t.Errorf("pod %s: got %+v, want %+v", p.Name, got, want[i])
				}
			})
		}
	}
	wg.Wait()
}

// A pod is judged as it is now, among everything else as it was.
func TestViewLooksAtAPodAgain(t *testing.T) {
	s := newScene(1)
	warm := s.shadow("a", v1alpha1.ShadowReady)
	view := observe.NewView(s.add(warm).World)
	require.Equal(t, v1alpha1.ShadowReady, state(view.Pod(warm)))

	taken := warm.DeepCopy()
	taken.OwnerReferences = nil
	require.Equal(t, shadow.OwnerNone, view.Pod(taken).Owner)
	unready := warm.DeepCopy()
	unready.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
	require.Equal(t, v1alpha1.ShadowCreating, state(view.Pod(unready)))
	require.Equal(t, v1alpha1.ShadowReady, state(view.Observed().Pods[0]), "what was seen first has not changed")
}
