package sources

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
			Name: "foreshadow_sources_reload_success",
			Help: "Whether the sources file as it is now is in use (1) or was refused (0).",
		}),
		successTime: f.NewGauge(prometheus.GaugeOpts{
			Name: "foreshadow_sources_reload_success_timestamp_seconds",
			Help: "When the sources file was last read with success.",
		}),
	}
}
