package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// standbyPool is an active pool that keeps so many shadows.
func standbyPool(shadows int32) *v1alpha1.ShadowPool {
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = "shop", "web"
	p.Spec.ScaleTargetRef.Name = "web"
	p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
	p.Spec.Load.Query = "sum(load)"
	p.Spec.ShadowPercentage, p.Spec.MinShadows, p.Spec.MaxShadows = new(int32(100)), &shadows, new(int32(50))
	p.Default()
	return p
}

// withShadows is an arm whose HPA asks for what want says, of a workload that
// starts with 4 replicas.
func withShadows(t *testing.T, shadows int32, published shadow.Published, want func(time.Time) float64) *Shadows {
	t.Helper()
	l := mustLoad(t, minutes(600))
	hpa := DefaultHPA(1, 50)
	hpa.Tolerance, hpa.ScaleDownWindow = Tolerance{}, 0
	s, err := NewShadows(ShadowsConfig{
		ArmConfig: ArmConfig{
			Name: "shadows", Workload: DefaultWorkload(100, 5*time.Minute), HPA: hpa, Replicas: 4,
			Metrics: []Metric{{
				Name: "want", Type: MetricExternal, AverageValue: 1,
				Read: func(now time.Time) (float64, error) { return want(now), nil },
			}},
		},
		Pool: standbyPool(shadows), Refresh: time.Minute,
		Published: func(time.Time) shadow.Published { return published },
	}, l, l.Start())
	require.NoError(t, err)
	return s
}

// asks returns what an HPA is told: from 4 to 7 after half an hour.
func asks(now time.Time) float64 {
	if now.Before(at(30 * time.Minute)) {
		return 4
	}
	return 7
}

func TestShadowsJoinWarmAtOnce(t *testing.T) {
	s := withShadows(t, 3, shadow.Published{}, asks)
	require.NoError(t, s.Advance(at(30*time.Minute)))
	require.Equal(t, 4, s.State().Ready)
	require.Zero(t, s.Used().Activations)
	require.NoError(t, s.Advance(at(30*time.Minute+time.Second)))
	require.Equal(t, 7, s.State().Ready, "three shadows serve within a second of the raise")
	require.Equal(t, 7, s.State().Replicas)
	require.Equal(t, 3, s.Used().Activations)
	require.Zero(t, s.State().Totals.ColdJoins)
	require.NoError(t, s.Advance(at(60*time.Minute)))
	require.Equal(t, int32(3), s.pool.Status.Counts.Ready, "others are made in their place")
}

func TestShadowsLeaveWhatWasAskedAheadToAColdStart(t *testing.T) {
	s := withShadows(t, 3, shadow.Published{Known: true, Value: 7, NowTerm: 4, ShadowNeed: 7}, asks)
	require.NoError(t, s.Advance(at(31*time.Minute)))
	require.Equal(t, 4, s.State().Ready)
	require.Zero(t, s.Used().Activations)
	require.NoError(t, s.Advance(at(40*time.Minute)))
	require.Equal(t, 3, s.State().Totals.ColdJoins)
}

func TestShadowsAreCountedApartFromLivePods(t *testing.T) {
	s := withShadows(t, 2, shadow.Published{}, func(time.Time) float64 { return 4 })
	require.NoError(t, s.Advance(at(2*time.Hour)))
	require.InDelta(t, 8, s.State().Totals.PodHours(), 0.01)
	require.InDelta(t, 4, s.Used().PodTime.Hours(), 0.01)
	require.InDelta(t, 8.4, s.PricedHours(0.1), 0.01)
}

func TestAJustActivatedPodGoesFirst(t *testing.T) {
	down := func(now time.Time) float64 {
		if now.Before(at(30*time.Minute)) || !now.Before(at(30*time.Minute+15*time.Second)) {
			return 4
		}
		return 7
	}
	s := withShadows(t, 3, shadow.Published{}, down)
	require.NoError(t, s.Advance(at(31*time.Minute)))
	for _, p := range s.workload.pods {
		require.Empty(t, p.label, "the pods that served before the raise are those that stay")
	}
}

func TestShadowsRefuseAnArmWithoutPool(t *testing.T) {
	_, err := NewShadows(ShadowsConfig{ArmConfig: ArmConfig{Name: "shadows"}}, Load{}, t0)
	require.EqualError(t, err, "start arm shadows: a pool and what is published of it are needed")
}
