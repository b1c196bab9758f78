package shadowtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func TestTheObjectsFitTogether(t *testing.T) {
	pool := shadowtest.Pool()
	require.Empty(t, pool.Validate())
	d := shadowtest.Deployment(3)
	rs := shadowtest.ReplicaSet(d)
	selector, err := metav1.LabelSelectorAsSelector(rs.Spec.Selector)
	require.NoError(t, err)

	live := shadowtest.Pod(rs, "a")
	warm := shadowtest.Shadow(pool, rs, "s", v1alpha1.ShadowReady)
	joined := shadowtest.Activated(pool, rs, "t", shadowtest.Start().Add(time.Minute))

	require.True(t, metav1.IsControlledBy(rs, d))
	for _, p := range []*corev1.Pod{live, joined} {
		require.True(t, metav1.IsControlledBy(p, rs), p.Name)
		require.True(t, selector.Matches(labels.Set(p.Labels)), p.Name)
	}
	require.True(t, metav1.IsControlledBy(warm, pool))
	require.False(t, selector.Matches(labels.Set(warm.Labels)))
}

func TestAlterationsComeLast(t *testing.T) {
	rs := shadowtest.ReplicaSet(shadowtest.Deployment(1))
	p := shadowtest.Pod(rs, "a", shadowtest.Unready(shadowtest.Start()), shadowtest.On("node-b"))
	require.Equal(t, "node-b", p.Spec.NodeName)
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			require.Equal(t, corev1.ConditionFalse, c.Status)
		}
	}
}
