package refresh

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// asCPU gives each counter of requests a twin of CPU, with names of pods as a
// Deployment's have them.
func asCPU(series []history.Samples) []history.Samples {
	var out []history.Samples
	for _, s := range series {
		s.Labels = maps.Clone(s.Labels)
		letter := s.Labels["pod"][len("web-"):]
		s.Labels["pod"] = "web-6d4f8b7c9-bc5" + map[string]string{"a": "2b", "b": "2c", "c": "2d", "x": "2f", "y": "2g", "z": "2h"}[letter]
		out = append(out, s)
		if s.Labels["__name__"] == history.ShadowInfo {
			continue
		}
		twin := s
		twin.Labels = maps.Clone(s.Labels)
		twin.Labels["__name__"], twin.Labels["container"] = "container_cpu_usage_seconds_total", "app"
		out = append(out, twin)
	}
	return out
}

// Shadows that use ten times what the live pods do decide nothing.
func TestWarmUpsAreNoUseOfResources(t *testing.T) {
	c := history.Confinement{Label: "namespace"}
	confined := func(expr, namespace string) (string, error) { return history.Confine(expr, namespace, c) }
	live := Binding{Given: confined, Ours: confined, Live: func(expr, namespace, pool string) (string, error) {
		return history.ConfineLive(expr, namespace, pool, c)
	}}
	per := v1alpha1.Decimal("50")
	run := func(src history.Source, bind Binding) []Report {
		p := pool(func(p *v1alpha1.ShadowPool) {
			active(1)(p)
			p.Spec.Load.Query = "sum(rate(http_requests_total[5m]))"
			p.Spec.Load.Dimensions = []v1alpha1.Dimension{{Name: v1alpha1.DimensionCPU, CapacityPerReplica: &per}}
		})
		s, err := SettingsOf(p, bind, DefaultInterval)
		require.NoError(t, err)
		l, err := NewLoop(s, src, nil)
		require.NoError(t, err)
		var reports []Report
		for now := at(0, "08:20").Add(20 * time.Second); now.Before(at(0, "09:20")); now = now.Add(10 * time.Minute) {
			r := l.Tick(context.Background(), now)
			require.NoError(t, r.Refused)
			require.Equal(t, "CPU", r.Decision.Dimension)
			reports = append(reports, r)
		}
		return reports
	}
	without, with := storeOf(t, asCPU(liveHistory())), storeOf(t, asCPU(append(liveHistory(), warmUps()...)))
	want, got := run(without, live), run(with, live)
	for i := range want {
		require.Equal(t, want[i].Decision, got[i].Decision)
	}
	polluted := run(with, Binding{Given: confined, Ours: confined})
	require.Greater(t, polluted[0].Decision.Value, want[0].Decision.Value, "the warm-ups are no use at all, so this proves nothing")
}
