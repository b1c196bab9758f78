package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	externalclient "k8s.io/metrics/pkg/client/external_metrics"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// What the demo's pool is called and asks for.
const (
	demoNamespace = "shop"
	demoPool      = "web"
	demoMetric    = "app_load"
	demoQuery     = `sum(app_load{namespace="shop"})`

	// updateEvery is the virtual time between two refreshes.
	updateEvery = 5 * time.Minute
)

var errOutage = errors.New("prometheus is stopped")

// gate stands before the store and refuses while Prometheus is meant to be
// down.
type gate struct {
	history.Source
	down bool
}

func (g *gate) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	if g.down {
		return history.Result{}, errOutage
	}
	return g.Source.QueryRange(ctx, expr, r)
}

// line is the real line from PromQL to the metrics API, on a virtual clock.
type line struct {
	clock   *simulate.Clock
	store   *embedded.Store
	gate    *gate
	loop    *refresh.Loop
	board   *publish.Board
	api     *publish.Standalone
	web     net.Listener
	metrics externalclient.ExternalMetricsClient
	stop    context.CancelFunc
	served  chan error
	cleanUp func() error
}

// newLine puts the history into a store and serves the metrics API over it.
func (o demoOptions) newLine(ctx context.Context, r *replay, l loggers) (_ *line, err error) {
	dir, cleanUp, err := o.storage()
	if err != nil {
		return nil, err
	}
	ln := &line{clock: simulate.NewClock(r.load.Start()), board: &publish.Board{}, cleanUp: cleanUp, stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, ln.close())
		}
	}()
	if err := embedded.WriteBlocks(dir, samplesOf(r.history)); err != nil {
		return nil, fmt.Errorf("write history: %w", err)
	}
	if ln.store, err = embedded.Open(embedded.Config{Dir: dir}, l.kit, history.NewMetrics(nil), ln.clock); err != nil {
		return nil, err
	}
	ln.gate = &gate{Source: ln.store}
	settings, err := refresh.SettingsOf(o.pool(r), checkOnly, updateEvery)
	if err != nil {
		return nil, err
	}
	if ln.loop, err = refresh.NewLoop(settings, ln.gate, nil); err != nil {
		return nil, err
	}
	return ln, ln.serve(ctx, o, l)
}

// storage returns the store's directory and what to do with it at the end.
func (o demoOptions) storage() (dir string, cleanUp func() error, err error) {
	if o.dataDir != "" {
		return o.dataDir, func() error { return nil }, nil
	}
	dir, err = os.MkdirTemp("", "foreshadow-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for the embedded store: %w: name one that this user may write with --storage.path", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// pool is the ShadowPool of the demo. Its lead adds to the cold start what
// passes before anybody looks: an update and a sync of the HPA.
func (o demoOptions) pool(r *replay) *v1alpha1.ShadowPool {
	per := v1alpha1.Decimal(strconv.FormatFloat(r.capacity, 'f', 9, 64))
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = demoNamespace, demoPool
	p.Spec.Mode = v1alpha1.ModePredict
	p.Spec.ScaleTargetRef.Name = demoPool
	p.Spec.Load.Query, p.Spec.Load.CapacityPerReplica = demoQuery, &per
	p.Spec.Prediction.Quantile = v1alpha1.DecimalOf(o.quantile)
	p.Spec.Prediction.ColdStartLead = v1alpha1.DurationOf(o.coldStart + updateEvery + simulate.SyncPeriod)
	p.Spec.History.Step = v1alpha1.DurationOf(r.history.Step)
	p.Default()
	return p
}

// checkOnly is the confinement of pools that do not come from strangers.
func checkOnly(expr, _ string) (string, error) { return expr, history.CheckQuery(expr) }

// serve opens both ports and the client that the HPA reads with.
func (ln *line) serve(ctx context.Context, o demoOptions, l loggers) (err error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(publish.NewExporter(ln.board, ln.clock))
	ln.api, err = publish.NewStandalone(o.apiAddress, publish.NewProvider(ln.board, ln.clock, reg), nil)
	if err != nil {
		return err
	}
	if ln.web, err = publish.Listen("--web.listen-address", o.webAddress); err != nil {
		return err
	}
	ctx, ln.stop = context.WithCancel(ctx)
	ln.served = make(chan error, 2)
	web := &http.Server{
		Handler:           publish.NewHandler(reg, func() error { return nil }, l.kit),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() { ln.served <- ln.api.Run(ctx) }()
	go func() {
		if err := web.Serve(ln.web); !errors.Is(err, http.ErrServerClosed) {
			ln.served <- fmt.Errorf("serve %s: %w", ln.web.Addr(), err)
			return
		}
		ln.served <- nil
	}()
	context.AfterFunc(ctx, func() { _ = web.Close() })
	ln.metrics, err = externalclient.NewForConfig(&rest.Config{
		Host: ln.api.URL(), TLSClientConfig: rest.TLSClientConfig{CAData: ln.api.CertPEM()},
		QPS: -1, // the virtual HPA asks as fast as it can
	})
	if err != nil {
		return fmt.Errorf("make client of the metrics API: %w", err)
	}
	return nil
}

// update takes in the load up to now, refreshes and publishes.
func (ln *line) update(ctx context.Context, now time.Time, load forecast.Series) (refresh.Report, error) {
	if len(load.Values) > 0 {
		if err := ln.store.AppendAll(ctx, []history.Samples{samplesOf(load)}); err != nil {
			return refresh.Report{}, fmt.Errorf("append load: %w", err)
		}
	}
	ln.clock.Set(now)
	report := ln.loop.Tick(ctx, now)
	ln.board.Publish(report.Published())
	return report, ctx.Err()
}

// read is what the HPA does: it asks the metrics API for the pool's value.
func (ln *line) read(now time.Time) (float64, error) {
	ln.clock.Set(now)
	list, err := ln.metrics.NamespacedMetrics(demoNamespace).List(
		publish.MetricPredictedCapacity, labels.SelectorFromSet(labels.Set{publish.LabelPool: demoPool}))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, item := range list.Items {
		sum += item.Value.AsApproximateFloat64()
	}
	return sum, nil
}

// metricURL is the address at which a person reads what the HPA reads.
func (ln *line) metricURL() string {
	return fmt.Sprintf("%s/apis/external.metrics.k8s.io/v1beta1/namespaces/%s/%s", ln.api.URL(), demoNamespace, publish.MetricPredictedCapacity)
}

// close stops what runs, in the order in which one thing needs the other.
func (ln *line) close() error {
	ln.stop()
	var errs []error
	if ln.served != nil {
		errs = append(errs, <-ln.served, <-ln.served)
	} else if ln.api != nil {
		errs = append(errs, ln.api.Close())
	}
	if ln.store != nil {
		errs = append(errs, ln.store.Close())
	}
	return errors.Join(append(errs, ln.cleanUp())...)
}

// samplesOf writes a series as samples of the demo's metric.
func samplesOf(s forecast.Series) history.Samples {
	out := history.Samples{Labels: map[string]string{"__name__": demoMetric, "namespace": demoNamespace, "service": demoPool}}
	for i, v := range s.Values {
		if v == v { // not a gap
			out.Points = append(out.Points, history.Point{TimeMillis: s.Time(i).UnixMilli(), Value: v})
		}
	}
	return out
}
