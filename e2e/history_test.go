//go:build e2e

package e2e

import (
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
)

// writeHistory writes a load's past as blocks: what Prometheus would have
// scraped, a little noisy, up to now.
func writeHistory(t *testing.T, dir string, l load.Load, now time.Time, span, step time.Duration, labels map[string]string) {
	t.Helper()
	const noise = 0.003 // of the load, as a standard deviation
	random := rand.New(rand.NewPCG(1, 2))
	series := history.Samples{Labels: maps.Clone(labels)}
	series.Labels["__name__"] = load.MetricName
	for at := history.Align(now.Add(-span), step); !at.After(now); at = at.Add(step) {
		series.Points = append(series.Points, history.Point{
			TimeMillis: at.UnixMilli(), Value: l(at) * (1 + noise*random.NormFloat64()),
		})
	}
	require.NoError(t, embedded.WriteBlocks(dir, series))
}
