package actuate

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// everyPod is a budget that selects all pods of the namespace.
func everyPod() *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: shadowtest.Namespace, Name: "all"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{}},
	}
}

func version(name string, n int) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, ResourceVersion: strconv.Itoa(n)}}
}

// The caches show pods in versions; what we wrote holds until they have caught
// up.
func TestOverlay(t *testing.T) {
	pool := shadowtest.Pool()
	key := pool.Key()
	pod := func(n int) *corev1.Pod {
		p := version("web-a", n)
		p.UID = "uid-a"
		return p
	}
	tests := []struct {
		name string
		put  func(*Overlay)
		// cached is what the cache shows, one look after the other: 0 is nothing.
		cached []int
		// want is what is seen then: 0 is nothing, negative ends.
		want []int
	}{
		{"nothing of ours", func(*Overlay) {}, []int{5, 6, 0}, []int{5, 6, 0}},
		{"a new pod is there before the cache shows it", func(o *Overlay) { o.created(key, pod(5)) }, []int{0, 0, 5, 7, 0}, []int{5, 5, 5, 7, 0}},
		{"a patch holds until the cache has it", func(o *Overlay) { o.wrote(key, pod(5)) }, []int{4, 4, 5, 6}, []int{5, 5, 5, 6}},
		{"a patch of a pod that is gone", func(o *Overlay) { o.wrote(key, pod(5)) }, []int{4, 0, 0}, []int{5, 0, 0}},
		{"a new pod that was patched", func(o *Overlay) { o.created(key, pod(5)); o.wrote(key, pod(6)) }, []int{0, 5, 6, 0}, []int{6, 6, 6, 0}},
		{"an old answer that came late", func(o *Overlay) { o.wrote(key, pod(6)); o.wrote(key, pod(5)) }, []int{4, 6}, []int{6, 6}},
		{"a deleted pod ends until it is gone", func(o *Overlay) { o.deleted(key, pod(5)) }, []int{5, 5, 6, 0}, []int{-5, -5, 6, 0}},
		{"a pod that the server does not know", func(o *Overlay) { o.gone(key, pod(5)) }, []int{5, 5, 0}, []int{0, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOverlay(clocktesting.NewFakePassiveClock(started))
			tt.put(o)
			for i, n := range tt.cached {
				w := &observe.World{Pool: pool}
				if n != 0 {
					w.Pods = []*corev1.Pod{pod(n)}
				}
				o.apply(w)
				got := 0
				if len(w.Pods) == 1 {
					var err error
					got, err = strconv.Atoi(w.Pods[0].ResourceVersion)
					require.NoError(t, err)
					if w.Pods[0].DeletionTimestamp != nil {
						got = -got
					}
				}
				require.Equal(t, tt.want[i], got, "look %d", i+1)
			}
		})
	}
}

// A pod that came and went between two looks is never shown; after a while it is
// asked for.
func TestOverlayAsksForWhatIsLate(t *testing.T) {
	s := newStage(t, 4, 1)
	ghost := version("web-ghost", 200)
	ghost.UID = "ghost"
	s.actuator.overlay.created(s.pool.Key(), ghost)
	w := s.world()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	require.Len(t, w.Pods, 6)
	require.Empty(t, s.reads)
	require.Equal(t, patience, s.actuator.overlay.due(s.pool.Key()))

	s.clock.SetTime(s.clock.Now().Add(patience))
	require.Equal(t, time.Millisecond, s.actuator.overlay.due(s.pool.Key()))
	w = s.world()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	require.Equal(t, []string{"Pod/web-ghost"}, s.reads)
	require.Len(t, w.Pods, 5)
	require.Zero(t, s.actuator.overlay.due(s.pool.Key()))
}

// A pod that the server does not know needs no look, however long the cache shows
// it: no look would change it.
func TestOverlayWaitsForNothingOfAPodThatIsGone(t *testing.T) {
	s := newStage(t, 4, 1)
	s.actuator.overlay.gone(s.pool.Key(), s.shadow(0))
	for range 2 {
		w := s.world()
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		require.Len(t, w.Pods, 4)
		require.Zero(t, s.actuator.overlay.due(s.pool.Key()))
		s.clock.SetTime(s.clock.Now().Add(patience))
	}
}

// A pool that is made anew under its name begins with nothing.
func TestOverlayForgets(t *testing.T) {
	s := newStage(t, 4, 1)
	ghost := version("web-ghost", 200)
	s.actuator.overlay.created(s.pool.Key(), ghost)
	s.actuator.Forget(s.pool.Key())
	w := s.world()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	require.Len(t, w.Pods, 5)
}
