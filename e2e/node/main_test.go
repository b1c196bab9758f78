//go:build e2e && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/report"
)

// rig is what all tests of a run share.
type rig struct {
	*cluster.Cluster
	*node
	clock  clock.WithTicker
	out    string
	logs   string
	report report.Report
}

// shared is set by TestMain before any test runs.
var shared *rig

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	code, err := stage(m)
	switch {
	case errors.Is(err, errNotAllowed):
		notRun(err.Error())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// notRun says so where nobody overlooks it.
func notRun(why string) {
	fmt.Fprintf(os.Stderr, "\n*** e2e-node: NOT RUN: %s ***\n*** nothing was tried on a real node ***\n\n", why)
}

func stage(m *testing.M) (int, error) {
	switch os.Getenv(stageEnv) {
	case "init":
		return reaper()
	case "tests":
		return tests(m)
	}
	if os.Getenv(binaryEnv) == "" {
		notRun("run make e2e-node")
		return 0, nil
	}
	if err := usePackages(); err != nil {
		return 1, err
	}
	return outside()
}

func tests(m *testing.M) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &rig{clock: clock.RealClock{}}
	if r.out, r.logs, err = report.Folders(filepath.Join("..", "..", "out"), "e2e-node-logs"); err != nil {
		return 1, err
	}
	r.Cluster, err = cluster.Start(ctx, cluster.Config{Binary: os.Getenv("FORESHADOW_E2E_CONTROLPLANE"), LogDir: r.logs})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, r.Stop()) }()
	r.node, err = startNode(ctx, r.Cluster, r.logs)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	r.report.Add("cluster_start", r.StartDuration.Seconds(), "seconds")
	r.report.Add("node_ready", r.startup.Seconds(), "seconds")
	shared = r
	ended := context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "e2e-node: interrupted")
		os.Exit(1) // what runs goes with the namespaces
	})
	code = m.Run()
	if !ended() {
		select {} // a signal came: the exit is under way
	}
	return code, r.report.Write(filepath.Join(r.out, "e2e-node.json"))
}
