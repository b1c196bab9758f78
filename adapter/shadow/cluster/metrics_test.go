package cluster

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMetricsPage holds the whole page of a pool that has handed two shadows
// over and has one that warms up.
func TestMetricsPage(t *testing.T) {
	s := newShop(5, 3, 2)
	s.live = append(s.live, shadowtest.Shadow(s.pool, s.rs, "slow", v1alpha1.ShadowWarming, shadowtest.Ready(now.Add(-5*time.Second))))
	st := newStand(t, s)
	st.look(t)
	st.clock.SetTime(now.Add(time.Second))
	st.look(t)

	problems, err := testutil.GatherAndLint(st.reg)
	require.NoError(t, err)
	require.Empty(t, problems)
	families, err := st.reg.Gather()
	require.NoError(t, err)
	var page bytes.Buffer
	for _, f := range families {
		_, err := expfmt.MetricFamilyToText(&page, f)
		require.NoError(t, err)
	}
	golden := filepath.Join("testdata", "golden", "metrics.txt")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, page.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("%s (-want +got), go test ./adapter/shadow/cluster -update writes it:\n%s", golden, diff)
	}
}

// What shadows cost is what they request for as long as they wait; what they
// waited for nothing is wasted.
func TestExporterAddsUp(t *testing.T) {
	s := newShop(3, 3, 2)
	st := newStand(t, s)
	e := st.exporter
	w := &observe.World{Pool: s.pool, Deployment: s.dep, Pods: s.warm, Now: now}
	w.ReplicaSets = append(w.ReplicaSets, s.rs)
	see := func(pods ...*corev1.Pod) {
		w.Pods = pods
		in := observe.Observe(*w)
		e.update(w, &in)
	}
	see(s.warm...)
	st.clock.SetTime(now.Add(10 * time.Second))
	served := shadowtest.Activated(s.pool, s.rs, "warma", now)
	see(served, s.warm[1])
	st.clock.SetTime(now.Add(20 * time.Second))
	see(served)
	a := e.pools[s.pool.Key()]
	require.InDelta(t, 2*0.5*10+0.5*10, a.coreSeconds, 1e-9)
	require.InDelta(t, 256<<20*30.0, a.byteSeconds, 1e-3)
	require.InDelta(t, now.Add(20*time.Second).Sub(shadowtest.Start()).Seconds(), a.wasted, 1e-9, "the one that ended without having served")
}
