package cli_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/cli"
)

var update = flag.Bool("update", false, "write what the scripts in testdata print into them")

// now is the instant at which every script looks at its cluster.
var now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// fixedClock stands still and waits in real time.
type fixedClock struct{ clock.RealClock }

func (fixedClock) Now() time.Time { return now }

func (fixedClock) Since(t time.Time) time.Duration { return now.Sub(t) }

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kubectl-foreshadow": runCommand})
}

// runCommand is the program as cmd/kubectl-foreshadow wires it, but for the clock.
func runCommand() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := cli.New(cli.Config{
		Streams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Clock:   fixedClock{}, Version: "kubectl-foreshadow, version test",
	}).ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubectl foreshadow:", err)
		os.Exit(1)
	}
}

// TestScripts runs testdata/script/<verb>_<case>.txtar, each with a cluster of
// its own: the objects of its file cluster.yaml. The commands beside the
// standard ones:
//
//	apply FILE       put objects into the cluster
//	remove PATH      delete one, by its path in the API
//	uninstall PATH   let the cluster not know a resource
//	object PATH      print one
//	writes           print what was written so far, one request a line
//	watching         wait until pools and pods are watched
//	down             break all watches off and answer nothing
//	up               answer again
//	adapter [PATH FILE]  let an adapter answer a path with a file
//	printed FILE TEXT  wait until the file of a background command has the text
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup:               setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"apply":     api(func(ts *testscript.TestScript, f *fakeAPI, args []string) error { return f.apply(ts.ReadFile(args[0])) }),
			"remove":    api(func(_ *testscript.TestScript, f *fakeAPI, args []string) error { return f.remove(args[0]) }),
			"uninstall": api(func(_ *testscript.TestScript, f *fakeAPI, args []string) error { f.uninstall(args[0]); return nil }),
			"object":    api(printObject),
			"writes":    api(printWrites),
			"watching":  api(func(_ *testscript.TestScript, f *fakeAPI, _ []string) error { return f.awaitWatch() }),
			"down":      api(func(_ *testscript.TestScript, f *fakeAPI, _ []string) error { f.turn(true); return nil }),
			"up":        api(func(_ *testscript.TestScript, f *fakeAPI, _ []string) error { f.turn(false); return nil }),
			"printed":   printed,
			"adapter": api(func(ts *testscript.TestScript, f *fakeAPI, args []string) error {
				f.mu.Lock()
				defer f.mu.Unlock()
				if f.adapter == nil {
					f.adapter = map[string]string{}
				}
				if len(args) == 2 {
					f.adapter[args[0]] = ts.ReadFile(args[1])
				}
				return nil
			}),
		},
	})
}

type apiKey struct{}

// setUp starts a script's cluster and points kubectl's configuration to it.
func setUp(env *testscript.Env) error {
	f := newFakeAPI()
	env.Values[apiKey{}] = f
	server := httptest.NewServer(f)
	env.Defer(func() {
		f.turn(true)
		server.Close()
	})
	if raw, err := os.ReadFile(filepath.Join(env.WorkDir, "cluster.yaml")); err == nil {
		if err := f.apply(string(raw)); err != nil {
			return err
		}
	}
	config := filepath.Join(env.WorkDir, "kubeconfig")
	env.Setenv("KUBECONFIG", config)
	prometheus := httptest.NewServer(http.HandlerFunc(servePrometheus))
	env.Defer(prometheus.Close)
	env.Setenv("PROMETHEUS", prometheus.URL)
	env.Setenv("HOME", env.WorkDir)
	complete, err := filepath.Abs(filepath.Join("..", "..", "cmd", "kubectl-foreshadow", "kubectl_complete-foreshadow"))
	if err != nil {
		return err
	}
	env.Setenv("COMPLETE", complete)
	return os.WriteFile(config, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: fake, cluster: {server: %q}}]
users: [{name: somebody, user: {}}]
contexts:
- {name: shop, context: {cluster: fake, user: somebody, namespace: shop}}
- {name: other, context: {cluster: fake, user: somebody, namespace: other}}
current-context: shop
`, server.URL), 0o600)
}

// api makes a command of a function on the script's cluster.
func api(run func(ts *testscript.TestScript, f *fakeAPI, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("a command on the cluster cannot be negated")
		}
		ts.Check(run(ts, ts.Value(apiKey{}).(*fakeAPI), args))
	}
}

// apply reads YAML documents.
func (f *fakeAPI) apply(text string) error {
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(doc), &o); err != nil {
			return err
		}
		if o == nil {
			continue
		}
		if err := f.set(o); err != nil {
			return err
		}
	}
	return nil
}

func printObject(ts *testscript.TestScript, f *fakeAPI, args []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.objects[parse(args[0]).path()]
	if o == nil {
		return fmt.Errorf("%s is not there", args[0])
	}
	raw, err := yaml.Marshal(o)
	if err != nil {
		return err
	}
	_, err = ts.Stdout().Write(raw)
	return err
}

func printWrites(ts *testscript.TestScript, f *fakeAPI, _ []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.writes
	if len(lines) == 0 {
		lines = []string{"nothing"}
	}
	for _, line := range lines {
		if _, err := io.WriteString(ts.Stdout(), line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// patience is how long a script waits for a program on a busy machine.
const patience = 20 * time.Second

// await asks until it is so.
func await(what string, so func() bool) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !so() {
		select {
		case <-deadline.C:
			return errors.New("in vain for " + what)
		case <-ticker.C:
		}
	}
	return nil
}

func (f *fakeAPI) awaitWatch() error {
	return await("the watches of pools and pods", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.open == 2
	})
}

// turn lets the API go down, which ends all watches, or come up again.
func (f *fakeAPI) turn(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
	close(f.drop)
	f.drop = make(chan struct{})
}

// printed waits until a file that a background command writes has a text.
func printed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: printed FILE TEXT")
	}
	var raw []byte
	err := await(args[1], func() bool {
		raw, _ = os.ReadFile(ts.MkAbs(args[0])) // not there yet is no text yet
		return strings.Contains(string(raw), args[1])
	})
	if err != nil {
		ts.Fatalf("%v; %s has:\n%s", err, args[0], raw)
	}
}
