package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// A compacted block is made after a younger one, so that their names say nothing.
func TestTheOldestSamplesMakeRoom(t *testing.T) {
	dir := t.TempDir()
	for name, meta := range map[string]string{
		"01A": `{"minTime":300,"maxTime":400}`,
		"01B": `{"minTime":0,"maxTime":300}`,
		"01C": `rotten`,
	} {
		writeFile(t, filepath.Join(dir, name, "meta.json"), meta)
	}
	writeFile(t, filepath.Join(dir, "wal", "00000000"), "")
	writeFile(t, filepath.Join(dir, asideFolder, "01D", "meta.json"), "{}")
	for _, want := range []string{asideFolder, "01C", "01B", "01A"} {
		gone, err := makeRoom(dir)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, want), gone)
		require.NoDirExists(t, gone)
	}
	gone, err := makeRoom(dir)
	require.NoError(t, err)
	require.Empty(t, gone)
	require.DirExists(t, filepath.Join(dir, "wal"))
}

// A start that fails again takes nothing from what the first one set aside.
func TestNothingTakesThePlaceOfWhatWasSetAside(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "lock"), "")
	writeFile(t, filepath.Join(dir, "wal", "00000000"), "first")
	for _, want := range []bool{true, false} {
		moved, err := setAside(dir)
		require.NoError(t, err)
		require.Equal(t, want, moved)
		require.FileExists(t, filepath.Join(dir, "lock"))
		raw, err := os.ReadFile(filepath.Join(dir, asideFolder, "wal", "00000000"))
		require.NoError(t, err)
		require.Equal(t, "first", string(raw))
	}
}

func TestWhatTheMachineLacksSaysNothingOfTheData(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EMFILE: true, syscall.ENOMEM: true, syscall.EIO: true, syscall.EINVAL: false, os.ErrNotExist: false,
	} {
		require.Equal(t, want, isOfTheMachine(fmt.Errorf("open: %w", &os.PathError{Op: "open", Path: "wal", Err: err})), err)
	}
}
