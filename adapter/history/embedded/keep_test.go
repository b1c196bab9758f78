package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// forgetful is a source whose load is known from one instant to another.
type forgetful struct {
	from, to time.Time
	warnings []string
	err      error
	series   int // 1 unless it is said
}

func loadAt(t time.Time) float64 { return 1000 + 500*math.Sin(float64(t.Unix())/86400) }

func (f *forgetful) QueryRange(_ context.Context, _ string, r history.Range) (history.Result, error) {
	if f.err != nil {
		return history.Result{}, f.err
	}
	var points []history.Point
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		if !t.Before(f.from) && !t.After(f.to) {
			points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: loadAt(t)})
		}
	}
	res := history.Result{Warnings: f.warnings}
	for i := range max(f.series, 1) {
		if len(points) > 0 {
			res.Series = append(res.Series, history.Samples{Labels: map[string]string{"app": string(rune('a' + i))}, Points: points})
		}
	}
	return res, nil
}

const day = 24 * time.Hour

func openKeep(t *testing.T, cfg embedded.KeepConfig, reg prometheus.Registerer) *embedded.Keep {
	t.Helper()
	k, err := embedded.OpenKeep(cfg, log.NewNopLogger(), reg, clock.RealClock{})
	require.NoError(t, err)
	return k
}

// read asks for the last days before end.
func read(t *testing.T, src history.Source, end time.Time, span time.Duration) []history.Point {
	t.Helper()
	res, err := src.QueryRange(t.Context(), "load", history.Range{Start: end.Add(-span), End: end, Step: time.Minute})
	require.NoError(t, err)
	if len(res.Series) == 0 {
		return nil
	}
	require.Len(t, res.Series, 1)
	require.Equal(t, map[string]string{"app": "a"}, res.Series[0].Labels)
	return res.Series[0].Points
}

// A Prometheus keeps ten days; four weeks later, and after a restart, what it
// held then is still there, at the value of the last five minutes.
func TestKeptLoadsOutliveTheSource(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, embedded.KeepConfig{Dir: dir}, nil)
	src := &forgetful{from: origin.Add(-10 * day), to: origin}
	require.Len(t, read(t, k.Over(src, "a"), origin, 28*day), 10*1440+1)
	require.NoError(t, k.Close())

	k = openKeep(t, embedded.KeepConfig{Dir: dir}, nil)
	defer func() { require.NoError(t, k.Close()) }()
	now := origin.Add(15 * day)
	src.from, src.to = now.Add(-10*day), now
	points := read(t, k.Over(src, "a"), now, 28*day)
	// Ten days that were kept but for the last steps, a gap of five, ten of now.
	require.InDelta(t, 20*1440, len(points), 10)
	for i, p := range points {
		at := time.UnixMilli(p.TimeMillis)
		if at.Before(src.from) {
			at = history.Align(at, 5*time.Minute)
		}
		require.InDelta(t, loadAt(at), p.Value, 1e-9)
		require.True(t, i == 0 || p.TimeMillis > points[i-1].TimeMillis)
	}
	// Another server's data, and another pool's later: it fills in for its own alone.
	require.Len(t, read(t, k.Over(src, "b"), now, 28*day), 10*1440+1)
	require.Len(t, read(t, k.Over(src, "b"), now, 28*day), 10*1440+1)
}

func TestKeptLoadsFillNothingFresh(t *testing.T) {
	k := openKeep(t, embedded.KeepConfig{Dir: t.TempDir()}, nil)
	defer func() { require.NoError(t, k.Close()) }()
	src := &forgetful{from: origin.Add(-day), to: origin}
	kept := k.Over(src, "a")
	read(t, kept, origin, day)
	// The source forgets all, ten minutes later: the last hour is a gap.
	src.from, src.to = origin.Add(day), origin.Add(day)
	now := origin.Add(10 * time.Minute)
	points := read(t, kept, now, day)
	require.Equal(t, now.Add(-time.Hour).UnixMilli(), points[len(points)-1].TimeMillis)

	src.err = errors.New("refused")
	_, err := kept.QueryRange(t.Context(), "load", history.Range{Start: origin, End: origin, Step: time.Minute})
	require.ErrorIs(t, err, src.err)
}

