//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// drain is how long a pod that leaves the traffic finishes what it has, less
// what a watch may see its beginning late.
const drain = 2*time.Second - 200*time.Millisecond

const ownScale = "  replicas: 8\n  scaleIn: {policy: Recycle, drain: 2s}\n"

// recycled lowers a workload by the pool's own scale: the pods that had been
// shadows leave the traffic, drain, and warm up again.
func recycled(t *testing.T) {
	s := opening{namespace: "recycle", replicas: 8, shadows: 3, most: 8, spec: ownScale}.open(t)
	first := s.live(t)
	activated := s.raiseOwn(t, 11)
	s.scalePool(t, 8)
	s.awaitSettled(t, 8)
	for _, p := range activated {
		s.cameBack(t, p)
	}
	require.Empty(t, s.rec.deletedOf(first), "pods that were never shadows went in place of those that had been")
	s.rec.judge(t)
}

// recycledNot lowers by pods that cannot be used again: they end as without us.
func recycledNot(t *testing.T) {
	s := opening{namespace: "disposed", replicas: 8, shadows: 3, most: 8, spec: ownScale}.open(t)
	activated := s.raiseOwn(t, 11)
	worn := activated[0]
	base := worn.DeepCopy()
	worn.Status.ContainerStatuses[0].RestartCount = 1
	require.NoError(t, s.workload.Client.Status().Patch(t.Context(), &worn, client.MergeFrom(base)))
	s.scalePool(t, 8)
	s.awaitSettled(t, 8)
	for _, p := range activated[1:] {
		s.cameBack(t, p)
	}
	require.NotContains(t, names(s.shadows(t)), worn.Name, "a pod that has been restarted became a shadow again")

	// Those that were never shadows: nobody but the ReplicaSet ends them.
	s.scalePool(t, 4)
	s.awaitSettled(t, 4)
	s.rec.judge(t)
}

// recycledTooLate moves the template while pods drain: they may finish, and are
// not used again.
func recycledTooLate(t *testing.T) {
	s := opening{namespace: "moved", replicas: 8, shadows: 3, most: 8, spec: ownScale}.open(t)
	activated := s.raiseOwn(t, 11)
	s.scalePool(t, 8)
	require.NoError(t, process.Until(t.Context(), time.Minute, "pods that drain", func(context.Context) (string, bool) {
		n := 0
		for _, p := range s.shadows(t) {
			if p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowDraining) {
				n++
			}
		}
		return fmt.Sprintf("%d drain", n), n == 3
	}))
	s.setImage(t, shopImage)
	s.awaitSettled(t, 8)
	require.NoError(t, process.Until(t.Context(), time.Minute, "the pods of the old template to end", func(context.Context) (string, bool) {
		return fmt.Sprint(s.rec.deletedOf(activated)), len(s.rec.deletedOf(activated)) == 3
	}))
	for _, p := range activated {
		course, _ := s.rec.courseOf(p.UID)
		drained := indexOf(t, p, course, v1alpha1.ShadowDraining)
		require.Equal(t, goingState, course[drained+1].state, "pod %s warmed up although its template is gone", p.Name)
		require.GreaterOrEqual(t, course[drained+1].at.Sub(course[drained].at), drain, "pod %s ended before its drain", p.Name)
	}
	s.rec.judge(t)
}

// raiseOwn raises the pool's scale by its three shadows, waits until new ones are
// warm, and returns those that went live.
func (s *shop) raiseOwn(t *testing.T, replicas int) []corev1.Pod {
	t.Helper()
	shadows := s.shadows(t)
	s.scalePool(t, replicas)
	s.awaitSettled(t, replicas)
	s.awaitWarm(t, len(shadows))
	activated := slices.DeleteFunc(s.live(t), func(p corev1.Pod) bool {
		return !slices.ContainsFunc(shadows, func(o corev1.Pod) bool { return o.UID == p.UID })
	})
	require.Len(t, activated, len(shadows), "a raise of the pool's scale did not take its shadows")
	return activated
}

// scalePool writes the pool's scale, as an autoscaler that targets it does.
func (s *shop) scalePool(t *testing.T, replicas int) {
	t.Helper()
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = s.namespace, "web"
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	require.NoError(t, s.workload.Client.SubResource("scale").Patch(t.Context(), p, patch))
}

// cameBack waits until a pod that served is a warm shadow again, and judges the
// order: out of the endpoints, drained, warmed up, and never ended.
func (s *shop) cameBack(t *testing.T, p corev1.Pod) {
	t.Helper()
	var course []stop
	var left time.Time
	require.NoError(t, process.Until(t.Context(), time.Minute, "pod "+p.Name+" to be a warm shadow again", func(context.Context) (string, bool) {
		course, left = s.rec.courseOf(p.UID)
		last := course[len(course)-1].state
		return fmt.Sprint(course), last == v1alpha1.ShadowReady || last == goingState
	}))
	drained := indexOf(t, p, course, v1alpha1.ShadowDraining)
	require.Greater(t, len(course), drained+2, "pod %s: %v", p.Name, course)
	require.Equal(t, v1alpha1.ShadowWarming, course[drained+1].state, "pod %s", p.Name)
	require.Equal(t, v1alpha1.ShadowReady, course[drained+2].state, "pod %s", p.Name)
	require.GreaterOrEqual(t, course[drained+1].at.Sub(course[drained].at), drain, "pod %s warmed up before its drain was over", p.Name)
	require.False(t, left.IsZero(), "pod %s was never taken from the endpoints", p.Name)
	require.Less(t, left.Sub(course[drained].at), time.Second, "pod %s was listed long after it had left", p.Name)
}

// indexOf finds when a pod came to a state last.
func indexOf(t *testing.T, p corev1.Pod, course []stop, state v1alpha1.ShadowState) int {
	t.Helper()
	for i, stop := range slices.Backward(course) {
		if stop.state == state {
			return i
		}
	}
	require.Failf(t, "never in that state", "pod %s was never %s: %v", p.Name, state, course)
	return 0
}

func names(pods []corev1.Pod) []string {
	out := make([]string, len(pods))
	for i := range pods {
		out[i] = pods[i].Name
	}
	return out
}
