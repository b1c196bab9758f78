package pools

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	testclock "k8s.io/utils/clock/testing"

	"github.com/foreshadow-dev/foreshadow/adapter/filewatch"
)

// fileRig runs a File on a clock of the test's.
type fileRig struct {
	path    string
	handler *recorder
	clock   *testclock.FakeClock
	reg     *prometheus.Registry
	logs    *safeBuffer
	file    *File
	stepped time.Duration
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newFileRig(t *testing.T, path string) *fileRig {
	t.Helper()
	r := &fileRig{
		path: path, handler: &recorder{}, reg: prometheus.NewPedanticRegistry(), logs: &safeBuffer{},
		clock: testclock.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
	}
	file, err := NewFile(FileOptions{Path: path, Logger: log.NewLogfmtLogger(r.logs), Registerer: r.reg, Clock: r.clock})
	require.NoError(t, err)
	r.file = file
	return r
}

// run starts the watcher and stops it with the test.
func (r *fileRig) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.file.Run(ctx, r.handler) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case <-r.file.Synced():
	case err := <-done:
		done <- nil
		t.Fatalf("Run ended: %v", err)
	}
}

// settles lets the quiet after each change pass until a claim holds. Time stands
// still unless an event has begun such a quiet, and in all it stays below the
// minute after which the file is read without any event.
func (r *fileRig) settles(t *testing.T, claim func() bool) {
	t.Helper()
	poll(t, r.logs.String, func() bool {
		if r.settling() {
			r.stepped += filewatch.Settle
			require.Less(t, r.stepped, filewatch.LookEvery)
			r.clock.Step(filewatch.Settle)
		}
		return claim()
	})
}

// settling says that the watcher waits for the quiet, beside its ticker.
func (r *fileRig) settling() bool { return r.clock.Waiters() == 2 }

// refusals counts what the log says of them, which comes last of a refusal.
func (r *fileRig) refusals() int {
	return strings.Count(r.logs.String(), `level=error component=pools msg="pools file refused, its last good version stays in use" err="`)
}

// write replaces a file at once: a reload that an earlier step of the clock has
// begun must not find it emptied.
func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func TestFileHandsOverAndFollowsChanges(t *testing.T) {
	r := newFileRig(t, filepath.Join(t.TempDir(), "pools.yaml"))
	write(t, r.path, poolText("web", "web")+"---\n"+poolText("api", "api"))
	r.run(t)
	require.Equal(t, []string{"set shop/web", "set shop/api"}, r.handler.takeEvents())

	// web leaves, its workload gets another pool, api stays as it is.
	write(t, r.path, poolText("api", "api")+"---\n"+poolText("web2", "web"))
	r.settles(t, func() bool { return r.handler.get("shop", "web2") != nil })
	require.Equal(t, []string{"delete shop/web", "set shop/web2"}, r.handler.takeEvents())
}

func TestFileKeepsTheLastGoodVersion(t *testing.T) {
	r := newFileRig(t, filepath.Join(t.TempDir(), "pools.yaml"))
	write(t, r.path, poolText("web", "web"))
	r.run(t)
	r.handler.takeEvents()
	require.NoError(t, testutil.GatherAndCompare(r.reg, strings.NewReader(`
# HELP foreshadow_pools_reload_success Whether the pools file as it is now is in use (1) or was refused (0).
# TYPE foreshadow_pools_reload_success gauge
foreshadow_pools_reload_success 1
# HELP foreshadow_pools_reload_success_timestamp_seconds When the pools file was last read with success.
# TYPE foreshadow_pools_reload_success_timestamp_seconds gauge
foreshadow_pools_reload_success_timestamp_seconds 1.7723664e+09
`)))
	problems, err := testutil.GatherAndLint(r.reg)
	require.NoError(t, err)
	require.Empty(t, problems)

	for name, bad := range map[string]string{"a bad field": strings.Replace(poolText("web", "web"), "query", "qery", 1), "an emptied file": ""} {
		before := r.refusals()
		write(t, r.path, bad)
		r.settles(t, func() bool { return r.refusals() == before+1 })
		require.Zero(t, testutil.ToFloat64(r.file.metrics.success), name)
		require.Empty(t, r.handler.takeEvents(), name)
		write(t, r.path, poolText("web", "web"))
		r.settles(t, func() bool { return testutil.ToFloat64(r.file.metrics.success) == 1 })
		require.Empty(t, r.handler.takeEvents(), name)
	}

	require.NoError(t, os.Remove(r.path))
	r.settles(t, func() bool { return strings.Contains(r.logs.String(), "read pools file: open ") })
	require.Zero(t, testutil.ToFloat64(r.file.metrics.success))
	require.Empty(t, r.handler.takeEvents())
	write(t, r.path, poolText("web", "web")+"---\n"+poolText("api", "api"))
	r.settles(t, func() bool { return r.handler.get("shop", "api") != nil })
}

