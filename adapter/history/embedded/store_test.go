package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

var origin = time.Date(2021, time.March, 1, 0, 0, 0, 0, time.UTC)

func minutely(metric string, n int) history.Samples {
	s := history.Samples{Labels: map[string]string{"__name__": metric}}
	for i := range n {
		s.Points = append(s.Points, history.Point{TimeMillis: origin.Add(time.Duration(i) * time.Minute).UnixMilli(), Value: float64(i)})
	}
	return s
}

func blockDirs(t *testing.T, dir string) int {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	require.NoError(t, err)
	return len(metas)
}

// points counts the samples of a query over n minutes.
func points(t *testing.T, s *embedded.Store, expr string, n int) []history.Point {
	t.Helper()
	res, err := s.QueryRange(t.Context(), expr, history.Range{Start: origin, End: origin.Add(time.Duration(n-1) * time.Minute), Step: time.Minute})
	require.NoError(t, err)
	if len(res.Series) == 0 {
		return nil
	}
	return res.Series[0].Points
}

func TestOldSamplesWorkAsNewOnes(t *testing.T) {
	const days = 16
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, minutely("load", days*1440)))
	require.LessOrEqual(t, blockDirs(t, dir), days*24/18+2)

	s := open(t, embedded.Config{Dir: dir})
	got := points(t, s, "load", days*1440)
	require.Len(t, got, days*1440)
	require.InDelta(t, days*1440-1, got[len(got)-1].Value, 0)

	// It goes on where the blocks end, and past a compaction of the head.
	end := days*1440 + 10*60
	for i := days * 1440; i < end; i++ {
		require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "load"}, origin.Add(time.Duration(i)*time.Minute), float64(i)))
	}
	require.Len(t, points(t, s, "load", end), end)
}

func TestStoreReopens(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		s, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
		require.NoError(t, err)
		require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "load"}, origin.Add(time.Duration(i)*time.Minute), 1))
		require.NoError(t, s.Close())
	}
	require.Len(t, points(t, open(t, embedded.Config{Dir: dir}), "load", 3), 3)
}

func TestRetentionIsByTheNewestSample(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, minutely("load", 10*1440)))
	s := open(t, embedded.Config{Dir: dir, Retention: 3 * 24 * time.Hour})
	got := points(t, s, "load", 10*1440)
	require.Less(t, len(got), 5*1440)
	require.Greater(t, len(got), 3*1440)
}

func TestWriteBlocksSorts(t *testing.T) {
	dir := t.TempDir()
	in := minutely("load", 200)
	in.Points[10], in.Points[150] = in.Points[150], in.Points[10]
	in.Points = append(in.Points, history.Point{TimeMillis: in.Points[0].TimeMillis, Value: 7})
	require.NoError(t, embedded.WriteBlocks(dir, in, history.Samples{Labels: map[string]string{"__name__": "empty"}}))
	got := points(t, open(t, embedded.Config{Dir: dir}), "load", 200)
	require.Len(t, got, 200)
	require.InDelta(t, 7, got[0].Value, 0)
	require.InDelta(t, 10, got[10].Value, 0)
	require.Equal(t, 2, blockDirs(t, dir))
	require.NoError(t, embedded.WriteBlocks(t.TempDir()))
}

func TestAppendRefusesDisorder(t *testing.T) {
	s := open(t, embedded.Config{Dir: t.TempDir()})
	load := map[string]string{"__name__": "load"}
	require.NoError(t, s.Append(t.Context(), load, origin.Add(time.Minute), 1))
	err := s.Append(t.Context(), load, origin, 1)
	require.ErrorContains(t, err, `series {__name__="load"} at 2021-03-01T00:00:00Z: out of order sample`)
	require.NoError(t, s.Append(t.Context(), load, origin.Add(2*time.Minute), math.NaN()))
}

