package history

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts the queries of every Source in the process. Make it once per
// registry and share it.
type Metrics struct {
	queries  *prometheus.CounterVec
	requests prometheus.Counter
	bytes    prometheus.Counter
	duration prometheus.Histogram
	dropped  *prometheus.CounterVec
}

// results are the values of the label "result".
var results = []struct {
	kind error
	name string
}{
	{ErrUnreachable, "unreachable"},
	{ErrUnauthorized, "unauthorized"},
	{ErrUnavailable, "unavailable"},
	{ErrBadQuery, "bad_query"},
	{ErrTooLarge, "too_large"},
	{ErrTimeout, "timeout"},
	{ErrBadAnswer, "bad_answer"},
	{context.Canceled, "canceled"},
}

const (
	resultSuccess  = "success"
	resultDegraded = "degraded"
	resultOther    = "error"
)

// NewMetrics registers the metrics of this package. A nil registerer gives
// metrics that nobody sees.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	m := &Metrics{
		queries: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_prometheus_queries_total",
			Help: "Range queries by result; one may take several HTTP requests.",
		}, []string{"result"}),
		requests: f.NewCounter(prometheus.CounterOpts{
			Name: "foreshadow_prometheus_requests_total",
			Help: "HTTP requests to Prometheus, retries and chunks included.",
		}),
		bytes: f.NewCounter(prometheus.CounterOpts{
			Name: "foreshadow_prometheus_response_bytes_total",
			Help: "Bytes of the bodies that Prometheus answered with.",
		}),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name:                            "foreshadow_prometheus_query_duration_seconds",
			Help:                            "Time that a range query took, waiting and retries included.",
			Buckets:                         []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		dropped: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_prometheus_samples_dropped_total",
			Help: "Samples that were not used as they came, by reason.",
		}, []string{"reason"}),
	}
	for _, r := range results {
		m.queries.WithLabelValues(r.name)
	}
	m.queries.WithLabelValues(resultSuccess)
	return m
}

// Observe counts one finished query.
func (m *Metrics) Observe(res Result, err error, took time.Duration) {
	m.queries.WithLabelValues(resultName(res, err)).Inc()
	m.duration.Observe(took.Seconds())
	for reason, n := range res.Dropped {
		m.dropped.WithLabelValues(reason).Add(float64(n))
	}
}

func resultName(res Result, err error) string {
	if err == nil {
		if res.Degraded() {
			return resultDegraded
		}
		return resultSuccess
	}
	for _, r := range results {
		if errors.Is(err, r.kind) {
			return r.name
		}
	}
	return resultOther
}
