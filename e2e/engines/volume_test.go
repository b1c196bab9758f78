//go:build e2e && ecosystem && linux

package engines

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// minutes answers every query with a value for each minute.
type minutes struct{}

func (minutes) QueryRange(_ context.Context, _ string, r history.Range) (history.Result, error) {
	var points []history.Point
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: float64(t.Unix() % 977)})
	}
	return history.Result{Series: []history.Samples{{Points: points}}}, nil
}

// fill leaves no byte of the volume free.
func fill(t *testing.T, dir string) (name string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	require.NoError(t, err)
	for _, size := range []int{1 << 16, 1 << 12, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		err = nil
	}
	require.NoError(t, f.Close())
	return f.Name()
}

// A volume of which nothing is left (tmpfs, so root alone can run this): the
// store opens, answers from what it has, says that it cannot write, and writes
// again when there is room.
func TestAFullVolume(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"), "only root can mount a volume to fill")
	// Detached: a store whose end failed may still hold a file.
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	var logs bytes.Buffer
	reopen := func() *embedded.Keep {
		k, err := embedded.OpenKeep(embedded.KeepConfig{Dir: dir}, log.NewLogfmtLogger(&logs), nil, clock.RealClock{})
		require.NoError(t, err)
		return k
	}
	ask := func(k *embedded.Keep, end time.Time, span time.Duration) int {
		res, err := k.Over(minutes{}, "a").QueryRange(t.Context(), "load", history.Range{Start: end.Add(-span), End: end, Step: time.Minute})
		require.NoError(t, err)
		return len(res.Series[0].Points)
	}
	k := reopen()
	require.Equal(t, 10*1440+1, ask(k, origin, 240*time.Hour))
	require.NoError(t, k.Close())

	ballast := fill(t, dir)
	k = reopen()
	now := origin.Add(240 * time.Hour)
	require.Equal(t, 10*1440+1, ask(k, now, 240*time.Hour), "the answer of the source suffers")
	t.Logf("a full volume: %s", logs.String())
	require.Contains(t, logs.String(), "no space left on device")
	require.NoError(t, os.Remove(ballast))
	_ = k.Close() // what could not be written is lost
	k = reopen()
	require.Equal(t, 20*1440+1, ask(k, now, 480*time.Hour))
	require.NoError(t, k.Close())
}
