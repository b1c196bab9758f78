package simulate

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The wanted values follow calcPlainMetricReplicas in
// pkg/controller/podautoscaler/replica_calculator.go of Kubernetes 1.37.2, step
// by step on the arguments; several cases have a twin in its test file.
func TestPodsMetricFollowsThePlainMetricCalculation(t *testing.T) {
	even := DefaultTolerance()
	for _, c := range []struct {
		name      string
		total     float64
		target    float64
		scale     Scale
		tolerance Tolerance
		want      int
	}{
		{"usage above target scales up", 60, 15, Scale{SpecReplicas: 3, Sampled: 3}, even, 4},
		{"usage below target scales down", 50, 20, Scale{SpecReplicas: 5, Sampled: 5}, even, 3},
		{"ten percent above is tolerated", 33, 10, Scale{SpecReplicas: 3, Sampled: 3}, even, 3},
		{"a little more than ten percent above is not", 33.1, 10, Scale{SpecReplicas: 3, Sampled: 3}, even, 4},
		{"ten percent below is tolerated", 90, 10, Scale{SpecReplicas: 10, Sampled: 10}, even, 10},
		{"a little more than ten percent below is not", 89.9, 10, Scale{SpecReplicas: 10, Sampled: 10}, even, 9},
		{"without tolerance one thousandth per pod acts", 30.003, 10, Scale{SpecReplicas: 3, Sampled: 3}, Tolerance{}, 4},
		{"tolerance up does not hold a scale-down", 96, 10, Scale{SpecReplicas: 12, Sampled: 12}, Tolerance{ScaleUp: 0.5, ScaleDown: 0.1}, 10},
		{"tolerance down does not hold a scale-up", 130, 10, Scale{SpecReplicas: 10, Sampled: 10}, Tolerance{ScaleUp: 0.1, ScaleDown: 0.5}, 13},
		{"inside tolerance the asked replicas stand, not the sampled", 30, 10, Scale{SpecReplicas: 7, Sampled: 3}, even, 7},
		// ratio 2, with the pending pod idle 60/40 = 1.5 over 4 pods.
		{"a pending pod counts as idle in a scale-up", 60, 10, Scale{SpecReplicas: 4, Sampled: 3, Pending: 1}, even, 6},
		// ratio 1.2, damped 1.2*5/6 = 1.0: tolerated.
		{"a pending pod can cancel a scale-up", 60, 10, Scale{SpecReplicas: 6, Sampled: 5, Pending: 1}, even, 6},
		// ratio 1.2, damped 0.6 would turn the direction.
		{"pending pods never turn a scale-up into a scale-down", 60, 10, Scale{SpecReplicas: 10, Sampled: 5, Pending: 5}, even, 10},
		{"pending pods are ignored in a scale-down", 40, 10, Scale{SpecReplicas: 10, Sampled: 8, Pending: 2}, even, 4},
		{"a missing pod counts as idle in a scale-up", 60, 10, Scale{SpecReplicas: 4, Sampled: 3, Missing: 1}, even, 6},
		// ratio 0.5, damped (40+20)/10/10 = 0.6.
		{"a missing pod counts as on target in a scale-down", 40, 10, Scale{SpecReplicas: 10, Sampled: 8, Missing: 2}, even, 6},
		// ratio 0.8, damped (16+80)/10/10 = 0.96: tolerated.
		{"missing pods can cancel a scale-down", 16, 10, Scale{SpecReplicas: 10, Sampled: 2, Missing: 8}, even, 10},
		// ratio 2, damped 60/5/10 = 1.2 over 5 pods = 6, but 8 are asked for.
		{"a scale-up never proposes less than asked for", 60, 10, Scale{SpecReplicas: 8, Sampled: 3, Missing: 2}, even, 8},
		// 10 pods at 0.5 and 2 missing on target: 7, but 5 are asked for.
		{"a scale-down never proposes more than asked for", 50, 10, Scale{SpecReplicas: 5, Sampled: 10, Missing: 2}, even, 5},
		{"on target missing pods change nothing", 30, 10, Scale{SpecReplicas: 5, Sampled: 3, Missing: 2}, even, 5},
		{"no usage scales to none", 0, 10, Scale{SpecReplicas: 3, Sampled: 3}, even, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Metric{Name: "load", Type: MetricPods, AverageValue: c.target, Read: constant(c.total)}
			got, err := m.replicas(t0, c.scale, c.tolerance)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// The wanted values follow GetExternalPerPodMetricReplicas in the same file.
func TestExternalMetricFollowsThePerPodCalculation(t *testing.T) {
	even := DefaultTolerance()
	for _, c := range []struct {
		name          string
		usage, target float64
		scale         Scale
		tolerance     Tolerance
		want          int
	}{
		{"usage is divided by the target and rounded up", 8.6, 2, Scale{SpecReplicas: 3, StatusReplicas: 3}, even, 5},
		{"the binary fraction of a decimal adds no replica", 0.7 * 3, 0.7, Scale{SpecReplicas: 2, StatusReplicas: 2}, Tolerance{}, 3},
		{"inside tolerance the existing replicas stand", 11, 1, Scale{SpecReplicas: 8, StatusReplicas: 10}, even, 10},
		{"without tolerance one more replica is followed", 11, 1, Scale{SpecReplicas: 10, StatusReplicas: 10}, Tolerance{}, 11},
		{"ten percent less is tolerated", 9, 1, Scale{SpecReplicas: 10, StatusReplicas: 10}, even, 10},
		{"more than ten percent less is not", 8, 1, Scale{SpecReplicas: 10, StatusReplicas: 10}, even, 8},
		{"pods that are not ready do not matter", 20, 1, Scale{SpecReplicas: 10, StatusReplicas: 10, Sampled: 2, Pending: 8}, even, 20},
		{"no replicas is no division by zero", 3, 1, Scale{}, even, 3},
		{"a huge value is bounded", 1e18, 1, Scale{SpecReplicas: 1, StatusReplicas: 1}, even, math.MaxInt32},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Metric{Name: "load", Type: MetricExternal, AverageValue: c.target, Read: constant(c.usage)}
			got, err := m.replicas(t0, c.scale, c.tolerance)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMetricThatCannotBeReadIsInvalid(t *testing.T) {
	for _, c := range []struct {
		name  string
		read  func(time.Time) (float64, error)
		scale Scale
		want  string
	}{
		{"error", failing, Scale{Sampled: 1, StatusReplicas: 1}, "read metric load: gone"},
		{"not a number", constant(math.NaN()), Scale{Sampled: 1}, "read metric load: value NaN is no usage"},
		{"infinite", constant(math.Inf(1)), Scale{Sampled: 1}, "read metric load: value +Inf is no usage"},
		{"negative", constant(-1), Scale{Sampled: 1}, "read metric load: value -1 is no usage"},
		{"no pod has a sample", constant(1), Scale{Pending: 3}, "no pod has a sample (all may be starting)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Metric{Name: "load", Type: MetricPods, AverageValue: 1, Read: c.read}
			_, err := m.replicas(t0, c.scale, DefaultTolerance())
			require.EqualError(t, err, c.want)
		})
	}
}

var t0 = time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)

func constant(v float64) func(time.Time) (float64, error) {
	return func(time.Time) (float64, error) { return v, nil }
}

var errGone = errors.New("gone")

func failing(time.Time) (float64, error) { return 0, errGone }