// TestFileSaysOnceThatItIsGone changes another file beside it.
func TestFileSaysOnceThatItIsGone(t *testing.T) {
	dir := t.TempDir()
	r := newFileRig(t, filepath.Join(dir, "pools.yaml"))
	write(t, r.path, poolText("web", "web"))
	r.run(t)
	require.NoError(t, os.Remove(r.path))
	r.settles(t, func() bool { return r.refusals() == 1 })
	for range 3 {
		write(t, filepath.Join(dir, "log"), "x")
		poll(t, r.logs.String, r.settling)
		r.settles(t, func() bool { return !r.settling() })
	}
	require.Equal(t, 1, r.refusals())

	write(t, r.path, "kind: Pod")
	r.settles(t, func() bool { return r.refusals() == 2 })
	require.NoError(t, os.Remove(r.path))
	r.settles(t, func() bool { return r.refusals() == 3 })
	write(t, r.path, poolText("web", "web"))
	r.settles(t, func() bool { return strings.Count(r.logs.String(), "pools file read") == 2 })
	require.NoError(t, os.Remove(r.path))
	r.settles(t, func() bool { return r.refusals() == 4 })
}

// TestFileFollowsAConfigMap swaps links as the kubelet does.
func TestFileFollowsAConfigMap(t *testing.T) {
	dir := t.TempDir()
	version := func(name, text string) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "pools.yaml"), text)
		require.NoError(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	version("..v1", poolText("web", "web"))
	require.NoError(t, os.Symlink("..data/pools.yaml", filepath.Join(dir, "pools.yaml")))
	r := newFileRig(t, filepath.Join(dir, "pools.yaml"))
	r.run(t)
	version("..v2", poolText("api", "api"))
	r.settles(t, func() bool { return r.handler.get("shop", "api") != nil })
	require.Nil(t, r.handler.get("shop", "web"))
}

// TestFileLooksWithoutEvents changes a file behind a link, in a directory that
// is not watched.
func TestFileLooksWithoutEvents(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "real.yaml")
	write(t, elsewhere, poolText("web", "web"))
	r := newFileRig(t, filepath.Join(t.TempDir(), "pools.yaml"))
	require.NoError(t, os.Symlink(elsewhere, r.path))
	r.run(t)
	write(t, elsewhere, poolText("api", "api"))
	require.False(t, r.settling(), "no event comes")
	r.clock.Step(filewatch.LookEvery)
	poll(t, r.logs.String, r.settling)
	require.Nil(t, r.handler.get("shop", "api"), "whoever writes may not be done")
	r.clock.Step(filewatch.Settle)
	poll(t, r.logs.String, func() bool { return r.handler.get("shop", "api") != nil })
}

// TestFileIsReadBesideAFileThatAlwaysChanges lets no quiet come.
func TestFileIsReadBesideAFileThatAlwaysChanges(t *testing.T) {
	dir := t.TempDir()
	r := newFileRig(t, filepath.Join(dir, "pools.yaml"))
	write(t, r.path, poolText("web", "web"))
	r.run(t)
	write(t, r.path, poolText("api", "api"))
	poll(t, r.logs.String, r.settling)
	passed := time.Duration(0)
	poll(t, r.logs.String, func() bool {
		write(t, filepath.Join(dir, "log"), passed.String())
		r.clock.Step(filewatch.Settle / 5)
		passed += filewatch.Settle / 5
		return r.handler.get("shop", "api") != nil
	})
	require.LessOrEqual(t, passed, 3*filewatch.LookEvery)
}

func TestFileMustBeGoodTheFirstTime(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, path, want string }{
		{"a missing file", filepath.Join(dir, "none.yaml"), "read pools file: open " + filepath.Join(dir, "none.yaml") + ": no such file or directory"},
		{"a missing directory", filepath.Join(dir, "none", "pools.yaml"), "watch directory of pools file " + filepath.Join(dir, "none", "pools.yaml") + ": no such file or directory"},
		{"a directory", dir, "read pools file: read " + dir + ": is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newFileRig(t, tt.path)
			require.EqualError(t, r.file.Run(t.Context(), r.handler), tt.want)
			require.Empty(t, r.handler.takeEvents())
		})
	}
	_, err := NewFile(FileOptions{})
	require.EqualError(t, err, "pools file: no path: write the path of a file of ShadowPools")
}

func TestTheHandlersPoolIsItsOwn(t *testing.T) {
	r := newFileRig(t, filepath.Join(t.TempDir(), "pools.yaml"))
	write(t, r.path, poolText("web", "web"))
	require.NoError(t, r.file.load(r.handler))
	r.handler.get("shop", "web").Spec.Load.Query = "changed"
	write(t, r.path, poolText("web", "web")+"# a comment\n")
	r.handler.takeEvents()
	require.NoError(t, r.file.load(r.handler))
	require.Empty(t, r.handler.takeEvents(), "what the handler does to its pool is no change of the file")
}

// poolText writes a good pool.
func poolText(name, workload string) string {
	return "apiVersion: foreshadow.dev/v1alpha1\nkind: ShadowPool\nmetadata: {name: " + name +
		", namespace: shop}\nspec: {scaleTargetRef: {name: " + workload + "}, load: {query: up}}\n"
}
