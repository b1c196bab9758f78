package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// direct is an external metric whose value is the wanted replicas.
func direct(read func(time.Time) (float64, error)) Metric {
	return Metric{Name: "wanted", Type: MetricExternal, AverageValue: 1, Read: read}
}

func exact(minReplicas, maxReplicas int) HPAConfig {
	c := DefaultHPA(minReplicas, maxReplicas)
	c.Tolerance = Tolerance{}
	return c
}

// course syncs every period with the given wishes and returns the replicas.
func course(t *testing.T, cfg HPAConfig, start int, wishes ...float64) []int {
	t.Helper()
	wish := 0.0
	h, err := NewHPA(cfg, direct(func(time.Time) (float64, error) { return wish, nil }))
	require.NoError(t, err)
	n, out := start, []int(nil)
	for i, w := range wishes {
		wish = w
		n, err = h.Sync(t0.Add(time.Duration(i)*SyncPeriod), Scale{SpecReplicas: n, StatusReplicas: n, Sampled: n})
		require.NoError(t, err)
		out = append(out, n)
	}
	return out
}

// The wanted values follow normalizeDesiredReplicasWithBehaviors in
// pkg/controller/podautoscaler/horizontal.go of Kubernetes 1.37.2 with the
// default rules of pkg/apis/autoscaling/v2/defaults.go.
func TestHPALimitsHowFastItScales(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    HPAConfig
		start  int
		wishes []float64
		want   []int
	}{
		{"a few replicas grow by four at a time", exact(1, 100), 1, []float64{50, 50, 50}, []int{5, 10, 20}},
		{"many replicas double at a time", exact(1, 1000), 30, []float64{500, 500, 500, 500, 500}, []int{60, 120, 240, 480, 500}},
		{"a raise stops at the maximum", exact(1, 7), 5, []float64{50}, []int{7}},
		{"a fall stops at the minimum", func() HPAConfig { c := exact(3, 9); c.ScaleDownWindow = 0; return c }(), 5, []float64{0}, []int{3}},
		{"without a window a fall is followed at once", func() HPAConfig { c := exact(1, 99); c.ScaleDownWindow = 0; return c }(), 90, []float64{2}, []int{2}},
		{"more than the maximum is corrected whatever the metric says", exact(1, 5), 9, []float64{9}, []int{5}},
		{"less than the minimum is corrected whatever the metric says", exact(4, 5), 1, []float64{1}, []int{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, course(t, c.cfg, c.start, c.wishes...))
		})
	}
}

func TestHPAStabilisesAScaleDown(t *testing.T) {
	wishes := make([]float64, 22)
	for i := range wishes {
		wishes[i] = 2
	}
	wishes[0] = 8
	wishes[3] = 6
	got := course(t, exact(1, 100), 4, wishes...)
	for i, n := range got {
		switch {
		// The 8 of the first sync counts while it is younger than 300 s.
		case i < 20:
			require.Equal(t, 8, n, "sync %d", i)
		// Then the 6 of the fourth sync is the highest.
		default:
			require.Equal(t, 6, n, "sync %d", i)
		}
	}
}

func TestHPAKeepsItsFirstReplicasForOneWindow(t *testing.T) {
	got := course(t, exact(1, 100), 10, make([]float64, 21)...)
	require.Equal(t, 10, got[19])
	require.Equal(t, 1, got[20])
}

// The wanted values follow computeReplicasForMetrics in the same file.
func TestHPAWithInvalidMetrics(t *testing.T) {
	for _, c := range []struct {
		name    string
		metrics []Metric
		want    int
		err     string
	}{
		{"the highest proposal wins", []Metric{direct(constant(12)), direct(constant(15))}, 15, ""},
		{"one invalid, the other scales up", []Metric{direct(failing), direct(constant(15))}, 15, "compute replicas: 1 of 2 metrics invalid: read metric wanted: gone"},
		{"one invalid, the other asks for the same", []Metric{direct(constant(10)), direct(failing)}, 10, "compute replicas: 1 of 2 metrics invalid: read metric wanted: gone"},
		{"one invalid holds a scale-down", []Metric{direct(failing), direct(constant(3))}, 10, "compute replicas: 1 of 2 metrics invalid: read metric wanted: gone"},
		{"all invalid hold", []Metric{direct(failing)}, 10, "compute replicas: 1 of 1 metrics invalid: read metric wanted: gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := exact(1, 100)
			cfg.ScaleDownWindow = 0
			h, err := NewHPA(cfg, c.metrics...)
			require.NoError(t, err)
			got, err := h.Sync(t0, Scale{SpecReplicas: 10, StatusReplicas: 10, Sampled: 10})
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
		})
	}
}

