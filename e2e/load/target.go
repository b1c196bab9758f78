package load

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/utils/clock"
)

// MetricName is the gauge under which Prometheus knows the load.
const MetricName = "e2e_load_requests_per_second"

// Target is what Prometheus scrapes.
type Target struct {
	*server
}

// NewTarget serves the source's load at /metrics.
func NewTarget(s *Source, c clock.PassiveClock) (*Target, error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: MetricName,
		Help: "Requests per second that the workload gets.",
	}, func() float64 { return s.At(c.Now()) }))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	srv, err := serve(mux, nil)
	if err != nil {
		return nil, err
	}
	return &Target{srv}, nil
}
