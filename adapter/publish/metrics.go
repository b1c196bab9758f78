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

// answers counts what a metrics API answers, by metric and code. Both labels are closed sets, resolved once.
type answers map[string]map[int]prometheus.Counter

func countExternal(reg prometheus.Registerer) answers {
	return newAnswers(reg, prometheus.CounterOpts{
		Name: "foreshadow_external_metric_requests_total",
		Help: "Requests for an external metric, by metric (other: not one of ours) and HTTP status code of the answer.",
	}, MetricPredictedCapacity, MetricPredictedLoad, MetricWarmReplicas)
}

func countCustom(reg prometheus.Registerer) answers {
	return newAnswers(reg, prometheus.CounterOpts{
		Name: "foreshadow_custom_metric_requests_total",
		Help: "Requests for a custom metric, by metric (other: not one of ours) and HTTP status code of the answer.",
	}, MetricWarmUpProgress)
}

func newAnswers(reg prometheus.Registerer, o prometheus.CounterOpts, ours ...string) answers {
	vec := prometheus.NewCounterVec(o, []string{"metric", "code"})
	reg.MustRegister(vec)
	a := answers{metricOther: {http.StatusNotFound: vec.WithLabelValues(metricOther, strconv.Itoa(http.StatusNotFound))}}
	for _, name := range ours {
		a[name] = map[int]prometheus.Counter{}
		for _, code := range []int{codeOK, http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable} {
			a[name][code] = vec.WithLabelValues(name, strconv.Itoa(code))
		}
	}
	return a
}

// observe counts one answer.
func (a answers) observe(metric string, code int) {
	byCode, ours := a[metric]
	if !ours {
		byCode = a[metricOther]
	}
	byCode[code].Inc()
}
