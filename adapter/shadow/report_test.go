package shadow

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// The progress of a warm-up is written by steps, and looked at every now and
// then; a shadow that is warm wakes nobody.
func TestProgressIsWrittenBySteps(t *testing.T) {
	s := &script{}
	s.reset()
	s.read(t, &datadriven.TestData{Input: "rs web replicas=4 live=4\nshadow s1 warming ready-at=00:00\npublished value=4 now=4 need=5"})
	*s.in.Pool.Spec.MinShadows = 1
	s.in.Pool.Spec.WarmUp.MinReady = "1m"
	at := func(now time.Duration, ratio float64) v1alpha1.ShadowStatus {
		for i := range s.in.Pods {
			if s.in.Pods[i].Name == "s1" {
				s.in.Pods[i].WarmUp.Ratio = ratio
			}
		}
		d := Plan(t0.Add(now), s.in)
		require.Empty(t, d.Broken)
		require.Positive(t, d.Requeue)
		require.LessOrEqual(t, d.Requeue, progressEvery)
		s.in.Pool.Status = d.Status
		require.Len(t, d.Status.Shadows, 1)
		return d.Status.Shadows[0]
	}
	require.Equal(t, v1alpha1.Decimal("0.5"), at(10*time.Second, 0.5).Progress)
	require.Equal(t, v1alpha1.Decimal("0.5"), at(15*time.Second, 0.549).Progress)
	require.Equal(t, v1alpha1.Decimal("0.55"), at(16*time.Second, 0.55).Progress)
	require.Equal(t, v1alpha1.Decimal("0.2"), at(20*time.Second, 0.2).Progress)

	s.read(t, &datadriven.TestData{Input: "shadow s1 ready"})
	for range 2 {
		d := Plan(t0.Add(time.Minute), s.in)
		require.Zero(t, d.Requeue)
		s.in.Pool.Status = d.Status
	}
}

// A profile of the pods that the metrics role wrote changes nothing here.
func TestReportLeavesTheProfileAlone(t *testing.T) {
	s := &script{}
	s.reset()
	s.read(t, &datadriven.TestData{Input: "rs web replicas=4 live=4\nshadow s1 ready"})
	s.in.Pool.Status = Plan(t0.Add(time.Minute), s.in).Status
	s.in.Pool.Status.Profile = &v1alpha1.ProfileStatus{Pods: 4}
	p, broken := newPlan(t0.Add(2*time.Minute), &s.in)
	require.Empty(t, broken)
	p.out.Status = s.in.Pool.Status
	p.out.Status.Profile = nil
	require.False(t, p.changed())
}
