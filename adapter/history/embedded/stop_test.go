package embedded_test

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// A store that is closed amid a compaction does it anew at the next start: that is no error.
func TestTheEndIsNoFailedCompaction(t *testing.T) {
	var logs bytes.Buffer
	reg := prometheus.NewRegistry()
	s, err := embedded.Open(embedded.Config{Dir: t.TempDir(), Registerer: reg}, log.NewLogfmtLogger(log.NewSyncWriter(&logs)), history.NewMetrics(nil), clock.RealClock{})
	require.NoError(t, err)
	var many []history.Samples
	for i := range 2000 {
		one := history.Samples{Labels: map[string]string{"__name__": "load", "i": strconv.Itoa(i)}}
		for m := range 600 {
			one.Points = append(one.Points, history.Point{TimeMillis: origin.Add(time.Duration(m) * time.Minute).UnixMilli(), Value: float64(m)})
		}
		many = append(many, one)
	}
	require.NoError(t, s.AppendAll(t.Context(), many))
	require.Eventually(t, func() bool {
		families, err := reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "prometheus_tsdb_compactions_triggered_total" {
				return f.GetMetric()[0].GetCounter().GetValue() > 0
			}
		}
		return false
	}, time.Minute, time.Millisecond)
	require.NoError(t, s.Close())
	require.NotContains(t, logs.String(), "compaction failed")
	require.NotRegexp(t, "level=(error|warn)", logs.String())
}
