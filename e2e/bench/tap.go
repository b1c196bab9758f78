package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// tapPayload is what the app answers.
var tapPayload = strings.Repeat("foreshadow ", 100)

// bareProxy is the arm that the others are compared with: httputil.ReverseProxy
// as its documentation shows it.
const bareProxy = "bare_proxy"

// arm is one way to the same app.
type arm struct {
	name  string
	url   string
	stop  func()
	times []float64
	// mirrored counts the samples that a shadow has taken; nil if there is no tap.
	mirrored func() (float64, error)
}

// tapping times requests through the tap of the sidecar beside the same through
// a bare proxy and directly, in turn, request by request. App, shadow and client
// are in this process, so that what the machine does befalls all alike.
func tapping() (_ []measurement, err error) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tapPayload) }))
	defer app.Close()
	arms := []*arm{{name: "direct", url: app.URL, stop: func() {}}, bareArm(app.URL)}
	defer func() {
		for _, a := range slices.Backward(arms) {
			a.stop()
		}
	}()
	for _, each := range []struct {
		name    string
		percent int
		to      func() (*receiver, error)
	}{
		{"tap_0", 0, warming},
		{"tap_10", 10, warming},
		{"tap_100", 100, warming},
		{"tap_10_all", 10, insatiable},
		{"tap_100_all", 100, insatiable},
		{"tap_10_hung", 10, hung},
	} {
		s, err := each.to()
		if err != nil {
			return nil, err
		}
		a, err := tapArm(each.name, app.URL, s, each.percent)
		if err != nil {
			s.stop()
			return nil, err
		}
		arms = append(arms, a)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10}}
	defer client.CloseIdleConnections()
	out, err := compareArms(client, arms)
	if err != nil {
		return nil, err
	}
	cost, err := costs(client, arms)
	return append(out, cost...), err
}

// taken returns how many samples of an arm shadows have taken.
func (a *arm) taken() (float64, error) {
	if a.mirrored == nil {
		return 0, nil
	}
	return a.mirrored()
}

func bareArm(appURL string) *arm {
	target, err := url.Parse(appURL)
	if err != nil {
		panic(err) // it is httptest's
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	s := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	return &arm{name: bareProxy, url: s.URL, stop: func() { s.Close(); transport.CloseIdleConnections() }}
}

func tapArm(name, appURL string, to *receiver, percent int) (*arm, error) {
	c, logger, reg := clock.RealClock{}, log.NewNopLogger(), prometheus.NewRegistry()
	mirror, err := warmup.NewMirror(warmup.MirrorConfig{
		Shadows: to.address, Refresh: time.Hour, Lookup: net.DefaultResolver.LookupHost, Strip: warmup.NewStrip(nil, nil),
	}, c, logger, warmup.NewMetrics(reg))
	if err != nil {
		return nil, err
	}
	tap, err := warmup.NewTap(warmup.TapConfig{Percent: percent}, appURL, mirror, c, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { mirror.Run(ctx) })
	s := httptest.NewServer(tap)
	return &arm{name: name, url: s.URL, mirrored: func() (float64, error) { return mirrored(reg) }, stop: func() {
		s.Close()
		cancel()
		running.Wait()
		tap.Close()
		to.stop()
	}}, nil
}

// tapQuantiles are those of which the ratios to the bare proxy's are told.
var tapQuantiles = map[string]float64{"p50": 0.5, "p99": 0.99}

// compareArms returns, of each arm, the medians over the rounds of p50 and p99
// as ratios to the bare proxy's, and of the tap whose shadow hangs as ratios to
// the same tap's with a healthy one.
func compareArms(client *http.Client, arms []*arm) ([]measurement, error) {
	ratios := map[string][]float64{}
	for round := range rounds + 1 {
		if err := playRound(client, arms); err != nil {
			return nil, err
		}
		if round == 0 {
			continue // connections and caches warm up
		}
		by := map[string]*arm{}
		for _, a := range arms {
			by[a.name] = a
		}
		for name, p := range tapQuantiles {
			for _, a := range arms {
				ratios[ratioName(name, a)] = append(ratios[ratioName(name, a)], quantile(a.times, p)/quantile(by[bareProxy].times, p))
			}
			ratios[hungName(name)] = append(ratios[hungName(name)], quantile(by["tap_10_hung"].times, p)/quantile(by["tap_10"].times, p))
		}
	}
	var out []measurement
	for _, name := range slices.Sorted(maps.Keys(tapQuantiles)) {
		for _, a := range arms {
			if a.name != bareProxy {
				out = append(out, measurement{ratioName(name, a), quantile(ratios[ratioName(name, a)], 0.5), "ratio to a bare proxy"})
			}
		}
		out = append(out, measurement{hungName(name), quantile(ratios[hungName(name)], 0.5), "ratio"})
	}
	return out, nil
}

func hungName(quantile string) string { return "tap_" + quantile + "_hung_to_healthy_ratio" }

func ratioName(quantile string, a *arm) string {
	return "tap_" + quantile + "_ratio_" + strings.TrimPrefix(a.name, "tap_")
}

// playRound times as many requests through each arm, in turn.
func playRound(client *http.Client, arms []*arm) error {
	for _, a := range arms {
		a.times = a.times[:0]
	}
	for range perRound {
		for _, a := range arms {
			took, err := get(client, a.url)
			if err != nil {
				return fmt.Errorf("through %s: %w", a.name, err)
			}
			a.times = append(a.times, took)
		}
	}
	return nil
}

// costs counts, besides the share of the requests that shadows took, what a request
// allocates in the whole process, client, app and shadow included, and takes off
// what it does without a proxy.
func costs(client *http.Client, arms []*arm) ([]measurement, error) {
	const n = 2000
	var direct [2]float64
	var out []measurement
	for _, a := range arms {
		var before, after runtime.MemStats
		was, err := a.taken()
		if err != nil {
			return nil, err
		}
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range n {
			if _, err := get(client, a.url); err != nil {
				return nil, fmt.Errorf("through %s: %w", a.name, err)
			}
		}
		runtime.ReadMemStats(&after)
		is, err := a.taken()
		if err != nil {
			return nil, err
		}
		got := [2]float64{float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n}
		if a.name == "direct" {
			direct = got
			continue
		}
		name := strings.TrimPrefix(a.name, "tap_")
		out = append(out,
			measurement{"tap_allocs_" + name, got[0] - direct[0], "allocs/request"},
			measurement{"tap_bytes_" + name, got[1] - direct[1], "bytes/request"})
		if a.mirrored != nil {
			out = append(out, measurement{"tap_mirrored_" + name, 100 * (is - was) / n, "percent of requests"})
		}
	}
	return out, nil
}
