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

const predictedCapacity = "foreshadow_predicted_capacity_replicas"

// The course of the test. One replica carries perReplica, so base needs 2 and
// peak 6. Pods take pull+cold to be ready; the pool asks for them coldStartLead
// ahead.
const (
	perReplica    = 100
	base, peak    = 150, 550
	pull, cold    = 2 * time.Second, 8 * time.Second
	step          = 15 * time.Second
	coldStartLead = 45 * time.Second
	maxAge        = 2 * time.Minute // the least that a pool may have
	ramp, hold    = 5 * time.Second, 40 * time.Second
	historySpan   = 14 * 24 * time.Hour
	firstRise     = 120 * time.Second
	riseInterval  = 180 * time.Second
)

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
}

// TestPredict lets an unmodified HPA scale by the predicted capacity.
func TestPredict(t *testing.T) {
	s := newScenario(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"replicas are ready before the load rises", s.leads},
		{"replicas come down after the load has fallen", s.comesDown},
		{"with the adapter killed the reactive metric scales out and scale-in waits", s.adapterKilled},
		{"with the adapter back the replicas come down", s.adapterBack},
		{"with Prometheus down the forecast advances and never lowers", s.prometheusDown},
		{"then the metric is an error with a reason and no replica goes", s.expires},
		{"with Prometheus back the replicas come down", s.prometheusBack},
	} {
		if !t.Run(part.name, part.test) {
			t.Fatal("the next parts go on from here")
		}
	}
	require.NoError(t, s.adapter.child.Stop(adapterGrace))
}

