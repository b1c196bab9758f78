package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/labels"
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
	demoStandby   = "web-standby" // the same workload, in mode Active
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
	clock *simulate.Clock
	store *embedded.Store
	gate  *gate
	loop  *refresh.Loop
	board *publish.Board
	// standby is the line of the pool that keeps shadows.
	standby standbyLine
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
	ln := &line{clock: simulate.NewClock(r.Load.Start()), board: &publish.Board{}, cleanUp: cleanUp, stop: func() {}}
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
	if ln.loop, err = ln.newLoop(r.pool()); err != nil {
		return nil, err
	}
	ln.standby.pool = r.standbyPool()
	if ln.standby.loop, err = ln.newLoop(ln.standby.pool); err != nil {
		return nil, err
	}
	return ln, ln.serve(ctx, o, l)
}

// newLoop refreshes a pool from the store.
func (ln *line) newLoop(p *v1alpha1.ShadowPool) (*refresh.Loop, error) {
	settings, err := refresh.SettingsOf(p, refresh.Binding{Given: checkOnly, Ours: checkOnly}, updateEvery)
	if err != nil {
		return nil, err
	}
	return refresh.NewLoop(settings, ln.gate, nil)
}

// pool is the ShadowPool of the demo.
func (r *replay) pool() *v1alpha1.ShadowPool { return r.Pool(demoNamespace, demoPool, demoQuery) }

// checkOnly is the confinement of pools that do not come from strangers.
func checkOnly(expr, _ string) (string, error) { return expr, history.CheckQuery(expr) }

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
	ln.standby.refresh(ctx, now, ln.board)
	return report, ctx.Err()
}

// read is what an HPA does: it asks the metrics API for a pool's value.
func (ln *line) read(pool string) func(now time.Time) (float64, error) {
	selector := labels.SelectorFromSet(labels.Set{publish.LabelPool: pool})
	return func(now time.Time) (float64, error) {
		ln.clock.Set(now)
		list, err := ln.metrics.NamespacedMetrics(demoNamespace).List(publish.MetricPredictedCapacity, selector)
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for _, item := range list.Items {
			sum += item.Value.AsApproximateFloat64()
		}
		return sum, nil
	}
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
