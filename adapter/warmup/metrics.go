package warmup

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of a sidecar.
type Metrics struct {
	requests *prometheus.CounterVec
	latency  prometheus.Histogram
	ratio    prometheus.Gauge
	stage    *prometheus.GaugeVec
	rate     prometheus.Gauge
	inbox    *prometheus.CounterVec
	tapped   *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_sidecar_requests_total", Help: "Requests of the warm-up to the app, by the class of the response.",
		}, []string{"class"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "foreshadow_sidecar_request_duration_seconds", Help: "Time from a request of the warm-up to the header of its response.",
			Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
		ratio: prometheus.NewGauge(prometheus.GaugeOpts{Name: "foreshadow_sidecar_progress_ratio", Help: "How warm the app is, 0 to 1."}),
		stage: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "foreshadow_sidecar_stage", Help: "1 for the condition of the warm-up that is still missing, 0 for the others.",
		}, []string{"stage"}),
		rate: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "foreshadow_sidecar_requests_per_second", Help: "Requests that the warm-up sends in a second, at most.",
		}),
		inbox: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_sidecar_received_requests_total", Help: "Requests that taps have sent to this sidecar, by what became of them.",
		}, []string{"result"}),
		tapped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_sidecar_tapped_requests_total", Help: "Sampled requests of the app's own, by what became of the sample.",
		}, []string{"result"}),
	}
	for _, c := range classes() {
		m.requests.WithLabelValues(string(c))
	}
	for _, r := range receivedResults() {
		m.inbox.WithLabelValues(r)
	}
	for _, r := range tapResults() {
		m.tapped.WithLabelValues(r)
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.latency, m.ratio, m.stage, m.rate, m.inbox, m.tapped)
	}
	return m
}

func (m *Metrics) sent(o Outcome) {
	m.requests.WithLabelValues(string(o.Class)).Inc()
	m.latency.Observe(o.Latency.Seconds())
}

func (m *Metrics) received(result string) { m.inbox.WithLabelValues(result).Inc() }

func (m *Metrics) tap(result string, n int) { m.tapped.WithLabelValues(result).Add(float64(n)) }

func (m *Metrics) progress(p Progress) {
	m.ratio.Set(p.Ratio)
	m.rate.Set(p.Rate)
	for _, s := range Stages() {
		v := 0.0
		if s == p.Stage {
			v = 1
		}
		m.stage.WithLabelValues(string(s)).Set(v)
	}
}
