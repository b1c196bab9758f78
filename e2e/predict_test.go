//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

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
	s.report.Add("hpa_lead", short.Sub(desired).Seconds(), "seconds")
	s.report.Add("ready_lead", short.Sub(s.clock.Now()).Seconds(), "seconds")
	t.Logf("the replicas are ready %v before the load needs them", s.clock.Now().Sub(short).Abs().Round(100*time.Millisecond))
}

func (s *scenario) comesDown(t *testing.T) {
	rise := s.day.Rises[0]
	fall := rise.Add(ramp + hold)
	require.NoError(t, s.atBase(fall.Add(ramp+time.Minute).Sub(s.clock.Now())))
	s.report.Add("scale_in_after_fall", s.clock.Since(fall.Add(ramp)).Seconds(), "seconds")
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
	s.report.Add("reactive_scale_out_without_adapter", out.Seconds(), "seconds")
	s.load.Follow(s.day.At)
	s.staysFor(t, 8*time.Second, need(lift))
	s.hpaSays(t, "unable to get external metric")
}

func (s *scenario) adapterBack(t *testing.T) {
	from := s.clock.Now()
	s.adapter.start(t)
	require.NoError(t, s.atBase(60*time.Second))
	s.report.Add("recovery_after_adapter_restart", s.clock.Since(from).Seconds(), "seconds")
}

func (s *scenario) prometheusDown(t *testing.T) {
	rise := s.nextRise(t)
	t.Logf("%7s  Prometheus stops, the next rise is due in %s", s.since(s.began), rise.Sub(s.clock.Now()).Round(time.Second))
	require.NoError(t, s.prometheus.Stop())
	s.load.Hold(base) // so that nothing but the forecast can ask for more
	stopped := s.clock.Now()
	s.await(t, rise.Sub(stopped), "the forecast alone scales out", func(sc scale) bool { return sc.desired >= need(peak) })
	s.report.Add("hpa_lead_without_prometheus", rise.Sub(s.clock.Now()).Seconds(), "seconds")
	s.awaitCondition(t, v1alpha1.ReasonHistoryUnreachable)

	s.raised = s.clock.Now()
	fallen := rise.Add(ramp + hold + 5*time.Second)
	s.until(t, fallen)
	for _, m := range s.between(s.raised, fallen) {
		require.NoError(t, m.err, "the value was given up before maxAge")
		require.GreaterOrEqual(t, int32(m.value), need(peak), "the value fell %v after the start, on old data", m.at.Sub(s.began))
	}
}

func (s *scenario) expires(t *testing.T) {
	const sentence = "is withheld: the newest sample of the load is too old"
	require.NoError(t, process.Until(t.Context(), maxAge, "the metric to be refused", func(context.Context) (string, bool) {
		m, _ := s.last()
		return fmt.Sprint(m.metric(), m.err), m.err != nil && strings.Contains(m.err.Error(), sentence)
	}))
	s.hpaSays(t, sentence)
	s.awaitCondition(t, v1alpha1.ReasonForecastExpired)
	s.staysFor(t, 8*time.Second, need(peak))
	s.noFewer(t, s.raised, need(peak))
}

func (s *scenario) prometheusBack(t *testing.T) {
	from := s.clock.Now()
	require.NoError(t, s.prometheus.Start(t.Context()))
	require.NoError(t, s.atBase(60*time.Second))
	s.report.Add("recovery_after_prometheus_restart", s.clock.Since(from).Seconds(), "seconds")
}
