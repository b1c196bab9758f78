package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
)

const (
	noopPath   = "/noop"
	metricPath = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/" + publish.MetricPredictedCapacity + "?labelSelector=pool%3Dweb"

	rounds   = 10
	perRound = 1000
)

// serving times reads of one metric, each next to a read of the no-op handler,
// over TLS and HTTP/2 on loopback.
func serving() (_ []measurement, err error) {
	board := &publish.Board{}
	noop := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	api, err := publish.NewStandalone("127.0.0.1:0", publish.NewProvider(board, clock.RealClock{}, prometheus.NewRegistry()), map[string]http.Handler{noopPath: noop}, 0)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- api.Run(ctx) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()

	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: api.CertPool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	publishValue(board)
	healthy, err := compare(client, api.URL())
	if err != nil {
		return nil, err
	}
	release, err := hang(board)
	if err != nil {
		return nil, err
	}
	defer release()
	hung, err := compare(client, api.URL())
	if err != nil {
		return nil, err
	}
	allocs := allocations(api.Handler())
	return append(append(healthy.measurements("healthy"), hung.measurements("prometheus_hung")...),
		// Both against the no-op of their own time: the machine's noise cancels.
		measurement{"serve_p50_hung_to_healthy_ratio", hung.ratio[0] / healthy.ratio[0], "ratio"},
		measurement{"serve_p99_hung_to_healthy_ratio", hung.ratio[1] / healthy.ratio[1], "ratio"},
		measurement{"serve_allocs_metric", allocs[metricPath], "allocs/request"},
		measurement{"serve_allocs_noop", allocs[noopPath], "allocs/request"},
		measurement{"serve_allocs_ratio", allocs[metricPath] / allocs[noopPath], "ratio"},
	), nil
}

func publishValue(board *publish.Board) {
	now := time.Now()
	reading := publish.Reading{Value: 17, ComputedAt: now, ValidUntil: now.Add(time.Hour)}
	board.Publish(publish.Pool{Namespace: "shop", Name: "web", PredictedCapacity: reading, PredictedLoad: reading})
}

// hang runs the refresh of a thousand pools against a Prometheus that takes
// connections and never answers. release ends both.
func hang(board *publish.Board) (release func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
		}
	}))
	remote, err := history.NewRemote(history.RemoteConfig{URL: silent.URL}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	if err != nil {
		cancel()
		return nil, err
	}
	shared := history.NewFair(remote, 8)
	manager, err := refresh.NewManager(refresh.Config{
		Interval: refresh.DefaultInterval,
		Sources: func(_, namespace string) (refresh.From, error) {
			return refresh.From{Source: shared.For(namespace), Bind: refresh.Binding{Given: asIs, Ours: asIs}}, nil
		},
	}, board, clock.RealClock{}, log.NewNopLogger(), prometheus.NewRegistry())
	if err != nil {
		cancel()
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- manager.Run(ctx) }()
	for i := range 1000 {
		manager.Set(newPool("hung", fmt.Sprintf("web-%d", i)))
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			panic(err) // Run returns nil
		}
		remote.Close()
		silent.Close()
	}, nil
}

// newPool returns a pool whose replicas carry 100.
func newPool(namespace, name string) *v1alpha1.ShadowPool {
	per := v1alpha1.Decimal("100")
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = namespace, name
	p.Spec.Mode = v1alpha1.ModePredict
	p.Spec.ScaleTargetRef.Name = name
	p.Spec.Load.Query, p.Spec.Load.CapacityPerReplica = "sum(rate(http_requests_total[2m]))", &per
	p.Default()
	return p
}

// comparison holds p50 and p99 of both handlers in seconds, medians over the
// rounds, and the medians of their ratios.
type comparison struct {
	metric, noop, ratio [2]float64
}

func (c comparison) measurements(suffix string) []measurement {
	out := make([]measurement, 0, 6)
	for i, q := range []string{"p50", "p99"} {
		out = append(out,
			measurement{"serve_" + q + "_metric_" + suffix, c.metric[i] * 1e6, "us"},
			measurement{"serve_" + q + "_noop_" + suffix, c.noop[i] * 1e6, "us"},
			measurement{"serve_" + q + "_ratio_" + suffix, c.ratio[i], "ratio"})
	}
	return out
}

// compare reads both handlers in turn.
func compare(client *http.Client, url string) (comparison, error) {
	var metric, noop, ratio [2][]float64
	for round := range rounds + 1 {
		var times [2][]float64
		for range perRound {
			for i, path := range []string{metricPath, noopPath} {
				took, err := get(client, url+path)
				if err != nil {
					return comparison{}, err
				}
				times[i] = append(times[i], took)
			}
		}
		if round == 0 {
			continue // connections and caches warm up
		}
		for i, q := range []float64{0.5, 0.99} {
			m, n := quantile(times[0], q), quantile(times[1], q)
			metric[i], noop[i], ratio[i] = append(metric[i], m), append(noop[i], n), append(ratio[i], m/n)
		}
	}
	var c comparison
	for i := range 2 {
		c.metric[i], c.noop[i], c.ratio[i] = quantile(metric[i], 0.5), quantile(noop[i], 0.5), quantile(ratio[i], 0.5)
	}
	return c, nil
}

// get returns the seconds that one request took, its body read.
func get(client *http.Client, url string) (float64, error) {
	began := time.Now()
	res, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("get %s: %s", url, res.Status)
	}
	return time.Since(began).Seconds(), nil
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// allocations counts what each path allocates in the handler chain, the network
// left out.
func allocations(h http.Handler) map[string]float64 {
	out := map[string]float64{}
	for _, path := range []string{metricPath, noopPath} {
		out[path] = testing.AllocsPerRun(500, func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		})
	}
	return out
}
