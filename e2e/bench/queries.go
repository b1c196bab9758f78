package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

// syncEvery is how often an HPA reads each of its metrics.
const syncEvery = 15 * time.Second

// counting answers any query with a constant load and counts the queries and
// the points.
type counting struct {
	queries, points atomic.Int64
}

func (c *counting) QueryRange(_ context.Context, _ string, r history.Range) (history.Result, error) {
	c.queries.Add(1)
	c.points.Add(int64(r.Points()))
	points := make([]history.Point, 0, r.Points())
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: 1500})
	}
	return history.Result{Series: []history.Samples{{Points: points}}}, nil
}

// asIs asks what the pool says.
func asIs(expr, _ string) (string, error) { return expr, nil }

// queries lets one pool live for a virtual hour after its first read, while an
// HPA reads its value, and counts what reaches Prometheus: for the value, and for
// the profiles of its pods. The peer asks Prometheus once per read, as adapters
// without a snapshot do.
func queries() ([]measurement, error) {
	source, board := &counting{}, &publish.Board{}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	virtual := simulate.NewClock(start)
	metrics := publish.NewProvider(board, virtual, prometheus.NewRegistry())
	settings, err := refresh.SettingsOf(newPool("shop", "web"), refresh.Binding{Given: asIs, Ours: asIs}, refresh.DefaultInterval)
	if err != nil {
		return nil, err
	}
	loop, err := refresh.NewLoop(settings, source, nil)
	if err != nil {
		return nil, err
	}
	board.Publish(loop.Tick(context.Background(), start).Published())
	firstPoints := source.points.Swap(0)
	source.queries.Store(0)

	reads := 0
	selector := labels.SelectorFromSet(labels.Set{publish.LabelPool: "web"})
	for past := syncEvery; past <= time.Hour; past += syncEvery {
		now := start.Add(past)
		virtual.Set(now)
		if past%refresh.DefaultInterval == 0 {
			board.Publish(loop.Tick(context.Background(), now).Published())
		}
		if _, err := metrics.GetExternalMetric(context.Background(), "shop", selector, provider.ExternalMetricInfo{Metric: publish.MetricPredictedCapacity}); err != nil {
			return nil, err
		}
		reads++
	}
	ours, points := float64(source.queries.Load()), float64(source.points.Load())
	profiles, err := profileQueries(source, settings.Profile, start)
	if err != nil {
		return nil, err
	}
	return append([]measurement{
		{"queries_per_pool_hour", ours, "queries"},
		{"queries_per_pool_hour_of_one_per_read", float64(reads), "queries"},
		{"queries_ratio", ours / float64(reads), "ratio"},
		{"points_first_read", float64(firstPoints), "points"},
		{"points_per_pool_hour", points, "points"},
	}, profiles...), nil
}

// profileQueries counts what profiles ask of Prometheus, for all pods of a pool
// together: in an hour, and besides once a day for the hours of the week.
func profileQueries(source *counting, cfg profile.Config, start time.Time) ([]measurement, error) {
	reader, err := profile.NewReader(source, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := reader.Read(context.Background(), start); err != nil {
		return nil, err
	}
	source.queries.Store(0)
	for now := start; !now.After(start.Add(time.Hour)); now = now.Add(refresh.DefaultInterval) {
		if !reader.Due(now) {
			continue
		}
		if _, err := reader.Read(context.Background(), now); err != nil {
			return nil, err
		}
	}
	return []measurement{
		{"profile_queries_per_pool_hour", float64(source.queries.Load()), "queries"},
		{"profile_queries_per_pool_day_besides", float64(len(cfg.Weekly)), "queries"},
	}, nil
}
