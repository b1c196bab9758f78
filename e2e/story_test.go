//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

// storyPool keeps as many shadows as the rise of the load asks for.
const storyPool = `  load:
    query: sum(%[1]s{service="web",namespace="%[2]s"})
    capacityPerReplica: "%[3]d"
    headroomPercent: 0
  history: {window: 14d, step: %[4]s}
  prediction: {coldStartLead: %[5]s, activationLead: %[4]s, maxAge: %[6]s}
`

// storyRise is how long after the begin of the story the load rises.
const storyRise = 75 * time.Second

// bothRoles plays the whole: the metrics role foresees a rise, an unmodified HPA
// follows it, the shadows role puts shadows in the place of cold pods. Then both
// are gone for good, and the HPA scales out by its second metric.
func bothRoles(t *testing.T) {
	const namespace = "story"
	rise := history.Align(shared.clock.Now().Add(storyRise), step)
	prometheus := shared.foresee(t, namespace, rise)
	// The metrics role takes its time for the first look: it begins before the
	// shadows do.
	a := shared.newAdapter(t, prometheus)
	s := opening{namespace: namespace, replicas: 2, shadows: 4, load: fmt.Sprintf(
		storyPool, load.MetricName, namespace, perReplica, step, coldStartLead, maxAge)}.open(t)
	a.start(t)
	recorded := shared.record(t, "story", map[string]int{"foreshadow-adapter": a.web, "foreshadow-shadows": s.web})
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(predictiveHPA, namespace, predictedCapacity, perReplica)))
	shadows := s.shadows(t)
	s.await(t, 30*time.Second, "the HPA to follow our metric at the base", func(sc scale) bool {
		return len(sc.hpa.CurrentMetrics) == 2 && sc.desired == need(base) && len(sc.hpa.Conditions) > 0
	})
	require.Greater(t, rise.Sub(shared.clock.Now()), coldStartLead, "the rig took too long to come up")
	s.await(t, rise.Sub(shared.clock.Now()), "the HPA asks for the peak", func(sc scale) bool { return sc.desired >= need(peak) })
	require.NoError(t, process.Until(t.Context(), 5*time.Second, "the shadows to serve", func(context.Context) (string, bool) {
		n := len(s.rec.servedAt(shadows))
		return fmt.Sprintf("%d serve", n), n == int(need(peak)-need(base))
	}))
	require.InDelta(t, base, shared.load.At(shared.clock.Now()), 0, "the load has risen already")
	shared.report.Add("story_ready_lead", rise.Sub(shared.clock.Now()).Seconds(), "seconds")
	s.awaitSettled(t, int(need(peak)))
	s.rec.judge(t)

	s.rec = shared.recordHistory(t, namespace)
	live := s.live(t)
	if s.goesOn(t) {
		recorded()
		return // what follows is another story
	}
	require.NoError(t, a.child.Kill())
	s.kill(t)
	const surge = 950
	shared.load.Hold(surge)
	s.await(t, 30*time.Second, "the second metric scales out", func(sc scale) bool { return sc.desired >= need(surge) })
	s.awaitSettled(t, int(need(surge)))
	require.Empty(t, s.rec.deletedOf(live), "live pods are gone")
	s.rec.finish(t) // that the HPA lacks our metric is a fact here, and no fault
}

// goesOn lets a story that is recorded go on, if it is: the load falls as foreseen, and rises again with fewer shadows than it needs.
func (s *shop) goesOn(t *testing.T) bool {
	t.Helper()
	if os.Getenv(recordEnv) == "" {
		return false
	}
	pass := func(d time.Duration, what string) {
		until := shared.clock.Now().Add(d)
		require.NoError(t, process.Until(t.Context(), 2*d, what, func(context.Context) (string, bool) {
			return "", shared.clock.Now().After(until)
		}))
	}
	pass(storyRise+ramp+hold, "the load to fall")
	shared.load.Hold(2 * peak)
	pass(storyRise, "a surge that nobody foresaw")
	return true
}

// foresee starts a Prometheus that has known for two weeks when the load rises.
func (r *rig) foresee(t *testing.T, namespace string, rise time.Time) *prom.Server {
	t.Helper()
	labels := map[string]string{"namespace": namespace, "service": "web", "job": "web", "instance": "web-0"}
	day := load.Day{Ramp: ramp, Hold: hold, Base: base, Peak: peak, Rises: []time.Time{rise}}
	for _, later := range laterRises { // a day with one short rise is level to a model
		day.Rises = append(day.Rises, rise.Add(later))
	}
	r.load.Follow(day.At)
	t.Cleanup(func() { r.load.Hold(0) })
	target, err := load.NewTarget(r.load, r.clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, target.Close()) })
	data := filepath.Join(t.TempDir(), "prometheus")
	writeHistory(t, data, day.At, r.clock.Now(), historySpan, step, labels)
	p, err := prom.New(prom.Config{DataDir: data, LogDir: r.logs, Target: target.Addr(), Labels: labels})
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p
}
