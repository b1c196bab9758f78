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

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// raises are how many replicas a raise adds, and how often it is repeated.
var raises = []struct{ pods, times int }{{1, 20}, {3, 20}, {10, 20}, {30, 5}}

// spare is how many warm shadows there are before the first raise: those of one
// repetition are made anew while the ones before it go live.
const spare = 40

// TestHandOver measures how long it takes from a raise to warm pods that serve,
// and what it costs in writes.
func TestHandOver(t *testing.T) {
	s := openShop(t, "handover", 4, spare, "")
	var m handOvers
	replicas := 4
	for _, r := range raises {
		for range r.times {
			s.awaitWarm(t, r.pods)
			m.raise(t, s, replicas, r.pods)
			replicas += r.pods
			s.awaitSettled(t, replicas)
		}
		m.report(r.pods)
		replicas = s.lower(t, 4)
	}
	m.reportWrites(t)
	cold := s.coldStart(t)
	shared.report.add("cold_start_ms_median", cold, "milliseconds")
	checked := s.rec.judge(t)
	require.NotZero(t, checked.Activations)
	shared.report.add("activations_checked", float64(checked.Activations), "pods")
}

// handOvers collects what was seen of raises.
type handOvers struct {
	took         []time.Duration // of the raises since the last report, to the last endpoint
	pods         int             // that were handed over, over all
	before       int             // writes of ours from a raise to its last endpoint, over all
	serial       int             // the most writes that one pod needed one after another
	liveDeleted  int
	cold, raises int
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
	m.cold += max(0, k-len(served))
	last := at
	for _, when := range served {
		if when.After(last) {
			last = when
		}
	}
	m.took = append(m.took, last.Sub(at))
	m.pods += len(served)
	m.count(lifecycleWrites(shared.auditedSince(t, at), s.namespace), served, last)
	m.liveDeleted += len(s.rec.deletedOf(live))
}

// count counts the writes of one raise that ended before its last endpoint.
func (m *handOvers) count(writes []audited, served map[string]time.Time, last time.Time) {
	perPod := map[string]int{}
	for _, w := range writes {
		if w.Time.After(last) {
			continue
		}
		m.before++
		if _, ok := served[w.Name]; ok && w.Kind == "Pod" {
			perPod[w.Name]++
		}
	}
	for _, n := range perPod {
		m.serial = max(m.serial, n)
	}
}

// report adds the times of the raises by k and begins anew.
func (m *handOvers) report(k int) {
	slices.Sort(m.took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	shared.report.add(fmt.Sprintf("activation_endpoint_ready_ms_k%d_median", k), ms(m.took[len(m.took)/2]), "milliseconds")
	shared.report.add(fmt.Sprintf("activation_endpoint_ready_ms_k%d_max", k), ms(m.took[len(m.took)-1]), "milliseconds")
	m.took = nil
}

// reportWrites adds what the raises cost.
func (m *handOvers) reportWrites(t *testing.T) {
	t.Helper()
	require.NotZero(t, m.pods)
	shared.report.add("activation_live_pods_deleted", float64(m.liveDeleted), "pods")
	shared.report.add("activation_serial_writes", float64(m.serial), "writes")
	shared.report.add("activation_writes_per_pod", float64(m.before)/float64(m.pods), "writes")
	require.Zero(t, m.liveDeleted, "pods that served before were deleted")
	require.Equal(t, 1, m.serial, "a pod needed more than one write to go live")
}

// lower takes replicas away and waits until they are gone.
func (s *shop) lower(t *testing.T, replicas int) int {
	t.Helper()
	s.scaleTo(t, replicas)
	s.awaitSettled(t, replicas)
	return replicas
}

// coldStarts is how often the cold start is measured.
const coldStarts = 3

// coldStart returns the median of what a pod of the same workload takes from the
// raise until it serves, without shadows and with a cold start of ten seconds.
func (s *shop) coldStart(t *testing.T) float64 {
	t.Helper()
	const namespace = "coldstart"
	w := shared.deploy(t, namespace, 1, 0, 10*time.Second)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopService, namespace)))
	rec := shared.recordHistory(t, namespace)
	defer rec.finish(t)
	cold := &shop{workload: w, controller: s.controller, rec: rec}
	w.await(t, time.Minute, "the first pod", func(sc scale) bool { return sc.ready == 1 })
	var took []float64
	for i := range coldStarts {
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
