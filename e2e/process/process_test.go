package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// parentEnv makes this test binary a parent: it starts a child in the folder
// that the variable names, prints its process id, and waits to be killed.
const parentEnv = "FORESHADOW_TEST_PARENT"

func parent() int {
	p, err := Start(Config{Name: "grandchild", Path: "/bin/sh", Args: []string{"-c", "while :; do sleep 0.05; done"}, LogDir: os.Getenv(parentEnv)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(p.PID())
	<-p.Done()
	return 0
}

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		os.Exit(parent())
	}
	goleak.VerifyTestMain(m)
}

// shell starts a child that runs a script.
func shell(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(Config{Name: "child", Path: "/bin/sh", Args: []string{"-c", script}, LogDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	return p
}

// says is a probe for a word in the child's log.
func (p *Process) says(word string) Probe {
	return func(context.Context) (string, bool) {
		tail := p.Tail()
		return tail, strings.Contains(tail, word)
	}
}

func TestStop(t *testing.T) {
	t.Run("a child that obeys SIGTERM is gone when Stop returns", func(t *testing.T) {
		p := shell(t, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`)
		require.NoError(t, p.Await(t.Context(), 10*time.Second, "the child", p.says("up")))
		require.NoError(t, p.Stop(10*time.Second))
		require.True(t, p.Ended())
		require.Contains(t, p.Tail(), "bye")
	})
	t.Run("a child that ignores SIGTERM is killed and that is said", func(t *testing.T) {
		p := shell(t, `trap '' TERM; echo up; while :; do sleep 0.01; done`)
		require.NoError(t, p.Await(t.Context(), 10*time.Second, "the child", p.says("up")))
		require.EqualError(t, p.Stop(50*time.Millisecond), "stop child: killed, because it ran on 50ms after SIGTERM")
		require.True(t, p.Ended())
	})
	t.Run("a child that has ended can be stopped again", func(t *testing.T) {
		p := shell(t, `exit 0`)
		<-p.Done()
		require.NoError(t, p.Stop(time.Second))
		require.NoError(t, p.Kill())
	})
}

func TestAwait(t *testing.T) {
	t.Run("it gives up when the child ends, with the end of its log", func(t *testing.T) {
		p := shell(t, `echo 'no such flag'; exit 3`)
		err := p.Await(t.Context(), time.Minute, "readiness", func(context.Context) (string, bool) { return "not ready", false })
		require.ErrorContains(t, err, "wait for readiness: child ended: exit status 3\nend of "+p.Log()+":\nno such flag")
	})
	t.Run("it gives up at the deadline, with the last state", func(t *testing.T) {
		p := shell(t, `echo up; while :; do sleep 0.01; done`)
		err := p.Await(t.Context(), 100*time.Millisecond, "readiness", func(context.Context) (string, bool) { return "503", false })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "wait 100ms for readiness: context deadline exceeded; last state: 503")
	})
}

func TestUntil(t *testing.T) {
	t.Run("it returns as soon as the probe is content", func(t *testing.T) {
		looks := 0
		require.NoError(t, Until(t.Context(), time.Minute, "three looks", func(context.Context) (string, bool) {
			looks++
			return "", looks == 3
		}))
		require.Equal(t, 3, looks)
	})
	t.Run("a probe that the deadline cuts off does not hide the state before", func(t *testing.T) {
		err := Until(t.Context(), 100*time.Millisecond, "content", func(ctx context.Context) (string, bool) {
			select {
			case <-ctx.Done():
				return "cut off", false
			default:
				return "2 of 3", false
			}
		})
		require.ErrorContains(t, err, "last state: 2 of 3")
	})
	t.Run("it ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		err := Until(ctx, time.Minute, "anything", func(context.Context) (string, bool) { return "", false })
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestTail(t *testing.T) {
	p := shell(t, `i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done`)
	<-p.Done()
	got := strings.Split(p.Tail(), "\n")
	require.Len(t, got, tailLines)
	require.Equal(t, "line 49", got[len(got)-1])
}

func TestStartNamesWhatIsMissing(t *testing.T) {
	_, err := Start(Config{Name: "child", Path: "/nonexistent/program", LogDir: t.TempDir()})
	require.EqualError(t, err, "start child: fork/exec /nonexistent/program: no such file or directory")
}

func TestFreePortsAreDistinct(t *testing.T) {
	ports, err := FreePorts(20)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, port := range ports {
		require.False(t, seen[port], "port %d came twice", port)
		seen[port] = true
	}
}

func TestPortTakenIsReadFromTheLog(t *testing.T) {
	for script, want := range map[string]bool{
		"echo 'listen tcp 127.0.0.1:1: bind: address already in use'; exit 1": true,
		"echo 'no such host'; exit 1":                                         false,
	} {
		never := func(context.Context) (string, bool) { return "not yet", false }
		err := shell(t, script).Await(t.Context(), 10*time.Second, "the port", never)
		require.Error(t, err)
		require.Equal(t, want, PortTaken(err), script)
	}
	require.False(t, PortTaken(nil))
}
