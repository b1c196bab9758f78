package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	clientgotesting "k8s.io/client-go/testing"
	externalfake "k8s.io/metrics/pkg/client/external_metrics/fake"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// newTestReplay is the shortest replay of the default trace, on its line.
func newTestReplay(t *testing.T) (*replay, *line) {
	t.Helper()
	o := demoOptions{
		idlePercent: 10,
		trace:       simulate.Application, coldStart: 5 * time.Minute, replay: shortestReplay, quantile: 0.9,
		apiAddress: "127.0.0.1:0", webAddress: "127.0.0.1:0", log: logFlags{level: "error", format: "logfmt"},
	}
	l, err := o.log.newLoggers(io.Discard)
	require.NoError(t, err)
	r, err := o.newReplay()
	require.NoError(t, err)
	ln, err := o.newLine(t.Context(), r, l)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ln.close()) })
	return r, ln
}

func (r *replay) runFast(ctx context.Context, ln *line) (simulate.Report, error) {
	return r.run(ctx, ln, simulate.NewLive(io.Discard, 0), newPacer(0, r, clock.RealClock{}))
}

// breakAPI makes every read of the metrics API fail while broken says so.
func breakAPI(ln *line, broken func(now time.Time) bool) {
	whole := ln.metrics
	fake := &externalfake.FakeExternalMetricsClient{}
	fake.AddReactor("*", "*", func(a clientgotesting.Action) (bool, runtime.Object, error) {
		if broken(ln.clock.Now()) {
			return true, nil, errors.New("the API is broken")
		}
		selector := a.(clientgotesting.ListAction).GetListRestrictions().Labels
		list, err := whole.NamespacedMetrics(a.GetNamespace()).List(a.GetResource().Resource, selector)
		return true, list, err
	})
	ln.metrics = fake
}

// What the demo tells a person to run has to answer.
func TestThePrintedLinesAnswer(t *testing.T) {
	r, ln := newTestReplay(t)
	_, err := r.runFast(t.Context(), ln)
	require.NoError(t, err)
	var greeting strings.Builder
	demoOptions{}.greet(&greeting, r, ln)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ln.api.CertPEM())
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	curl := regexp.MustCompile(`curl -sk '(.*)'`).FindStringSubmatch(greeting.String())
	kubectl := regexp.MustCompile(`kubectl --server (\S+) .* --token=(\S+) get --raw '(.*)'`).FindStringSubmatch(greeting.String())
	require.NotNil(t, curl, greeting.String())
	require.NotNil(t, kubectl, greeting.String())
	for _, line := range [][2]string{{curl[1], ""}, {kubectl[1] + kubectl[3], kubectl[2]}} {
		url, token := line[0], line[1]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := web.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", url, body)
		require.Contains(t, string(body), `"value":`)
	}
}

func TestABrokenMetricsAPIEndsTheDemo(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after func(r *replay) time.Time
	}{
		{"from the start", func(r *replay) time.Time { return r.Load.Start() }},
		{"in the last sync before the outage", func(r *replay) time.Time { return r.outage.Start.Add(-simulate.SyncPeriod) }},
		{"in the first sync after the outage", func(r *replay) time.Time { return r.outage.End }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, ln := newTestReplay(t)
			at := tc.after(r)
			breakAPI(ln, at.Equal)
			_, err := r.runFast(t.Context(), ln)
			require.EqualError(t, err, fmt.Sprintf("sync HPA of arm predictive at %s: compute replicas: 1 of 2 metrics invalid: "+
				"read metric foreshadow_predicted_capacity_replicas: the API is broken", at.Format(time.RFC3339)))
		})
	}
}

func TestSyncsWithoutTheMetricAreCountedDuringTheOutage(t *testing.T) {
	r, ln := newTestReplay(t)
	breakAPI(ln, r.outage.Contains)
	report, err := r.runFast(t.Context(), ln)
	require.NoError(t, err)
	require.Equal(t, int(outage/simulate.SyncPeriod), report.Predictive.InvalidSyncs)
	require.Zero(t, report.Reactive.InvalidSyncs)
	require.Zero(t, report.ReactiveEqualCost.InvalidSyncs)
}

func TestAServerThatEndsEarlyEndsTheDemo(t *testing.T) {
	r, ln := newTestReplay(t)
	require.NoError(t, ln.web.Close())
	served := <-ln.served
	ln.served <- served
	_, err := r.runFast(t.Context(), ln)
	require.EqualError(t, err, fmt.Sprintf("a server of the demo ended although nobody stopped it: serve %[1]s: accept tcp %[1]s: use of closed network connection", ln.web.Addr()))
}

func TestKeepEndsWithItsServers(t *testing.T) {
	_, ln := newTestReplay(t)
	ln.stop()
	require.EqualError(t, ln.wait(t.Context()), "a server of the demo ended although nobody stopped it")
}

func TestFaultsAreApartAndInsideTheReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]time.Duration{15 * time.Second, time.Minute, 128 * time.Second, 5 * time.Minute}).Draw(t, "step")
		seconds := rapid.Int64Range(int64(shortestReplay/time.Second), 90*24*3600).Draw(t, "replay")
		start := time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "start"), 0).UTC()
		s := forecast.Series{Start: start, Step: step, Values: make([]float64, time.Duration(seconds)*time.Second/step)}
		spike, outage := faultsOf(s)
		end := start.Add(s.Span())
		for _, at := range []time.Time{spike.Start, outage.Start, outage.End} {
			require.Zero(t, at.Sub(start)%updateEvery, "%v is no update", at)
		}
		require.True(t, spike.Start.After(start))
		require.True(t, spike.Span().End.Before(outage.Start))
		require.True(t, outage.End.Add(updateEvery).Before(end), "no update follows the outage")
		_, err := spike.Apply(s)
		require.NoError(t, err)
	})
}
