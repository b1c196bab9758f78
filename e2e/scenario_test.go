//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

const (
	predictedCapacity = "foreshadow_predicted_capacity_replicas"
	// failedGet is the HPA's reason, in condition and event, for a metric that it
	// did not get.
	failedGet = "FailedGetExternalMetric"
)

// The course of the test. One replica carries perReplica, so base needs 2 and
// peak 6. Pods take pull+cold to be ready; the pool asks for them coldStartLead
// ahead.
const (
	perReplica    = 100
	base, peak    = 150, 550
	pull, cold    = 2 * time.Second, 8 * time.Second
	step          = 15 * time.Second
	coldStartLead = 15 * time.Second
	maxAge        = 2 * time.Minute // the least that a pool may have
	ramp, hold    = 5 * time.Second, 40 * time.Second
	historySpan   = 14 * 24 * time.Hour
	firstRise     = 120 * time.Second
)

// laterRises follow the first one of each day: the second finds Prometheus
// down, the others are for machines that are not done with the parts before by
// then.
var laterRises = []time.Duration{135 * time.Second, 345 * time.Second, 555 * time.Second}

// outageLead is how long before a rise Prometheus is stopped: the metric must
// not know of the rise yet, and the foreseen fall must come before maxAge.
const outageLead = 40 * time.Second

const poolManifest = `
apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {name: web}
  mode: Predict
  load:
    query: sum(%[2]s{service="web"})
    capacityPerReplica: "%[3]d"
    headroomPercent: 0
  history: {window: 14d, step: %[4]s}
  prediction: {coldStartLead: %[5]s, activationLead: %[4]s, maxAge: %[6]s}
`

// The second metric is what every recipe carries: what scales out when we are
// down.
const predictiveHPA = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 20
  metrics:
  - type: External
    external:
      metric: {name: %[2]s, selector: {matchLabels: {pool: web}}}
      target: {type: AverageValue, averageValue: "1"}
  - type: Pods
    pods: {metric: {name: load_per_pod}, target: {type: AverageValue, averageValue: "%[3]d"}}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 1}]}
    scaleDown: {stabilizationWindowSeconds: 2, policies: [{type: Percent, value: 100, periodSeconds: 1}]}
`

// scenario is the one story of TestPredict: each subtest goes on where the one
// before it ended.
type scenario struct {
	*workload
	*recorder
	day        load.Day
	prometheus *prom.Server
	adapter    *adapter
	raised     time.Time // when the HPA followed the forecast without Prometheus
}

func newScenario(t *testing.T) *scenario {
	t.Helper()
	// All labels are given, job and instance too: what is scraped continues the
	// series of the blocks.
	labels := map[string]string{"namespace": "predict", "service": "web", "job": "web", "instance": "web-0"}
	s := &scenario{day: load.Day{Ramp: ramp, Hold: hold, Base: base, Peak: peak}}
	start := shared.clock.Now()
	// On the grid, so that what the rise leads by does not depend on the second
	// at which the test began.
	rise := history.Align(start.Add(firstRise), step)
	s.day.Rises = []time.Time{rise}
	for _, later := range laterRises {
		s.day.Rises = append(s.day.Rises, rise.Add(later))
	}
	shared.load.Follow(s.day.At)

	target, err := load.NewTarget(shared.load, shared.clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, target.Close()) })
	data := filepath.Join(t.TempDir(), "prometheus")
	writeHistory(t, data, s.day.At, start, historySpan, step, labels)
	s.prometheus, err = prom.New(prom.Config{DataDir: data, LogDir: shared.logs, Target: target.Addr(), Labels: labels})
	require.NoError(t, err)
	require.NoError(t, s.prometheus.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.prometheus.Stop()) })

	s.workload = shared.deploy(t, "predict", 2, pull, cold)
	s.began = start
	s.adapter = shared.newAdapter(t, s.prometheus)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(poolManifest, s.namespace, load.MetricName, perReplica, step, coldStartLead, maxAge)))
	s.adapter.start(t)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(predictiveHPA, s.namespace, predictedCapacity, perReplica)))
	s.recorder = s.record(t)
	return s
}

// need is what a load needs.
func need(l float64) int32 { return int32(math.Ceil(l / perReplica)) }

// atBase is the rest between two rises: the metric, the HPA and the pods agree.
func (s *scenario) atBase(timeout time.Duration) error {
	return process.Until(context.Background(), timeout, "replicas and metric at the base", func(context.Context) (string, bool) {
		m, ok := s.last()
		if !ok {
			return "nothing seen yet", false
		}
		state := fmt.Sprintf("metric %s (%v), %s", m.metric(), m.err, m.scale)
		return state, m.err == nil && int32(m.value) == need(base) && m.scale.desired == need(base) && m.scale.ready == need(base)
	})
}

// nextRise waits, with everything at the base, until a rise is outageLead ahead.
func (s *scenario) nextRise(t *testing.T) time.Time {
	t.Helper()
	for _, rise := range s.day.Rises[1:] {
		ahead := rise.Add(-outageLead)
		if ahead.Before(s.clock.Now()) {
			continue
		}
		s.until(t, ahead)
		require.NoError(t, s.atBase(step))
		return rise
	}
	t.Fatal("no rise is left: the parts before this one took too long")
	return time.Time{}
}

// until looks on until an instant.
func (s *scenario) until(t *testing.T, at time.Time) {
	t.Helper()
	timeout := at.Sub(s.clock.Now()) + 10*time.Second
	require.NoError(t, process.Until(t.Context(), timeout, "time to pass", func(context.Context) (string, bool) {
		m, _ := s.last()
		return m.at.String(), m.at.After(at)
	}))
}

// staysFor looks on for a while: the HPA must not ask for fewer replicas.
func (s *scenario) staysFor(t *testing.T, d time.Duration, replicas int32) {
	t.Helper()
	from := s.clock.Now()
	s.until(t, from.Add(d))
	s.noFewer(t, from, replicas)
}

// noFewer asserts that the HPA has not asked for fewer replicas since an instant.
func (s *scenario) noFewer(t *testing.T, from time.Time, replicas int32) {
	t.Helper()
	for _, m := range s.between(from, s.clock.Now()) {
		require.GreaterOrEqual(t, m.scale.desired, replicas, "the HPA asked for fewer replicas %v after the start", m.at.Sub(s.began))
	}
}

// hpaSays waits until the HPA says why it does not come down, in these words.
func (s *scenario) hpaSays(t *testing.T, text string) {
	t.Helper()
	var message string
	s.await(t, 20*time.Second, "the HPA says that it holds", func(sc scale) bool {
		i := slices.IndexFunc(sc.hpa.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse && c.Reason == failedGet
		})
		if i < 0 {
			return false
		}
		message = sc.hpa.Conditions[i].Message
		return strings.Contains(message, text)
	})
	t.Logf("the HPA says: %s", message)
}

// awaitCondition waits until the pool's status gives a reason for the state of
// its forecast.
func (s *scenario) awaitCondition(t *testing.T, reason string) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), 20*time.Second, "the pool's condition "+reason, func(ctx context.Context) (string, bool) {
		var pool v1alpha1.ShadowPool
		if err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "web"}, &pool); err != nil {
			return err.Error(), false
		}
		cond := meta.FindStatusCondition(pool.Status.Conditions, v1alpha1.ConditionForecastReady)
		if cond == nil {
			return "no condition ForecastReady", false
		}
		return fmt.Sprintf("ForecastReady=%s (%s: %s)", cond.Status, cond.Reason, cond.Message), cond.Reason == reason
	}))
}
