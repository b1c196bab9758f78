package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// receiver is where a tap sends its samples.
type receiver struct {
	address string
	stop    func()
}

// warming is one that takes samples as the sidecar of a shadow does with the
// defaults of its flags: at most 50 a second in the end, for as long as it runs.
func warming() (*receiver, error) {
	c, metrics := clock.RealClock{}, warmup.NewMetrics(nil)
	inbox := warmup.NewInbox(warmup.NewStrip(nil, nil), false, c, metrics)
	settings := warmup.DefaultSettings()
	settings.Rate = settings.MaxRate
	settings.MinRequests, settings.Timeout = 1<<30, 24*time.Hour // it is never warm
	driver, err := warmup.NewDriver(settings, instant{}, warmup.Feed{Inbox: inbox}, rand.New(rand.NewPCG(1, 2)), c, log.NewNopLogger(), metrics)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { driver.Run(ctx) })
	s := httptest.NewServer(inbox)
	return &receiver{address: s.Listener.Addr().String(), stop: func() {
		s.Close()
		cancel()
		running.Wait()
	}}, nil
}

// instant is an app that costs nothing.
type instant struct{}

// Reach finds it.
func (instant) Reach(context.Context) error { return nil }

// Do answers.
func (instant) Do(_ context.Context, r *warmup.Request) warmup.Outcome {
	return warmup.Outcome{Route: r.Route, Class: warmup.ClassSuccess, Latency: time.Millisecond, At: time.Now()}
}

// insatiable is one that always asks for more than a tap sends together: nothing
// but the tap itself bounds how much is mirrored.
func insatiable() (*receiver, error) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"taken":1000,"room":1000}`)
	}))
	return &receiver{address: s.Listener.Addr().String(), stop: s.Close}, nil
}

// hung is one that takes connections and says nothing.
func hung() (*receiver, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &receiver{address: l.Addr().String(), stop: func() { _ = l.Close() }}, nil
}

// mirrored reads from the metrics of a sidecar how many samples shadows took.
func mirrored(g prometheus.Gatherer) (float64, error) {
	families, err := g.Gather()
	if err != nil {
		return 0, err
	}
	for _, f := range families {
		if f.GetName() != "foreshadow_sidecar_tapped_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == "sent" {
				return m.GetCounter().GetValue(), nil
			}
		}
	}
	return 0, errors.New("the sidecar does not count its samples")
}
