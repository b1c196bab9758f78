package model_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

var (
	burstSize = flag.Int("burst", 100, "how many shadows TestBurst activates at once")
	restPools = flag.Int("rest", 100, "how many pools TestAtRest has")
)

func burst(t *testing.T, n, changed int32, latency time.Duration) rig.BurstResult {
	t.Helper()
	var out rig.BurstResult
	synctest.Test(t, func(t *testing.T) {
		var err error
		out, err = rig.Burst(synctest.Wait, rand.New(rand.NewPCG(1, 1)), n, changed, latency)
		require.NoError(t, err)
	})
	return out
}

// A burst takes the time of one write, however many pods it activates.
func TestBurst(t *testing.T) {
	n := *burstSize
	var took []time.Duration
	latencies := []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond}
	for _, l := range latencies {
		r := burst(t, int32(n), 0, l)
		require.Empty(t, r.Violations)
		require.Equal(t, n, r.Activated)
		require.Zero(t, r.DoubleBindings)
		require.LessOrEqual(t, r.WritesPerPod(), 1.05)
		t.Logf("latency %s: %s, %.3f writes per pod, %d conflicts", l, r.Took, r.WritesPerPod(), r.Conflicts)
		took = append(took, r.Took)
	}
	slope := float64(took[2]-took[0]) / float64(latencies[2]-latencies[0])
	require.InDelta(t, 1, slope, 0.25, "serial writes")
}

// Under constant load nothing is written.
func TestAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := rig.AtRest(synctest.Wait, rand.New(rand.NewPCG(1, 1)), *restPools, time.Hour)
		require.NoError(t, err)
		require.Zero(t, r.Writes, "%v", r.Kinds)
		t.Logf("%d pools were looked at %d times", r.Pools, r.Looks)
	})
}
