package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	externalclient "k8s.io/metrics/pkg/client/external_metrics"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// patience is what a request may take: a replay goes by a clock of its own, and a
// machine that is busy changes nothing about it.
const patience = 30 * time.Second

// serve opens both ports and the client that the HPA reads with.
func (ln *line) serve(ctx context.Context, o demoOptions, l loggers) (err error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(publish.NewExporter(ln.board, ln.clock))
	ln.api, err = publish.NewStandalone(o.apiAddress, publish.NewProvider(ln.board, ln.clock, reg), nil, patience)
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
		QPS:     -1, // the virtual HPA asks as fast as it can
		Timeout: patience,
	})
	if err != nil {
		return fmt.Errorf("make client of the metrics API: %w", err)
	}
	return nil
}

// alive says that a server ended although nobody stopped it.
func (ln *line) alive(ctx context.Context) error {
	select {
	case err := <-ln.served:
		return ln.ended(ctx, err)
	default:
		return ctx.Err()
	}
}

// wait returns when ctx ends, or a server before it.
func (ln *line) wait(ctx context.Context) error {
	select {
	case err := <-ln.served:
		return ln.ended(ctx, err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended judges what a server said as it ended.
func (ln *line) ended(ctx context.Context, err error) error {
	ln.served <- nil // close waits for both
	switch {
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), err)
	case err == nil:
		return errors.New("a server of the demo ended although nobody stopped it")
	}
	return fmt.Errorf("a server of the demo ended although nobody stopped it: %w", err)
}

// metricURL is the address at which a person reads what the HPA reads.
func (ln *line) metricURL() string {
	return fmt.Sprintf("%s/apis/external.metrics.k8s.io/v1beta1/namespaces/%s/%s?labelSelector=pool%%3D%s",
		ln.api.URL(), demoNamespace, publish.MetricPredictedCapacity, demoPool)
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