func newScenario(t *testing.T) *scenario {
	t.Helper()
	labels := map[string]string{"namespace": "predict", "service": "web"}
	s := &scenario{day: load.Day{Ramp: ramp, Hold: hold, Base: base, Peak: peak}}
	start := shared.clock.Now()
	// On the grid, so that what the rise leads by does not depend on the second
	// at which the test began.
	rise := history.Align(start.Add(firstRise), step)
	for i := range 4 {
		s.day.Rises = append(s.day.Rises, rise.Add(time.Duration(i)*riseInterval))
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

func (s *scenario) leads(t *testing.T) {
	rise := s.day.Rises[0]
	require.NoError(t, s.atBase(rise.Add(-coldStartLead-step).Sub(s.clock.Now())), "the rig took too long to come up")
	s.await(t, rise.Sub(s.clock.Now()), "the HPA asks for the peak", func(sc scale) bool { return sc.desired >= need(peak) })
	desired := s.clock.Now()
	require.InDelta(t, base, s.load.At(desired), 0, "the load has risen already")
	s.await(t, rise.Sub(s.clock.Now()), "the peak's replicas are ready", func(sc scale) bool { return sc.ready >= need(peak) })
	// The replicas of before are short from where the load passes what they carry.
	share := float64(need(base)*perReplica-base) / (peak - base)
	short := rise.Add(time.Duration(share * float64(ramp)))
	s.report.add("hpa_lead", short.Sub(desired).Seconds(), "seconds")
	s.report.add("ready_lead", short.Sub(s.clock.Now()).Seconds(), "seconds")
	t.Logf("the replicas are ready %v before the load needs them", s.clock.Now().Sub(short).Abs().Round(100*time.Millisecond))
}

func (s *scenario) comesDown(t *testing.T) {
	rise := s.day.Rises[0]
	fall := rise.Add(ramp + hold)
	require.NoError(t, s.atBase(fall.Add(ramp+time.Minute).Sub(s.clock.Now())))
	s.report.add("scale_in_after_fall", s.clock.Since(fall.Add(ramp)).Seconds(), "seconds")
	for _, m := range s.between(rise, fall) {
		require.GreaterOrEqual(t, m.scale.ready, need(m.load), "%v after the start too few replicas were ready", m.at.Sub(s.began))
	}
}

// lift is a load that nobody foresaw, between base and peak.
const lift = 450

func (s *scenario) adapterKilled(t *testing.T) {
	require.NoError(t, s.adapter.child.Kill())
	s.load.Hold(lift)
	out := s.await(t, 30*time.Second, "the reactive metric scales out", func(sc scale) bool { return sc.desired >= need(lift) })
	s.report.add("reactive_scale_out_without_adapter", out.Seconds(), "seconds")
	s.load.Follow(s.day.At)
	s.staysFor(t, 8*time.Second, need(lift))
	s.hpaSays(t, "FailedGetExternalMetric")
}

// staysFor looks on for a while: the HPA must not ask for fewer replicas.
func (s *scenario) staysFor(t *testing.T, d time.Duration, replicas int32) {
	t.Helper()
	from := s.clock.Now()
	s.until(t, from.Add(d))
	for _, m := range s.between(from, s.clock.Now()) {
		require.GreaterOrEqual(t, m.scale.desired, replicas, "the HPA asked for fewer replicas %v after the start", m.at.Sub(s.began))
	}
}

// hpaSays waits for the reason in the HPA's condition and returns the message.
func (s *scenario) hpaSays(t *testing.T, reason string) (message string) {
	t.Helper()
	s.await(t, 20*time.Second, "the HPA says "+reason, func(sc scale) bool {
		i := slices.IndexFunc(sc.hpa.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse && c.Reason == reason
		})
		if i >= 0 {
			message = sc.hpa.Conditions[i].Message
		}
		return i >= 0
	})
	return message
}

func (s *scenario) adapterBack(t *testing.T) {
	from := s.clock.Now()
	s.adapter.start(t)
	require.NoError(t, s.atBase(60*time.Second))
	s.report.add("recovery_after_adapter_restart", s.clock.Since(from).Seconds(), "seconds")
}

func (s *scenario) prometheusDown(t *testing.T) {
	rise := s.nextRise(t)
	t.Logf("%7s  Prometheus stops, the next rise is due in %s", s.since(s.began), rise.Sub(s.clock.Now()).Round(time.Second))
	require.NoError(t, s.prometheus.Stop())
	s.load.Hold(base) // so that nothing but the forecast can ask for more
	stopped := s.clock.Now()
	s.await(t, rise.Sub(stopped), "the forecast alone scales out", func(sc scale) bool { return sc.desired >= need(peak) })
	s.report.add("hpa_lead_without_prometheus", rise.Sub(s.clock.Now()).Seconds(), "seconds")
	s.awaitCondition(t, v1alpha1.ReasonHistoryUnreachable)

	raised, fallen := s.clock.Now(), rise.Add(ramp+hold+5*time.Second)
	s.until(t, fallen)
	for _, m := range s.between(raised, fallen) {
		require.NoError(t, m.err, "the value was given up before maxAge")
		require.GreaterOrEqual(t, int32(m.value), need(peak), "the value fell %v after the start, on old data", m.at.Sub(s.began))
	}
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

func (s *scenario) expires(t *testing.T) {
	const sentence = "is withheld: the newest sample of the load is too old"
	require.NoError(t, process.Until(t.Context(), maxAge, "the metric to be refused", func(context.Context) (string, bool) {
		m, _ := s.last()
		return fmt.Sprint(m.metric(), m.err), m.err != nil && strings.Contains(m.err.Error(), sentence)
	}))
	message := s.hpaSays(t, "FailedGetExternalMetric")
	require.Contains(t, message, sentence)
	t.Logf("the HPA says: %s", message)
	s.awaitCondition(t, v1alpha1.ReasonForecastExpired)
	require.True(t, s.hasEvent(t, "FailedGetExternalMetric", sentence), "no event tells why")
	s.staysFor(t, 8*time.Second, need(peak))
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

// hasEvent looks for an event of the HPA.
func (s *scenario) hasEvent(t *testing.T, reason, text string) bool {
	t.Helper()
	var events corev1.EventList
	require.NoError(t, s.Client.List(t.Context(), &events, client.InNamespace(s.namespace)))
	return slices.ContainsFunc(events.Items, func(e corev1.Event) bool {
		return e.InvolvedObject.Kind == "HorizontalPodAutoscaler" && e.Reason == reason && strings.Contains(e.Message, text)
	})
}

func (s *scenario) prometheusBack(t *testing.T) {
	from := s.clock.Now()
	require.NoError(t, s.prometheus.Start(t.Context()))
	require.NoError(t, s.atBase(60*time.Second))
	s.report.add("recovery_after_prometheus_restart", s.clock.Since(from).Seconds(), "seconds")
}
