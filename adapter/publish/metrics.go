package publish

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	codeOK = http.StatusOK
	// metricOther stands for every name that this API does not have, so that strangers cannot grow the label.
	metricOther = "other"
)

// metrics counts what the metrics API answers. Both labels are closed sets, resolved once.
type metrics struct {
	requests map[string]map[int]prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "foreshadow_external_metric_requests_total",
		Help: "Requests for an external metric, by metric (other: not one of ours) and HTTP status code of the answer.",
	}, []string{"metric", "code"})
	reg.MustRegister(vec)
	known := []int{codeOK, http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable}
	codes := map[string][]int{
		MetricPredictedCapacity: known, MetricPredictedLoad: known, metricOther: {http.StatusNotFound},
	}
	m := &metrics{requests: map[string]map[int]prometheus.Counter{}}
	for name, codes := range codes {
		m.requests[name] = map[int]prometheus.Counter{}
		for _, code := range codes {
			m.requests[name][code] = vec.WithLabelValues(name, strconv.Itoa(code))
		}
	}
	return m
}

// observe counts one answer.
func (m *metrics) observe(metric string, code int) {
	byCode, ours := m.requests[metric]
	if !ours {
		byCode = m.requests[metricOther]
	}
	byCode[code].Inc()
}
