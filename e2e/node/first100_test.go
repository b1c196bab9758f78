//go:build e2e && linux

package node

import (
	"fmt"
	"math/rand/v2"
	"strings"
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
	spec      string
	replicas  int
	shadows   int
	latencies []time.Duration
}

// How long the first hundred requests take after a pod has joined: one that comes
// from nothing, a shadow that is only Ready, one that was warmed up, and, for
// comparison, one that has served all the time. The arms take turns.
func TestFirst100OfTheShop(t *testing.T) {
	shared.startStock(t)
	measure(t, shopKind(), "first100")
}

func measure(t *testing.T, k kind, prefix string) {
	t.Helper()
	repetitions, oldRequests := size()
	arms := []*arm{
		{name: "old"},
		{name: "cold"},
		{name: "unwarmed", spec: "  warmUp: {minReady: 1s}"},
		{name: "warmed", spec: "  warmUp: {appPort: 8080, requestsFrom: web-requests, timeout: 10m}"},
	}
	var namespaces []string
	for _, a := range arms {
		namespaces = append(namespaces, k.name+"-"+a.name)
	}
	shared.startController(t, namespaces...)
	for i, a := range arms {
		a.workload, a.replicas = shared.deploy(t, k, namespaces[i], 1, tableCPU), 1
		t.Cleanup(func() { a.remove(t) })
	}
	for _, a := range arms {
		a.prepare(t, repetitions+1)
	}
	old := arms[0]
	address := old.owned(t, "ReplicaSet")[0].Status.PodIP
	old.first(t, address, oldRequests, rand.New(rand.NewPCG(1, 1)))
	for i := range repetitions {
		for _, a := range arms {
			to := address
			if a != old {
				to = a.join(t)
			}
			a.latencies = append(a.latencies, a.first(t, to, firstRequests, rand.New(rand.NewPCG(1, uint64(i))))...)
			a.awaitReady(t, a.replicas) // also until the pods that came for nothing are gone
		}
	}
	tabulate(t, arms, prefix)
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
	row("first 100 requests of\tp50 ms\tp90 ms\tp99 ms\tworst ms\tp99 to an old pod's\trequests\t")
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	base := quantile(0.99, arms[0].latencies)
	for _, a := range arms {
		p99 := quantile(0.99, a.latencies)
		ratio := float64(p99) / float64(base)
		row(fmt.Sprintf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%d\t", a.name, ms(quantile(0.5, a.latencies)), ms(quantile(0.9, a.latencies)),
			ms(p99), ms(quantile(1, a.latencies)), ratio, len(a.latencies)))
		if testing.Short() {
			continue // too few to be quoted as what the names say
		}
		shared.report.Add(prefix+"_p50_"+a.name, ms(quantile(0.5, a.latencies)), "milliseconds")
		shared.report.Add(prefix+"_p99_"+a.name, ms(p99), "milliseconds")
		if a != arms[0] {
			shared.report.Add(prefix+"_p99_ratio_"+a.name, ratio, "ratio")
		}
	}
	require.NoError(t, w.Flush())
	t.Logf("%s\n%s", arms[0].kind.name, b.String())
}
