//go:build unix

package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPause(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	p := shell(t, fmt.Sprintf(`echo up; until test -e %s; do sleep 0.01; done; echo seen; sleep 60`, mark))
	require.NoError(t, p.Await(t.Context(), 10*time.Second, "the child", p.says("up")))
	require.NoError(t, p.Pause())
	require.NoError(t, os.WriteFile(mark, nil, 0o600))
	from := time.Now()
	require.NoError(t, Until(t.Context(), 10*time.Second, "200 ms", func(context.Context) (string, bool) {
		return "", time.Since(from) > 200*time.Millisecond
	}))
	require.NotContains(t, p.Tail(), "seen", "a paused child went on")
	require.NoError(t, p.Resume())
	require.NoError(t, p.Await(t.Context(), 10*time.Second, "the child to go on", p.says("seen")))

	require.NoError(t, p.Kill())
	require.NoError(t, p.Resume(), "one that has ended need not go on")
}
