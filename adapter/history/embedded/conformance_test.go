package embedded_test

import (
	"testing"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/historytest"
)

// A store that could not be opened leaves the writer of its log behind: tsdb.Open stops it only where it succeeds.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/prometheus/prometheus/tsdb/wlog.(*WL).run"))
}

func open(t *testing.T, cfg embedded.Config) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(cfg, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestConformance(t *testing.T) {
	historytest.Run(t, "embedded from blocks", func(t *testing.T, stored []history.Samples) history.Source {
		dir := t.TempDir()
		require.NoError(t, embedded.WriteBlocks(dir, stored...))
		return open(t, embedded.Config{Dir: dir})
	})
	historytest.Run(t, "embedded from appends", func(t *testing.T, stored []history.Samples) history.Source {
		s := open(t, embedded.Config{Dir: t.TempDir()})
		require.NoError(t, s.AppendAll(t.Context(), stored))
		return s
	})
}
