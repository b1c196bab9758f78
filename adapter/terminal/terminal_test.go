package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestColumnsOfWhatIsNoTerminal(t *testing.T) {
	require.Zero(t, Columns(&bytes.Buffer{}))
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	require.Zero(t, Columns(f))
	require.NoError(t, f.Close())
	require.Zero(t, Columns(f), "a closed file")
}