func TestHPARefusesABadConfiguration(t *testing.T) {
	good := direct(constant(1))
	for _, c := range []struct {
		name    string
		cfg     HPAConfig
		metrics []Metric
		want    string
	}{
		{"no minimum", DefaultHPA(0, 5), []Metric{good}, "configure HPA: minimum of 0 replicas: write 1 or more"},
		{"maximum below minimum", DefaultHPA(3, 2), []Metric{good}, "configure HPA: maximum of 2 replicas: write a number from 3 to 2147483647"},
		{"negative tolerance", HPAConfig{MinReplicas: 1, MaxReplicas: 2, Tolerance: Tolerance{ScaleUp: -1}}, []Metric{good}, "configure HPA: tolerance of -1 up, 0 down: write ratios of at least 0, such as 0.1"},
		{"negative window", HPAConfig{MinReplicas: 1, MaxReplicas: 2, ScaleDownWindow: -time.Second}, []Metric{good}, "configure HPA: scale-down window of -1s: write a duration of at least 0s"},
		{"no metric", DefaultHPA(1, 2), nil, "configure HPA: no metric given: write at least one"},
		{"unknown type", DefaultHPA(1, 2), []Metric{{Name: "m", Type: "Object"}}, `configure HPA: type "Object" of metric "m": write "Pods" or "External"`},
		{"no target", DefaultHPA(1, 2), []Metric{{Name: "m", Type: MetricPods}}, `configure HPA: average value 0 of metric "m": write a number of at least 0.001`},
		{"nothing to read", DefaultHPA(1, 2), []Metric{{Name: "m", Type: MetricPods, AverageValue: 1}}, `configure HPA: read function of metric "m" is missing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewHPA(c.cfg, c.metrics...)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestHPAStaysWithinBoundsAndRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.IntRange(1, 20).Draw(t, "min")
		hi := rapid.IntRange(lo, 200).Draw(t, "max")
		cfg := DefaultHPA(lo, hi)
		cfg.Tolerance.ScaleUp = rapid.Float64Range(0, 0.5).Draw(t, "tolerance up")
		cfg.Tolerance.ScaleDown = rapid.Float64Range(0, 0.5).Draw(t, "tolerance down")
		cfg.ScaleDownWindow = time.Duration(rapid.IntRange(0, 600).Draw(t, "window")) * time.Second
		wish := 0.0
		h, err := NewHPA(cfg,
			Metric{Name: "pods", Type: MetricPods, AverageValue: 1, Read: func(time.Time) (float64, error) { return wish, nil }},
			direct(func(time.Time) (float64, error) {
				if int(wish)%7 == 3 {
					return 0, errGone
				}
				return wish / 2, nil
			}))
		require.NoError(t, err)
		n := rapid.IntRange(lo, hi).Draw(t, "start")
		for i := range 60 {
			wish = rapid.Float64Range(0, 300).Draw(t, "wish")
			ready := rapid.IntRange(0, n).Draw(t, "ready")
			pending := rapid.IntRange(0, n-ready).Draw(t, "pending")
			got, _ := h.Sync(t0.Add(time.Duration(i)*SyncPeriod), Scale{
				SpecReplicas: n, StatusReplicas: n, Sampled: ready, Pending: pending, Missing: n - ready - pending,
			})
			if got < lo || got > hi {
				t.Fatalf("%d replicas, bounds are %d to %d", got, lo, hi)
			}
			if got > max(2*n, n+4) {
				t.Fatalf("from %d to %d replicas within one period", n, got)
			}
			n = got
		}
	})
}
