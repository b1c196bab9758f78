//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// quotaManifest leaves room for 6 pods beside 4 live ones: of it the pool may
// have 2, for a raise of 2 makes 2 more for a moment, and a rollout one.
const quotaManifest = `
apiVersion: v1
kind: ResourceQuota
metadata: {name: team, namespace: %[1]s}
spec: {hard: {pods: "10"}}
`

// quotaForShadowsOnly has a quota that admits all shadows that are asked for, and
// not the pods of a raise beside them.
func quotaForShadowsOnly(t *testing.T) {
	s := opening{namespace: "quota", replicas: 4, shadows: 6, kept: 2, objects: quotaManifest}.open(t)
	s.awaitHeldBack(t, 4)
	require.Len(t, s.shadows(t), 2)
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	// 10 pods are all that the quota admits: the shadow that is left has to be
	// one of them, or to go.
	s.scaleTo(t, 10)
	s.awaitSettled(t, 10)
	require.Len(t, s.pods(t), 10)
	s.awaitHeldBack(t, 6)
	s.rec.judge(t)
}

// quotaExhausted leaves the ReplicaSet itself without room: all shadows become
// its pods, and none is made in the room that it waits for.
func quotaExhausted(t *testing.T) {
	s := openShop(t, "squeeze", 4, 6, "")
	require.NoError(t, s.workload.Apply(t.Context(), fmt.Sprintf(quotaManifest, s.namespace)))
	s.awaitHeldBack(t, 4)
	s.scaleTo(t, 12)
	s.awaitHeldBack(t, 6)
	require.Len(t, s.live(t), 10)
	gone := s.live(t)[0]
	s.rec.endedByTest(gone)
	require.NoError(t, s.workload.Client.Delete(t.Context(), &gone, client.GracePeriodSeconds(0)))
	require.NoError(t, process.Until(t.Context(), time.Minute, "the ReplicaSet to take the room", func(context.Context) (string, bool) {
		live, shadows := len(s.live(t)), len(s.shadows(t))
		require.Zero(t, shadows, "a shadow took the room of a live pod")
		return fmt.Sprintf("%d live", live), live == 10
	}))
	s.hard(t, "24")
	s.awaitSettled(t, 12)
	s.awaitWarm(t, 4)
	s.rec.judge(t)
}

// hard sets what the quota admits.
func (s *shop) hard(t *testing.T, pods string) {
	t.Helper()
	q := &corev1.ResourceQuota{}
	q.Namespace, q.Name = s.namespace, "team"
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"hard":{"pods":"%s"}}}`, pods))
	require.NoError(t, s.workload.Client.Patch(t.Context(), q, patch))
}

// awaitHeldBack waits until the pool says how many shadows have no room, and why.
func (s *shop) awaitHeldBack(t *testing.T, shadows int32) {
	t.Helper()
	s.awaitPool(t, time.Minute, fmt.Sprintf("%d shadows held back", shadows), func(p *v1alpha1.ShadowPool) bool {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionHeldBack)
		return p.Status.Counts != nil && p.Status.Counts.HeldBack == shadows && c != nil && c.Status == "True"
	})
}
