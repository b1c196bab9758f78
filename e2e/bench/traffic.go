package main

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
)

// traffic lets one pool live for an hour after its first read, against a server
// that writes numbers as Prometheus does, and counts the bytes that come.
func traffic() ([]measurement, error) {
	server := httptest.NewServer(http.HandlerFunc(writeMatrix))
	defer server.Close()
	reg := prometheus.NewRegistry()
	remote, err := history.NewRemote(history.RemoteConfig{URL: server.URL}, log.NewNopLogger(), history.NewMetrics(reg), clock.RealClock{})
	if err != nil {
		return nil, err
	}
	defer remote.Close()
	settings, err := refresh.SettingsOf(newPool("shop", "web"), refresh.Binding{Given: asIs, Ours: asIs}, refresh.DefaultInterval)
	if err != nil {
		return nil, err
	}
	loop, err := refresh.NewLoop(settings, remote, nil)
	if err != nil {
		return nil, err
	}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if r := loop.Tick(context.Background(), start); r.ReadErr != nil {
		return nil, r.ReadErr
	}
	first, err := received(reg)
	if err != nil {
		return nil, err
	}
	for past := refresh.DefaultInterval; past <= time.Hour; past += refresh.DefaultInterval {
		if r := loop.Tick(context.Background(), start.Add(past)); r.ReadErr != nil {
			return nil, r.ReadErr
		}
	}
	all, err := received(reg)
	if err != nil {
		return nil, err
	}
	return []measurement{
		{"response_bytes_first_read", first, "bytes"},
		{"response_bytes_per_pool_hour", all - first, "bytes"},
	}, nil
}

// received is what the bodies of all answers had.
func received(reg *prometheus.Registry) (float64, error) {
	families, err := reg.Gather()
	if err != nil {
		return 0, err
	}
	for _, f := range families {
		if f.GetName() == "foreshadow_prometheus_response_bytes_total" {
			return f.GetMetric()[0].GetCounter().GetValue(), nil
		}
	}
	return 0, errors.New("no metric counts the bytes of answers")
}

// writeMatrix answers a range query with a load that repeats each day, and with
// all digits that a rate has.
func writeMatrix(w http.ResponseWriter, r *http.Request) {
	number := func(name string) int64 {
		v, _ := strconv.ParseFloat(r.FormValue(name), 64) // the client wrote it
		return int64(v)
	}
	body := []byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[`)
	for t, end, step := number("start"), number("end"), max(number("step"), 1); t <= end; t += step {
		body = append(body, '[')
		body = strconv.AppendInt(body, t, 10)
		body = append(body, `,"`...)
		body = strconv.AppendFloat(body, 1500+700*math.Sin(2*math.Pi*float64(t%86400)/86400), 'f', -1, 64)
		body = append(body, `"],`...)
	}
	body = append(body[:len(body)-1], `]}]}}`...)
	_, _ = w.Write(body)
}