func TestWhatIsNoWholeLoadIsNotKept(t *testing.T) {
	for name, src := range map[string]*forgetful{
		"a partial answer": {from: origin.Add(-day), to: origin, warnings: []string{"a store is down"}},
		"several series":   {from: origin.Add(-day), to: origin, series: 2},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewPedanticRegistry()
			k := openKeep(t, embedded.KeepConfig{Dir: t.TempDir()}, reg)
			defer func() { require.NoError(t, k.Close()) }()
			r := history.Range{Start: origin.Add(-day), End: origin, Step: time.Minute}
			got, err := k.Over(src, "a").QueryRange(t.Context(), "load", r)
			require.NoError(t, err)
			want, err := src.QueryRange(t.Context(), "load", r)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.NoError(t, testutil.GatherAndCompare(reg, bytes.NewBufferString(`
# HELP foreshadow_kept_load_samples_total Values of loads that were due to be kept, by result.
# TYPE foreshadow_kept_load_samples_total counter
foreshadow_kept_load_samples_total{result="failed"} 0
foreshadow_kept_load_samples_total{result="kept"} 0
foreshadow_kept_load_samples_total{result="refused"} 0
# HELP foreshadow_kept_load_up Whether the kept loads could be opened (1) or not (0).
# TYPE foreshadow_kept_load_up gauge
foreshadow_kept_load_up 1
`)))
			problems, err := testutil.GatherAndLint(reg)
			require.NoError(t, err)
			require.Empty(t, problems)
		})
	}
}

// A write that the store refuses, here of a time long before all others, costs
// what would be kept and not the answer.
func TestAFailedWriteLeavesTheAnswer(t *testing.T) {
	var logs bytes.Buffer
	k, err := embedded.OpenKeep(embedded.KeepConfig{Dir: t.TempDir(), Retention: 7 * day}, log.NewLogfmtLogger(&logs), nil, clock.RealClock{})
	require.NoError(t, err)
	defer func() { require.NoError(t, k.Close()) }()
	src := &forgetful{from: origin.Add(-100 * day), to: origin}
	kept := k.Over(src, "a")
	read(t, kept, origin, day)
	require.NotContains(t, logs.String(), "kept loads do not")
	for range 2 {
		require.Len(t, read(t, kept, origin.Add(-50*day), day), 1441)
	}
	require.Equal(t, 1, bytes.Count(logs.Bytes(), []byte("kept loads do not write: the source alone counts")))
	read(t, kept, origin.Add(-time.Hour), 3*day)
	require.Contains(t, logs.String(), "loads are kept again")
}

func TestACorruptStoreIsSetAside(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, minutely("load", 300)))
	files, err := filepath.Glob(filepath.Join(dir, "*", "index"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.NoError(t, os.WriteFile(f, []byte("rotten"), 0o600))
	}
	var logs bytes.Buffer
	s, err := embedded.Recover(embedded.Config{Dir: dir, Registerer: prometheus.NewRegistry()}, log.NewLogfmtLogger(&logs), history.NewMetrics(nil), clock.RealClock{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.Empty(t, points(t, s, "load", 300))
	require.Contains(t, logs.String(), `msg="the store cannot be read: it begins anew, and what was there is set aside"`)
	aside, err := filepath.Glob(filepath.Join(dir, "unreadable", "*", "index"))
	require.NoError(t, err)
	require.Len(t, aside, len(files))
	require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "load"}, origin, 1))
}

// A store that could not be opened answers with the reason.
func TestNoStoreSaysWhy(t *testing.T) {
	_, err := embedded.None(errors.New("no space left")).QueryRange(t.Context(), "load", history.Range{})
	require.ErrorIs(t, err, history.ErrUnavailable)
	require.EqualError(t, err, "query the embedded store: unavailable: no space left: repair its volume and start the adapter anew")
}

func TestRecoverHidesNoMistake(t *testing.T) {
	held := t.TempDir()
	open(t, embedded.Config{Dir: held})
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{held, file, ""} {
		_, err := embedded.OpenKeep(embedded.KeepConfig{Dir: dir}, log.NewNopLogger(), nil, clock.RealClock{})
		require.ErrorContains(t, err, "--history.keep-path")
	}
}
