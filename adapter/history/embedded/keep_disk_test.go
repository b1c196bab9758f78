package embedded

import (
	"context"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// noisy answers with a load that repeats each day, and noise.
type noisy struct{ *rand.Rand }

func (n noisy) QueryRange(_ context.Context, _ string, r history.Range) (history.Result, error) {
	var points []history.Point
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		day := math.Sin(2 * math.Pi * float64(t.Unix()%86400) / 86400)
		points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: 1500 + 700*day + 50*n.NormFloat64()})
	}
	return history.Result{Series: []history.Samples{{Points: points}}}, nil
}

// Eight weeks of a load take what is said in docs/scale.md.
func TestDiskOfKeptLoads(t *testing.T) {
	const pools, days = 50, 56
	dir := t.TempDir()
	k, err := OpenKeep(KeepConfig{Dir: dir}, log.NewNopLogger(), nil, clock.RealClock{})
	require.NoError(t, err)
	src := noisy{rand.New(rand.NewPCG(1, 2))}
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for day := range days {
		end := start.Add(time.Duration(day+1) * 24 * time.Hour)
		for pool := range pools {
			_, err := k.Over(src, string(rune('A'+pool))).QueryRange(t.Context(), "load", history.Range{Start: end.Add(-25 * time.Hour), End: end, Step: 5 * time.Minute})
			require.NoError(t, err)
		}
		require.NoError(t, k.store.db.Compact(t.Context()))
	}
	blocks, whole := 0.0, 0.0
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		whole += float64(info.Size())
		if part, _ := filepath.Rel(dir, path); len(part) > 26 { // a block's name has 26 characters
			blocks += float64(info.Size())
		}
		return nil
	}))
	require.NoError(t, k.Close())
	perWeek := whole / pools / (days / 7)
	t.Logf("%d pools, %d days: %.0f bytes a pool and week, with the log of the last days; %.0f in blocks", pools, days, perWeek, blocks/pools/(days/7))
	require.Less(t, perWeek, 40e3)
}
