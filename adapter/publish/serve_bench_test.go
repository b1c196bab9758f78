package publish

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/metrics/pkg/apis/external_metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// constant answers with one list that it holds: what the API server library costs with a provider that does nothing.
type constant struct {
	*Provider
	list *external_metrics.ExternalMetricValueList
}

func (c constant) GetExternalMetric(
	context.Context, string, labels.Selector, provider.ExternalMetricInfo,
) (*external_metrics.ExternalMetricValueList, error) {
	return c.list, nil
}

// arm is one way to answer: a path of one server.
type arm struct {
	name, url string
	handler   http.Handler
	took      []time.Duration
}

// serveArms returns the external metric, a handler in the same chain of filters that writes the same bytes at once, and the same route
// with a provider that does nothing.
func serveArms(b *testing.B) (external, noop, nothing *arm) {
	b.Helper()
	p := testProvider(testPool("shop", "web"), testPool("shop", "api"))
	var body []byte
	s := startStandalone(b, p, map[string]http.Handler{"/noop": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})})
	_, answer := get(b, verifyingClient(b, s), s.URL()+shopWeb)
	body = []byte(answer)
	list, err := p.GetExternalMetric(b.Context(), "shop", parseSelector(b, "pool=web"), info(MetricPredictedLoad))
	require.NoError(b, err)
	c := startStandalone(b, constant{p, list}, nil)
	return &arm{name: "external", url: s.URL() + shopWeb, handler: s.Handler()},
		&arm{name: "noop", url: s.URL() + "/noop", handler: s.Handler()},
		&arm{name: "constant", url: c.URL() + shopWeb, handler: c.Handler()}
}

// BenchmarkServe holds a read of one external metric against the same chain of filters with nothing behind it. The arms take turns in
// one loop, so that what else the machine does falls on all of them.
func BenchmarkServe(b *testing.B) {
	external, noop, nothing := serveArms(b)
	arms := []*arm{external, noop, nothing}
	b.Run("https", func(b *testing.B) { benchmarkHTTPS(b, arms) })
	for _, a := range arms {
		b.Run("chain/"+a.name, func(b *testing.B) { benchmarkChain(b, a) })
	}
	b.Run("provider", benchmarkProvider)
}

// benchmarkHTTPS reads each arm over one HTTP/2 connection of its own and reports medians, 99th percentiles and their ratios to noop.
func benchmarkHTTPS(b *testing.B, arms []*arm) {
	b.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true // two servers, each with its own key, on loopback
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, a := range arms {
		a.took = a.took[:0]
		for range 200 { // connections, caches and the branch predictor are warm before anything counts
			read(b, client, a.url)
		}
	}
	for turn := 0; b.Loop(); turn++ {
		for i := range arms {
			a := arms[(turn+i)%len(arms)] // none is always the one after another
			start := time.Now()
			read(b, client, a.url)
			a.took = append(a.took, time.Since(start))
		}
	}
	report(b, arms)
}

func read(b *testing.B, client *http.Client, url string) {
	b.Helper()
	response, err := client.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("GET %s: %d: %v", url, response.StatusCode, err)
	}
}

// report writes the percentiles of the arms external, noop and constant, in this order.
func report(b *testing.B, arms []*arm) {
	b.Helper()
	at := func(a *arm, p float64) float64 { return float64(a.took[int(p*float64(len(a.took)-1))].Microseconds()) }
	for _, a := range arms {
		slices.Sort(a.took)
		b.ReportMetric(at(a, 0.5), a.name+"_p50_us")
		b.ReportMetric(at(a, 0.99), a.name+"_p99_us")
	}
	external, noop, nothing := arms[0], arms[1], arms[2]
	b.ReportMetric(at(external, 0.5)/at(noop, 0.5), "p50_ratio")
	b.ReportMetric(at(external, 0.99)/at(noop, 0.99), "p99_ratio")
	b.ReportMetric(at(external, 0.5)/at(nothing, 0.5), "p50_ratio_to_constant")
	b.ReportMetric(at(external, 0.99)/at(nothing, 0.99), "p99_ratio_to_constant")
}

// benchmarkChain counts the allocations of one answer, without the network.
func benchmarkChain(b *testing.B, a *arm) {
	b.Helper()
	b.ReportAllocs()
	request := httptest.NewRequest(http.MethodGet, a.url, nil)
	for b.Loop() {
		recorder := httptest.NewRecorder()
		a.handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			b.Fatalf("GET %s: %d: %s", a.url, recorder.Code, recorder.Body)
		}
	}
}

func benchmarkProvider(b *testing.B) {
	b.ReportAllocs()
	p, selector := testProvider(testPool("shop", "web"), testPool("shop", "api")), parseSelector(b, "pool=web")
	for b.Loop() {
		if _, err := p.GetExternalMetric(b.Context(), "shop", selector, info(MetricPredictedLoad)); err != nil {
			b.Fatal(err)
		}
	}
}
