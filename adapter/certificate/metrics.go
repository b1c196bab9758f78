package certificate

import (
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// The results of a write.
const (
	resultSuccess  = "success"
	resultConflict = "conflict"
	resultError    = "error"
)

type metrics struct{ writes *prometheus.CounterVec }

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "foreshadow_ca_bundle_writes_total",
		Help: "Writes of the caBundle of APIServices, by result. A conflict is tried again at once.",
	}, []string{"result"})}
	reg.MustRegister(m.writes)
	for _, result := range []string{resultSuccess, resultConflict, resultError} {
		m.writes.WithLabelValues(result)
	}
	return m
}

func (m *metrics) observe(err error) {
	result := resultSuccess
	switch {
	case apierrors.IsConflict(err):
		result = resultConflict
	case err != nil:
		result = resultError
	}
	m.writes.WithLabelValues(result).Inc()
}
