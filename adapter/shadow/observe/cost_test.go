package observe_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// A later raise has the lower cost, and every cost is one that a pod may bear.
func TestActivationCost(t *testing.T) {
	last := int64(0)
	for _, generation := range []int64{0, 1, 2, 3, 1000, 1 << 24} {
		cost := observe.ActivationCost(generation)
		require.True(t, observe.IsActivationCost(cost), cost)
		n, err := strconv.ParseInt(cost, 10, 32)
		require.NoError(t, err)
		require.Less(t, n, last)
		last = n
	}
	require.Equal(t, "-2147483647", observe.ActivationCost(math.MaxInt64))
	for _, other := range []string{"", "0", "-1000", "1000", "-2147483648", "-2130706430", "soon"} {
		require.False(t, observe.IsActivationCost(other), other)
	}
}

// A template may have a cost that looks like one of ours.
func TestObserveTheCostOfTheTemplate(t *testing.T) {
	s := newScene(1)
	pod := shadowtest.Activated(s.Pool, s.rs, "a", after(0))
	s.add(pod)
	require.True(t, observe.Observe(s.World).Pods[0].Costed)
	s.rs.Spec.Template.Annotations = map[string]string{corev1.PodDeletionCost: pod.Annotations[corev1.PodDeletionCost]}
	require.False(t, observe.Observe(s.World).Pods[0].Costed, "there is nothing to settle")
}
