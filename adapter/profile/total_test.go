package profile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// atNoon asks for one value.
func atNoon(t *testing.T, src history.Source, expr string) float64 {
	t.Helper()
	bound, err := history.ConfineLive(expr, "shop", "web", history.Confinement{Label: "namespace"})
	require.NoError(t, err)
	res, err := src.QueryRange(t.Context(), bound, history.Range{Start: noon, End: noon, Step: time.Minute})
	require.NoError(t, err)
	if len(res.Series) == 0 {
		return 0
	}
	require.Len(t, res.Series, 1)
	return res.Series[0].Points[0].Value
}

func cpuQuery(t *testing.T) string {
	t.Helper()
	for _, q := range Queries("Deployment", "web", nil) {
		if q.Dimension == CPU {
			return q.Expr
		}
	}
	t.Fatal("no query of CPU")
	return ""
}

func TestTotal(t *testing.T) {
	from, to := noon.Add(-time.Hour), noon.Add(time.Minute)
	actors := crowd(20, from, to)
	total, sum := Total(cpuQuery(t)), "sum("+cpuQuery(t)+")"
	plain := play(t, actors)
	want := atNoon(t, plain, sum)
	require.InDelta(t, want, atNoon(t, plain, total), 1e-9, "uneven load is no reason to count less")

	odd := actor{name: podName(900), share: 1, from: from, to: to, odd: "container_cpu_usage_seconds_total", oddFactor: 50}
	shadow := actor{name: podName(901), share: 40, from: from, to: to, shadow: true}
	strange := play(t, append(actors, odd, shadow))
	require.Greater(t, atNoon(t, strange, sum), 1.8*want)
	got := atNoon(t, strange, total)
	require.Greater(t, got, want)
	require.Less(t, got, 1.25*want, "it counts as three at most")

	few := play(t, []actor{{name: podName(1), share: 1, from: from, to: to}, {name: podName(2), share: 0.1, from: from, to: to}})
	require.InDelta(t, atNoon(t, few, sum), atNoon(t, few, total), 1e-9)
}

// spec is what kube-state-metrics says of one container.
func spec(pod, container, metric string, v float64) history.Samples {
	s := history.Samples{Labels: map[string]string{"__name__": metric, "namespace": "shop", "pod": pod, "container": container, "resource": "cpu"}}
	for t := noon.Add(-10 * time.Minute); !t.After(noon); t = t.Add(time.Minute) {
		s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: v})
	}
	return s
}

func TestCarried(t *testing.T) {
	const info, limit, request = "kube_pod_container_info", "kube_pod_container_resource_limits", "kube_pod_container_resource_requests"
	a, b := podName(1), podName(2)
	for _, tc := range []struct {
		name   string
		series []history.Samples
		want   float64
	}{
		{"the limits of all containers", []history.Samples{
			spec(a, "app", info, 1), spec(a, "proxy", info, 1), spec(a, "app", limit, 0.5), spec(a, "proxy", limit, 0.1), spec(a, "app", request, 0.2), spec(a, "proxy", request, 0.1),
		}, 0.6},
		{"a container without a limit: the requests", []history.Samples{
			spec(a, "app", info, 1), spec(a, "proxy", info, 1), spec(a, "proxy", limit, 0.1), spec(a, "app", request, 0.2), spec(a, "proxy", request, 0.05),
		}, 0.25},
		{"a container without either: nothing", []history.Samples{spec(a, "app", info, 1), spec(a, "proxy", info, 1), spec(a, "proxy", limit, 0.1)}, 0},
		{"the pod in the middle", []history.Samples{
			spec(a, "app", info, 1), spec(a, "app", limit, 1), spec(b, "app", info, 1), spec(b, "app", limit, 1), spec(podName(3), "app", info, 1), spec(podName(3), "app", limit, 9),
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := play(t, nil, tc.series...)
			require.InDelta(t, tc.want, atNoon(t, src, Carried("Deployment", "web", CPU)), 1e-9)
		})
	}
	require.Empty(t, Carried("Deployment", "web", DiskRead))
}
