//go:build e2e && linux

package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	firstRequests = 100
	tableCPU      = "20m"
)

// size is how often each arm is measured, which makes 1,000 latencies an arm,
// and how many requests make a pod an old one. go test -short only tries it.
func size() (repetitions, oldRequests int) {
	if testing.Short() {
		return 2, 200
	}
	return 10, 5000
}

// arm is one way for a pod to join, and what its first requests took.
type arm struct {
	name string
	*workload
	// spec is more of the pool's; empty where there is no pool.
	spec     string
	replicas int
	shadows  int
	// beside are those of an old pod at the same time: what joining costs the
	// machine, it costs both.
	latencies, beside []time.Duration
}

// How long the first hundred requests take after a pod has joined: one that comes
// from nothing, a shadow that is only Ready, and one that was warmed up. Each time
// one that has served before gets as many beside it. The arms take turns.
func TestFirst100OfTheShop(t *testing.T) {
	shared.startStock(t)
	measure(t, shopKind(), "first100")
}

func measure(t *testing.T, k kind, prefix string) {
	t.Helper()
	repetitions, oldRequests := size()
	old := &arm{name: "old"}
	arms := []*arm{
		{name: "cold"},
		{name: "unwarmed", spec: "  warmUp: {minReady: 1s}"},
		{name: "warmed", spec: "  warmUp: {appPort: 8080, requestsFrom: web-requests, timeout: 10m}"},
	}
	all := append([]*arm{old}, arms...)
	var namespaces []string
	for _, a := range all {
		namespaces = append(namespaces, k.name+"-"+a.name)
	}
	shared.startController(t, namespaces...)
	for i, a := range all {
		a.workload, a.replicas = shared.deploy(t, k, namespaces[i], 1, tableCPU), 1
		t.Cleanup(func() { a.remove(t) })
	}
	for _, a := range all {
		a.prepare(t, repetitions+1)
	}
	address := old.owned(t, "ReplicaSet")[0].Status.PodIP
	_, err := old.first(t.Context(), address, oldRequests, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	for i := range repetitions {
		for _, a := range arms {
			a.take(t, a.join(t), address, uint64(i))
			a.awaitReady(t, a.replicas) // also until the pods that came for nothing are gone
		}
	}
	tabulate(t, arms, prefix)
}

// take sends the first requests to a pod that has joined, and the same to an old
// one.
func (a *arm) take(t *testing.T, joined, old string, seed uint64) {
	t.Helper()
	var beside []time.Duration
	var err error
	var both sync.WaitGroup
	both.Go(func() { beside, err = a.first(t.Context(), old, firstRequests, rand.New(rand.NewPCG(1, seed))) })
	latencies, joinedErr := a.first(t.Context(), joined, firstRequests, rand.New(rand.NewPCG(1, seed)))
	both.Wait()
	require.NoError(t, errors.Join(err, joinedErr))
	a.latencies, a.beside = append(a.latencies, latencies...), append(a.beside, beside...)
}

// prepare keeps a shadow for each repetition and one more: a pool that keeps none
// may end what it has.
func (a *arm) prepare(t *testing.T, shadows int) {
	t.Helper()
	a.awaitReady(t, 1)
	if a.spec == "" {
		return
	}
	a.shadows = shadows
	a.keepShadows(t, a.shadows, a.spec)
	began := a.clock.Now()
	a.awaitWarm(t, a.shadows)
	t.Logf("%s: %d shadows after %v", a.namespace, a.shadows, a.clock.Since(began).Round(time.Second))
	if strings.Contains(a.spec, "appPort") {
		for _, p := range a.owned(t, v1alpha1.Kind) {
			got := a.progress(t, p)
			require.True(t, got.Done, "%s: %+v", p.Name, got)
			t.Logf("%s: warm after %d requests, by %s", p.Name, got.Requests, got.Reference)
		}
	}
}

// join raises the workload by one pod and returns the address of the one that
// joins: a shadow where there is a pool.
func (a *arm) join(t *testing.T) string {
	t.Helper()
	waiting := map[string]bool{}
	if a.shadows > 0 {
		a.awaitWarm(t, a.shadows)
		for _, p := range a.owned(t, v1alpha1.Kind) {
			waiting[p.Status.PodIP] = true
		}
		// What goes live is not made anew: nothing else is to start meanwhile.
		a.shadows--
		a.keepShadows(t, a.shadows, a.spec)
	}
	before, err := a.endpoints(t.Context())
	require.NoError(t, err)
	a.replicas++
	a.scaleTo(t, a.replicas)
	joined := a.awaitJoined(t, before)
	require.Equal(t, len(waiting) > 0, waiting[joined], "%s: what joined is not what is measured", a.namespace)
	return joined
}

// tabulate prints the arms side by side and reports each beside the old pod.
func tabulate(t *testing.T, arms []*arm, prefix string) {
	t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) { _, _ = fmt.Fprintln(w, cells...) } // to memory
	row("first 100 requests of\tp50 ms\tp90 ms\tp99 ms\tworst ms\told pod's p50\tp90\tp99\tworst\tp99 to the old pod's\trequests\t")
	ms := func(p float64, of []time.Duration) float64 { return float64(quantile(p, of).Microseconds()) / 1000 }
	for _, a := range arms {
		ratio := ms(0.99, a.latencies) / ms(0.99, a.beside)
		var cells strings.Builder
		for _, of := range [][]time.Duration{a.latencies, a.beside} {
			for _, p := range []float64{0.5, 0.9, 0.99, 1} {
				fmt.Fprintf(&cells, "%.1f\t", ms(p, of))
			}
		}
		row(fmt.Sprintf("%s\t%s%.2f\t%d\t", a.name, cells.String(), ratio, len(a.latencies)))
		if testing.Short() {
			continue // too few to be quoted as what the names say
		}
		shared.report.Add(prefix+"_p50_"+a.name, ms(0.5, a.latencies), "milliseconds")
		shared.report.Add(prefix+"_p99_"+a.name, ms(0.99, a.latencies), "milliseconds")
		shared.report.Add(prefix+"_p99_old_beside_"+a.name, ms(0.99, a.beside), "milliseconds")
		shared.report.Add(prefix+"_p99_ratio_"+a.name, ratio, "ratio")
	}
	require.NoError(t, w.Flush())
	t.Logf("%s, an old pod beside each\n%s", arms[0].kind.name, b.String())
}
