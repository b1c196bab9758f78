//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"
	"k8s.io/utils/clock"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/report"
)

// systemNamespace holds what the tests themselves serve.
const systemNamespace = "foreshadow-e2e"

// rig is what all tests of a run share.
type rig struct {
	*cluster.Cluster
	// load is what the reactive Pods metric of every HPA follows.
	load   *load.Source
	clock  clock.PassiveClock
	out    string
	logs   string
	report report.Report
}

// shared is set by TestMain before any test runs.
var shared *rig

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard()) // of the tests' own watches
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(ctx context.Context, m *testing.M) (code int, err error) {
	r := &rig{clock: clock.RealClock{}, load: load.NewSource(nil)}
	r.load.Hold(0)
	if r.out, r.logs, err = report.Folders(filepath.Join("..", "out"), "e2e-logs"); err != nil {
		return 1, err
	}
	r.Cluster, err = cluster.Start(ctx, cluster.Config{Binary: os.Getenv("FORESHADOW_E2E_CONTROLPLANE"), LogDir: r.logs})
	if err != nil {
		return 1, err
	}
	// Both a signal while tests run and the end of run stop the cluster.
	stop := sync.OnceValue(r.Stop)
	defer func() { err = errors.Join(err, stop()) }()
	r.report.Add("cluster_start", r.StartDuration.Seconds(), "seconds")
	if err := r.AddNodes(ctx, 3); err != nil {
		return 1, err
	}
	metrics, err := r.servePodMetrics(ctx)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, metrics.Close()) }()
	shared = r
	ended := context.AfterFunc(ctx, func() {
		// m.Run cannot be told to end, and children do not get the signal.
		fmt.Fprintln(os.Stderr, errors.Join(fmt.Errorf("end to end: %w", context.Cause(ctx)), stop()))
		os.Exit(1)
	})
	code = m.Run()
	if !ended() {
		select {} // a signal came: the exit is under way
	}
	return code, r.report.Write(filepath.Join(r.out, cmp.Or(os.Getenv("FORESHADOW_E2E_REPORT"), "e2e.json")))
}

// servePodMetrics puts the reactive metric behind the API server.
func (r *rig) servePodMetrics(ctx context.Context) (*load.PodMetrics, error) {
	const service = "pod-metrics"
	if err := r.Apply(ctx, "{apiVersion: v1, kind: Namespace, metadata: {name: "+systemNamespace+"}}"); err != nil {
		return nil, err
	}
	dir, err := r.TempDir(service)
	if err != nil {
		return nil, err
	}
	if err := r.ServingCertificate(dir, systemNamespace, service); err != nil {
		return nil, err
	}
	server, err := load.NewPodMetrics(load.PodMetricsConfig{
		Pods: r.Client, Source: r.load, Clock: r.clock, CertDir: dir, CallerCA: r.FrontProxyCA(),
	})
	if err != nil {
		return nil, fmt.Errorf("serve pod metrics: %w", err)
	}
	err = r.RegisterAPIService(ctx, cluster.APIService{
		GroupVersion: v1beta2.SchemeGroupVersion, Namespace: systemNamespace, Service: service, Port: server.Port(),
	})
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

// since returns the time from an instant to now, for the printed time lines.
func (r *rig) since(t time.Time) time.Duration {
	return r.clock.Since(t).Round(100 * time.Millisecond)
}
