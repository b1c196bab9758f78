//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// fastApp starts in half a second. Where the raise finds us at once the shadows
// may win; where it finds us late the pods of the ReplicaSet serve already, and
// the shadows must stay what they are.
func fastApp(t *testing.T) {
	s := opening{namespace: "fast", replicas: 4, shadows: 3, cold: time.Millisecond}.open(t)
	before := s.live(t)
	s.scaleTo(t, 7)
	s.awaitSettled(t, 7)
	s.awaitWarm(t, 3)
	shadows := s.shadows(t)
	for _, replicas := range []int{10, 13} {
		s.late(t, replicas, "the ReplicaSet's own pods to serve", func() (string, bool) {
			sc := s.look(t.Context())
			return sc.String(), int(sc.ready) == replicas
		})
		s.awaitSettled(t, replicas)
		s.pass(t, 2*time.Second) // or it is late for the next raise, amid what it does for this one
	}
	require.Empty(t, s.rec.servedAt(shadows), "a shadow joined where no pod was missing")
	require.Empty(t, s.rec.deletedOf(before), "pods that served before the first raise are gone")
	s.rec.judge(t)
}

// late raises while the role hears nothing, until the workload is as wanted.
func (s *shop) late(t *testing.T, replicas int, what string, wanted func() (string, bool)) {
	t.Helper()
	require.NoError(t, s.child.Pause())
	defer func() { require.NoError(t, s.child.Resume()) }()
	s.scaleTo(t, replicas)
	require.NoError(t, process.Until(t.Context(), time.Minute, what, func(context.Context) (string, bool) { return wanted() }))
}

// overload has live pods fail their readiness while a raise is under way: for the
// ReplicaSet they are worth no more than its cold pods that run already.
func overload(t *testing.T) {
	s := opening{namespace: "overload", replicas: 6, shadows: 3, cold: 4 * time.Second}.open(t)
	before := s.live(t)
	s.setReady(t, before[:2], corev1.ConditionFalse)
	s.scaleTo(t, 9)
	s.setReady(t, before[2:3], corev1.ConditionFalse)
	require.NoError(t, process.Until(t.Context(), time.Minute, "3 shadows to go live", func(context.Context) (string, bool) {
		n := len(s.shadows(t))
		return fmt.Sprintf("%d live of 9", len(s.live(t))), n == 0 || len(s.live(t)) == 9
	}))
	s.pass(t, 2*time.Second)
	require.Empty(t, s.rec.deletedOf(before), "an overloaded pod was deleted for a booting one")
	s.setReady(t, before[:3], corev1.ConditionTrue)
	s.awaitSettled(t, 9)
	s.awaitWarm(t, 3)

	// Where we are late the cold pods run and are not Ready: there is no room for
	// anybody, or an overloaded pod might be the one to go.
	shadows := s.shadows(t)
	s.setReady(t, before[:2], corev1.ConditionFalse)
	s.late(t, 12, "3 cold pods that run", func() (string, bool) {
		running := 0
		for _, p := range s.live(t) {
			if p.Status.Phase == corev1.PodRunning {
				running++
			}
		}
		return fmt.Sprintf("%d run", running), running == 12
	})
	s.pass(t, 2*time.Second)
	s.setReady(t, before[:2], corev1.ConditionTrue)
	s.awaitSettled(t, 12)
	require.Empty(t, s.rec.servedAt(shadows), "a shadow joined where every cold pod ran")
	require.Empty(t, s.rec.deletedOf(before), "an overloaded pod was deleted for a booting one")
	s.rec.judge(t)
}

// setReady writes the condition as a kubelet does whose probe fails or succeeds.
// The containers' own readiness is left alone, so that kwok does nothing.
func (s *shop) setReady(t *testing.T, pods []corev1.Pod, status corev1.ConditionStatus) {
	t.Helper()
	patch := client.RawPatch(types.StrategicMergePatchType, fmt.Appendf(nil,
		`{"status":{"conditions":[{"type":"Ready","status":"%s","lastTransitionTime":"%s"}]}}`,
		status, s.workload.clock.Now().UTC().Format(time.RFC3339)))
	for i := range pods {
		require.NoError(t, s.workload.Client.Status().Patch(t.Context(), pods[i].DeepCopy(), patch))
	}
}
