package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

func TestTheLastReportStaysUntilTheNextIsWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "demo.json")
	require.NoError(t, os.WriteFile(file, []byte("the last good one"), 0o600))
	require.NoError(t, os.Chmod(file, 0o640))
	link := filepath.Join(dir, "link.json")
	require.NoError(t, os.Symlink(file, link))

	_, _, err := execute(t.Context(), "demo", "--report.file", link, "--trace=mine")
	require.EqualError(t, err, `--trace: trace "mine" is unknown: write one of application, database`)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "the last good one", string(kept), "a run that failed leaves it")

	target, err := newReportTarget(link)
	require.NoError(t, err)
	require.NoError(t, target.write(simulate.Report{Trace: "application"}))
	kept, err = os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(kept), `"trace": "application"`)
	info, err := os.Lstat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode(), "it stays readable to whom it was")

	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "nothing else is left behind")
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.ModeSymlink, info.Mode().Type(), "the link still is one")
}

func TestAReportGoesIntoAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	target, err := newReportTarget(fmt.Sprintf("/dev/fd/%d", w.Fd()))
	require.NoError(t, err)
	require.NoError(t, target.write(simulate.Report{Trace: "application"}))
	require.NoError(t, w.Close())
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Contains(t, string(got), `"trace": "application"`)
}