func TestStoreLimits(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, minutely("load", 600)))
	s := open(t, embedded.Config{Dir: dir, MaxSamples: 100, Limits: history.Limits{MaxPoints: 1000}})
	r := history.Range{Start: origin, End: origin.Add(9 * time.Hour), Step: time.Minute}
	_, err := s.QueryRange(t.Context(), "load", r)
	require.ErrorIs(t, err, history.ErrTooLarge)
	require.EqualError(t, err, "query the embedded store in "+dir+": too large: query processing would load too many samples into memory in query execution: write a cheaper query or a shorter history.window")
	_, err = s.QueryRange(t.Context(), "sum(", r)
	require.EqualError(t, err, "query the embedded store in "+dir+": bad query: 1:5: parse error: unclosed left parenthesis: check the expression")
	r.End = origin.Add(1000 * time.Minute)
	_, err = s.QueryRange(t.Context(), "load", r)
	require.EqualError(t, err, "too large: 1001 steps of 1m0s, at most 1000: write a shorter history.window or a longer history.step")
}

func TestStoreWaitForASlot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, embedded.Config{Dir: dir})
	synctest.Test(t, func(t *testing.T) {
		release, err := s.HoldSlots(t.Context())
		require.NoError(t, err)
		defer release()
		_, err = s.QueryRange(t.Context(), "load", history.Range{Start: origin, End: origin, Step: time.Minute})
		require.ErrorIs(t, err, history.ErrUnavailable)
		require.EqualError(t, err, "query the embedded store in "+dir+": unavailable: waited 30s for one of 8 query slots: raise --prometheus.max-concurrency or look for slow queries of other pools")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = s.QueryRange(ctx, "load", history.Range{Start: origin, End: origin, Step: time.Minute})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	held := filepath.Join(dir, "held")
	open(t, embedded.Config{Dir: held, Registerer: prometheus.NewRegistry()})
	for _, c := range []struct {
		name string
		cfg  embedded.Config
		want string
	}{
		{"no directory", embedded.Config{}, "--storage.path: is empty: write a directory for the samples"},
		{"a short retention", embedded.Config{Dir: dir, Retention: time.Minute}, "retention 1m0s: write at least 2h0m0s"},
		{"a file", embedded.Config{Dir: file}, "open data directory " + file + ": a file is in its place: write another directory with --storage.path"},
		{"a directory in use", embedded.Config{Dir: held}, "open data directory " + held + ": another process holds its lock: stop that process or write another directory with --storage.path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := embedded.Open(c.cfg, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
			require.EqualError(t, err, c.want)
		})
	}
}

// childEnv makes a second process of this test binary out of TestChild.
const childEnv = "FORESHADOW_TEST_CHILD"

// TestChild opens the directory that it is told, as another process; told
// nothing it has nothing to do.
func TestChild(t *testing.T) {
	dir, unprivileged := strings.CutPrefix(os.Getenv(childEnv), "nobody:")
	if dir == "" {
		return
	}
	if unprivileged {
		require.NoError(t, syscall.Setuid(65534))
	}
	s, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	if err != nil {
		fmt.Printf("child: %v\n", err)
		return
	}
	fmt.Println("child: open")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the parent is done
	require.NoError(t, s.Close())
}

// startChild runs TestChild and returns its first words; stop ends it.
func startChild(t *testing.T, task string) (said string, stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+task)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	for said == "" && lines.Scan() {
		said, _ = strings.CutPrefix(lines.Text(), "child: ")
		if said == lines.Text() {
			said = ""
		}
	}
	return said, func() {
		require.NoError(t, stdin.Close())
		for lines.Scan() {
		}
		require.NoError(t, cmd.Wait())
	}
}

func TestAnotherProcessHoldsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	said, stop := startChild(t, dir)
	require.Equal(t, "open", said)
	_, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	stop()
	require.ErrorIs(t, err, embedded.ErrLocked)
	require.EqualError(t, err, "open data directory "+dir+": another process holds its lock: stop that process or write another directory with --storage.path")
	require.Empty(t, points(t, open(t, embedded.Config{Dir: dir}), "load", 1))
}

func TestNoWritePermission(t *testing.T) {
	dir := t.TempDir()
	task := dir
	if os.Geteuid() == 0 {
		task = "nobody:" + dir // the rules are not for root
	}
	require.NoError(t, os.Chmod(dir, 0o555))
	said, stop := startChild(t, task)
	stop()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.Equal(t, "open data directory "+dir+": no write permission: let this user write there or write another directory with --storage.path", said)
}
