//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// raises are how many replicas a raise adds, and how often it is repeated.
var raises = []struct{ pods, times int }{{1, 20}, {3, 20}, {10, 20}, {30, 5}}

// spare is how many warm shadows there are before the first raise: those of one
// repetition are made anew while the ones before it go live.
const spare = 60

// coldStart is what the pods take to turn ready once they run, shadows too.
const coldStart = 10 * time.Second

// TestHandOver measures how long it takes from a raise to warm pods that serve,
// and what it costs in writes.
func TestHandOver(t *testing.T) {
	s := opening{namespace: "handover", replicas: 4, shadows: spare, cold: coldStart}.open(t)
	m := handOvers{}
	m.measure(t, s)
	m.reportWrites(t)
	m.reportLaterWrites(t, s, "")
	cold := s.coldStarts(t)
	shared.report.Add("cold_start_ms_median", cold, "milliseconds")
	checked := s.rec.judge(t)
	require.NotZero(t, checked.Activations)
	shared.report.Add("activations_checked", float64(checked.Activations), "pods")
}

// TestHandOverBatched measures it with endpoints that are gathered for 100 ms, as
// large clusters do to spare their proxies.
func TestHandOverBatched(t *testing.T) {
	require.NoError(t, shared.RestartControllerManager(t.Context(), "--endpointslice-updates-batch-period=100ms"))
	t.Cleanup(func() { require.NoError(t, shared.RestartControllerManager(context.Background())) })
	s := opening{namespace: "batched", replicas: 4, shadows: spare, cold: coldStart}.open(t)
	m := handOvers{suffix: "_batch_100ms"}
	m.measure(t, s)
	require.Zero(t, m.liveDeleted, "pods that served before were deleted")
	s.rec.judge(t)
}

// measure raises a workload again and again; a quarter as often with -short.
func (m *handOvers) measure(t *testing.T, s *shop) {
	t.Helper()
	replicas := 4
	for _, r := range raises {
		times := r.times
		if testing.Short() {
			times = (times + 3) / 4
		}
		for range times {
			s.awaitWarm(t, r.pods)
			m.raise(t, s, replicas, r.pods)
			replicas += r.pods
			s.awaitSettled(t, replicas)
		}
		m.report(t, r.pods)
		replicas = s.lower(t, 4)
	}
}

// handOvers collects what was seen of raises.
type handOvers struct {
	suffix      string   // of the names of what is measured
	took        []passed // of the raises since the last report
	pods        int      // that were handed over, over all
	before      int      // writes of ours from a raise to its last endpoint, over all
	serial      int      // the most writes that one pod needed one after another
	liveDeleted int
	raises      int
	went        map[string]time.Time // the pods that were handed over, and when their raise was over
}

// raise asks for k more replicas and waits until as many more pods serve.
func (m *handOvers) raise(t *testing.T, s *shop, replicas, k int) {
	t.Helper()
	live := s.live(t)
	shadows := s.shadows(t)
	at := s.scaleTo(t, replicas+k)
	var served map[string]time.Time
	require.NoError(t, process.Until(t.Context(), 30*time.Second, fmt.Sprintf("%d shadows to serve", k), func(context.Context) (string, bool) {
		served = s.rec.servedAt(shadows)
		return fmt.Sprintf("%d serve", len(served)), len(served) >= k
	}))
	m.raises++
	last := at
	for _, when := range served {
		if when.After(last) {
			last = when
		}
	}
	if m.went == nil {
		m.went = map[string]time.Time{}
	}
	for pod := range served {
		m.went[pod] = last
	}
	m.pods += len(served)
	took := m.count(lifecycleWrites(shared.auditedSince(t, at), s.namespace), served, last)
	took.raised, took.served = s.rec.raisedSince(at), last
	m.took = append(m.took, took.since(at))
	m.liveDeleted += len(s.rec.deletedOf(live))
}

// count counts the writes of one raise that ended before its last endpoint, and
// returns when those of the pods began and ended.
func (m *handOvers) count(writes []audited, served map[string]time.Time, last time.Time) milestones {
	var when milestones
	perPod := map[string]int{}
	for _, w := range writes {
		if w.Time.After(last) {
			continue
		}
		m.before++
		if _, ok := served[w.Name]; ok && w.Kind == "Pod" {
			perPod[w.Name]++
			if when.asked.IsZero() || w.Time.Before(when.asked) {
				when.asked = w.Time
			}
			if w.ended.After(when.written) {
				when.written = w.ended
			}
		}
	}
	for _, n := range perPod {
		m.serial = max(m.serial, n)
	}
	return when
}

// milestones are the instants of one raise: the ReplicaSet was seen to ask for
// more, the first write of ours reached the API server, the last one was
// answered, the last pod was an endpoint.
type milestones struct{ raised, asked, written, served time.Time }

