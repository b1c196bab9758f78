package model_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

var (
	burstSize = flag.Int("burst", 100, "how many shadows TestBurst activates at once")
	restPools = flag.Int("rest", 1000, "how many pools TestAtRest has")
	measured  = flag.String("measured", "", "the file that gets what TestBurst and TestAtRest measure, a line each; empty: none")
)

// measure leaves one figure for make bench.
func measure(t *testing.T, name string, value float64, unit string) {
	t.Helper()
	t.Logf("%s: %g %s", name, value, unit)
	if *measured == "" {
		return
	}
	f, err := os.OpenFile(*measured, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, json.NewEncoder(f).Encode(map[string]any{"name": name, "value": value, "unit": unit}))
	require.NoError(t, f.Close())
}

// burst lets a raise happen in a bubble of its own, and judges what must hold of
// any.
func burst(t *testing.T, n, changed int, latency time.Duration) rig.BurstResult {
	t.Helper()
	var out rig.BurstResult
	synctest.Test(t, func(t *testing.T) {
		var err error
		out, err = rig.Burst(synctest.Wait, rand.New(rand.NewPCG(1, 1)), int32(n), int32(changed), latency)
		require.NoError(t, err)
	})
	require.Empty(t, out.Violations)
	require.Equal(t, n, out.Activated)
	require.Zero(t, out.DoubleBindings)
	require.Equal(t, changed, out.Conflicts)
	return out
}

// A burst takes the time of one write, however many pods it activates.
func TestBurst(t *testing.T) {
	n := *burstSize
	name := func(what string) string { return fmt.Sprintf("burst_%d_%s", n, what) }
	latencies := []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond}
	took := make([]time.Duration, len(latencies))
	for i, l := range latencies {
		took[i] = burst(t, n, 0, l).Took
		measure(t, name(fmt.Sprintf("virtual_ms_%dms", l.Milliseconds())), took[i].Seconds()*1e3, "ms")
	}
	serial := slope(latencies, took)
	measure(t, name("serial_writes"), serial, "writes")
	require.InDelta(t, 1, serial, 0.01)
}

// A shadow that changes under the write costs one write more.
func TestBurstWithConflicts(t *testing.T) {
	n := *burstSize
	r := burst(t, n, n/50, 5*time.Millisecond)
	measure(t, fmt.Sprintf("burst_%d_conflicts", n), float64(r.Conflicts), "writes")
	measure(t, fmt.Sprintf("burst_%d_writes_per_pod", n), r.WritesPerPod(), "writes/pod")
	measure(t, fmt.Sprintf("burst_%d_double_bindings", n), float64(r.DoubleBindings), "pods")
	require.LessOrEqual(t, r.WritesPerPod(), 1.05)
}

// slope is that of the line of least squares of y over x.
func slope(x, y []time.Duration) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx, my = mx+x[i].Seconds()/float64(len(x)), my+y[i].Seconds()/float64(len(x))
	}
	for i := range x {
		dx := x[i].Seconds() - mx
		xy, xx = xy+dx*(y[i].Seconds()-my), xx+dx*dx
	}
	return xy / xx
}

// Under constant load nothing is written.
func TestAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := rig.AtRest(synctest.Wait, rand.New(rand.NewPCG(1, 1)), *restPools, time.Hour)
		require.NoError(t, err)
		measure(t, fmt.Sprintf("at_rest_%d_pools_writes_per_hour", r.Pools), float64(r.Writes), "writes")
		measure(t, fmt.Sprintf("at_rest_%d_pools_looks_per_hour", r.Pools), float64(r.Looks), "looks")
		require.Zero(t, r.Writes, "%v", r.Kinds)
	})
}
