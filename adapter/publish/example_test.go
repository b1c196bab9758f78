package publish_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock/testing"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// A value is answered as long as it is valid, and withheld with a reason afterwards, whether or not anything is published anew.
func Example() {
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	clock := testing.NewFakePassiveClock(now)
	board := &publish.Board{}
	p := publish.NewProvider(board, clock, prometheus.NewRegistry())

	board.Publish(publish.Pool{
		Namespace: "shop", Name: "web",
		PredictedCapacity: publish.Reading{Value: 7, ComputedAt: now, ValidUntil: now.Add(15 * time.Minute)},
	})
	ask := func() {
		metric := provider.ExternalMetricInfo{Metric: publish.MetricPredictedCapacity}
		list, err := p.GetExternalMetric(context.Background(), "shop", labels.SelectorFromSet(labels.Set{"pool": "web"}), metric)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(list.Items[0].MetricLabels, list.Items[0].Value.String())
	}
	ask()
	clock.SetTime(now.Add(20 * time.Minute))
	ask()
	// Output:
	// map[pool:web] 7
	// foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: its last value was computed 20m ago and was valid until 2026-11-23T12:15:00Z: nothing newer was computed
}
