package pools

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type fileMetrics struct {
	success     prometheus.Gauge
	successTime prometheus.Gauge
}

func newFileMetrics(reg prometheus.Registerer) *fileMetrics {
	f := promauto.With(reg)
	return &fileMetrics{
		success: f.NewGauge(prometheus.GaugeOpts{
			Name: "foreshadow_pools_reload_success",
			Help: "Whether the pools file as it is now is in use (1) or was refused (0).",
		}),
		successTime: f.NewGauge(prometheus.GaugeOpts{
			Name: "foreshadow_pools_reload_success_timestamp_seconds",
			Help: "When the pools file was last read with success.",
		}),
	}
}

// Outcomes of a status write.
const (
	resultWritten   = "written"
	resultUnchanged = "unchanged"
	resultGone      = "gone"
	resultFailed    = "failed"
)

type statusMetrics struct {
	writes *prometheus.CounterVec
}

func newStatusMetrics(reg prometheus.Registerer) *statusMetrics {
	m := &statusMetrics{writes: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "foreshadow_pool_status_writes_total",
		Help: "Statuses of pools that were due to be written, by result.",
	}, []string{"result"})}
	for _, result := range []string{resultWritten, resultUnchanged, resultGone, resultFailed} {
		m.writes.WithLabelValues(result)
	}
	return m
}
