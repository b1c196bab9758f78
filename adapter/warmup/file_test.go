package warmup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	testingclock "k8s.io/utils/clock/testing"
)

func TestFileKeepsWhatItHadLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "requests.yaml")
	c := testingclock.NewFakeClock(start())
	var said []string
	logger := log.LoggerFunc(func(keyvals ...any) error {
		said = append(said, keyvals[len(keyvals)-1].(error).Error())
		return nil
	})
	f := NewFile(path, MaxListBytes, ParseList, c, logger)
	get := func() *List {
		c.Step(time.Second)
		return f.Get()
	}
	require.Nil(t, get())
	require.NoError(t, os.WriteFile(path, []byte(onePage), 0o600))
	require.Nil(t, f.Get(), "it looks once a second")
	was := get()
	require.Len(t, was.Requests, 1)
	require.Same(t, was, get(), "what has not changed is not read anew")
	require.NoError(t, os.WriteFile(path, []byte("requests: 1"), 0o600))
	require.Same(t, was, get(), "a file that is wrong")
	get()
	require.NoError(t, os.Remove(path))
	require.Same(t, was, get(), "a ConfigMap that vanishes")
	require.Len(t, said, 3, "each is said once: %q", said)
	require.NoError(t, os.WriteFile(path, []byte("requests: [{path: /a}, {path: /b}]"), 0o600))
	require.Len(t, get().Requests, 2)

	require.NoError(t, os.WriteFile(path, make([]byte, MaxListBytes+1), 0o600))
	require.Len(t, get().Requests, 2)
	require.Contains(t, said[len(said)-1], "write at most 1048576")
}

func TestFileOfAState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	c := testingclock.NewFakeClock(start())
	f := NewFile(path, 64, ParseState, c, log.NewNopLogger())
	require.Empty(t, f.Get(), "nothing is sent while nobody says that the pod is a shadow")
	require.NoError(t, os.WriteFile(path, []byte("warming\n"), 0o600))
	c.Step(time.Second)
	require.Equal(t, "warming", f.Get())
}
