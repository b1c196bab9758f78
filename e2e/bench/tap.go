package main

import (
	"context"
	"errors"
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
	"time"

	"github.com/go-kit/log"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// bareProxy is the arm that the others are compared with: httputil.ReverseProxy
// as its documentation shows it.
const bareProxy = "bare_proxy"

// arm is one way to the same app.
type arm struct {
	name  string
	url   string
	stop  func()
	times []float64
}

// tapping times requests through the tap of the sidecar beside the same through
// a bare proxy and directly, in turn, request by request. App, shadow and client
// are in this process, so that what the machine does befalls all alike.
func tapping() (_ []measurement, err error) {
	payload := strings.Repeat("foreshadow ", 100)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, payload) }))
	defer app.Close()
	shadow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer shadow.Close()
	hung, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, hung.Close()) }()

	arms := []*arm{{name: "direct", url: app.URL, stop: func() {}}, bareArm(app.URL)}
	for _, each := range []struct {
		name    string
		percent int
		shadow  string
	}{
		{"tap_0", 0, shadow.Listener.Addr().String()},
		{"tap_10", 10, shadow.Listener.Addr().String()},
		{"tap_100", 100, shadow.Listener.Addr().String()},
		{"tap_10_hung", 10, hung.Addr().String()},
	} {
		a, err := tapArm(each.name, app.URL, each.shadow, each.percent)
		if err != nil {
			return nil, err
		}
		arms = append(arms, a)
	}
	defer func() {
		for _, a := range arms {
			a.stop()
		}
	}()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10}}
	defer client.CloseIdleConnections()
	out, err := compareArms(client, arms)
	if err != nil {
		return nil, err
	}
	cost, err := costs(client, arms)
	return append(out, cost...), err
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

func tapArm(name, appURL, shadow string, percent int) (*arm, error) {
	c, logger, metrics := clock.RealClock{}, log.NewNopLogger(), warmup.NewMetrics(nil)
	shadows, err := warmup.NewShadows(shadow, time.Hour, net.DefaultResolver.LookupHost, c, logger)
	if err != nil {
		return nil, err
	}
	mirror := warmup.NewMirror(shadows, metrics)
	tap, err := warmup.NewTap(warmup.TapConfig{Percent: percent, Strip: warmup.NewStrip(nil, nil)}, appURL, mirror, c, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() { shadows.Run(ctx); done <- struct{}{} }()
	go func() { mirror.Run(ctx); done <- struct{}{} }()
	s := httptest.NewServer(tap)
	return &arm{name: name, url: s.URL, stop: func() {
		s.Close()
		cancel()
		<-done
		<-done
		tap.Close()
	}}, nil
}

// tapQuantiles are those of which the ratios to the bare proxy's are told.
var tapQuantiles = map[string]float64{"p50": 0.5, "p99": 0.99}

// compareArms returns, of each arm, the medians over the rounds of p50 and p99
// as ratios to the bare proxy's.
func compareArms(client *http.Client, arms []*arm) ([]measurement, error) {
	ratios := map[string][]float64{}
	for round := range rounds + 1 {
		if err := playRound(client, arms); err != nil {
			return nil, err
		}
		if round == 0 {
			continue // connections and caches warm up
		}
		bare := arms[slices.IndexFunc(arms, func(a *arm) bool { return a.name == bareProxy })]
		for _, a := range arms {
			for name, p := range tapQuantiles {
				ratios[ratioName(name, a)] = append(ratios[ratioName(name, a)], quantile(a.times, p)/quantile(bare.times, p))
			}
		}
	}
	var out []measurement
	for _, a := range arms {
		for _, name := range slices.Sorted(maps.Keys(tapQuantiles)) {
			if a.name != bareProxy {
				out = append(out, measurement{ratioName(name, a), quantile(ratios[ratioName(name, a)], 0.5), "ratio to a bare proxy"})
			}
		}
	}
	return out, nil
}

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

// costs counts what a request allocates in the whole process, client, app and
// shadow included, and takes off what it does without a proxy.
func costs(client *http.Client, arms []*arm) ([]measurement, error) {
	const n = 2000
	var direct [2]float64
	var out []measurement
	for _, a := range arms {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range n {
			if _, err := get(client, a.url); err != nil {
				return nil, fmt.Errorf("through %s: %w", a.name, err)
			}
		}
		runtime.ReadMemStats(&after)
		got := [2]float64{float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n}
		if a.name == "direct" {
			direct = got
			continue
		}
		name := strings.TrimPrefix(a.name, "tap_")
		out = append(out,
			measurement{"tap_allocs_" + name, got[0] - direct[0], "allocs/request"},
			measurement{"tap_bytes_" + name, got[1] - direct[1], "bytes/request"})
	}
	return out, nil
}