// since returns the milestones as times from the raise of the Deployment.
func (m milestones) since(at time.Time) passed {
	return passed{m.raised.Sub(at), m.asked.Sub(at), m.written.Sub(at), m.served.Sub(at)}
}

type passed struct{ raised, asked, written, served time.Duration }

// report adds the times of the raises by k and begins anew.
func (m *handOvers) report(t *testing.T, k int) {
	t.Helper()
	for _, part := range []struct {
		name string
		of   func(passed) time.Duration
	}{
		{"replicaset_raised", func(p passed) time.Duration { return p.raised }},
		{"first_write", func(p passed) time.Duration { return p.asked }},
		{"last_write", func(p passed) time.Duration { return p.written }},
		{"endpoint_ready", func(p passed) time.Duration { return p.served }},
	} {
		var ms []float64
		for _, p := range m.took {
			ms = append(ms, float64(part.of(p).Microseconds())/1000)
		}
		slices.Sort(ms)
		median, most := ms[len(ms)/2], ms[len(ms)-1]
		shared.report.Add(fmt.Sprintf("activation_%s_ms_k%d%s_median", part.name, k, m.suffix), median, "milliseconds")
		shared.report.Add(fmt.Sprintf("activation_%s_ms_k%d%s_max", part.name, k, m.suffix), most, "milliseconds")
		t.Logf("k=%-3d %-18s median %7.1f ms, most %7.1f ms, all %.0f", k, part.name, median, most, ms)
	}
	m.took = nil
}

// reportWrites adds what the raises cost.
func (m *handOvers) reportWrites(t *testing.T) {
	t.Helper()
	require.NotZero(t, m.pods)
	shared.report.Add("activation_live_pods_deleted", float64(m.liveDeleted), "pods")
	shared.report.Add("activation_serial_writes", float64(m.serial), "writes")
	shared.report.Add("activation_writes_per_pod", float64(m.before)/float64(m.pods), "writes")
	require.Zero(t, m.liveDeleted, "pods that served before were deleted")
	require.Equal(t, 1, m.serial, "a pod needed more than one write to go live")
}

// reportLaterWrites adds what came after the last endpoint, once all pods are
// settled: writes of the pods that went live, and of the pool's status, which
// tells of the refill too.
func (m *handOvers) reportLaterWrites(t *testing.T, s *shop, suffix string) {
	t.Helper()
	s.noPods(t, "all pods to be settled", func(p corev1.Pod) bool {
		return p.Annotations[corev1.PodDeletionCost] != "" && ownerKind(p) == "ReplicaSet"
	})
	onPods, onPool := 0, 0
	for _, w := range lifecycleWrites(shared.auditedSince(t, s.rec.began), s.namespace) {
		at, went := m.went[w.Name]
		switch {
		case w.Kind == "Pod" && went && w.Time.After(at):
			onPods++
		case w.Kind == v1alpha1.Kind && w.Changed:
			onPool++
		}
	}
	shared.report.Add("activation_writes_later_per_pod"+suffix, float64(onPods)/float64(m.pods), "writes")
	shared.report.Add("activation_pool_writes_per_raise"+suffix, float64(onPool)/float64(m.raises), "writes")
	require.LessOrEqual(t, onPods, m.pods, "a pod that went live was written more than once later")
}

// lower takes replicas away and waits until they are gone.
func (s *shop) lower(t *testing.T, replicas int) int {
	t.Helper()
	s.scaleTo(t, replicas)
	s.awaitSettled(t, replicas)
	return replicas
}

// coldStartTimes is how often the cold start is measured.
const coldStartTimes = 3

// coldStarts returns the median of what a pod of the same workload takes from the
// raise until it serves, without shadows and with a cold start of ten seconds.
func (s *shop) coldStarts(t *testing.T) float64 {
	t.Helper()
	const namespace = "coldstart"
	w := shared.deploy(t, namespace, 1, 0, coldStart)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopService, namespace)))
	rec := shared.recordHistory(t, namespace)
	defer rec.finish(t)
	cold := &shop{workload: w, controller: s.controller, rec: rec}
	w.await(t, time.Minute, "the first pod", func(sc scale) bool { return sc.ready == 1 })
	var took []float64
	for i := range coldStartTimes {
		before := cold.live(t)
		at := cold.scaleTo(t, i+2)
		require.NoError(t, process.Until(t.Context(), time.Minute, "a cold pod to serve", func(context.Context) (string, bool) {
			fresh := slices.DeleteFunc(cold.live(t), func(p corev1.Pod) bool {
				return slices.ContainsFunc(before, func(o corev1.Pod) bool { return o.UID == p.UID })
			})
			for _, when := range rec.servedAt(fresh) {
				took = append(took, float64(when.Sub(at).Milliseconds()))
				return "", true
			}
			return fmt.Sprintf("%d do not serve", len(fresh)), false
		}))
	}
	slices.Sort(took)
	return took[len(took)/2]
}
