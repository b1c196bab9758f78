package publish

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierr "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/metrics/pkg/apis/external_metrics"
	"k8s.io/utils/clock"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// Provider answers the external and the custom metrics API from a Board's snapshot. It never waits for anything.
type Provider struct {
	board *Board
	clock clock.PassiveClock
	// external and custom count the answers of each API.
	external, custom answers
}

var _ provider.MetricsProvider = (*Provider)(nil)

// NewProvider returns a provider that reads board, judges the age of readings by c, and counts its answers in reg.
func NewProvider(board *Board, c clock.PassiveClock, reg prometheus.Registerer) *Provider {
	return &Provider{board: board, clock: c, external: countExternal(reg), custom: countCustom(reg)}
}

// ListAllExternalMetrics names every metric there is. It is never empty: clients never cache an empty discovery.
func (p *Provider) ListAllExternalMetrics() []provider.ExternalMetricInfo {
	return []provider.ExternalMetricInfo{{Metric: MetricPredictedCapacity}, {Metric: MetricPredictedLoad}, {Metric: MetricWarmReplicas}}
}

// GetExternalMetric answers with exactly one item, or refuses: 404 when the metric or the pool does not exist, 400 when the selector
// matches several pools, 503 when the pool's reading must not be given out. Every refusal is a *StatusError.
func (p *Provider) GetExternalMetric(
	_ context.Context, namespace string, selector labels.Selector, info provider.ExternalMetricInfo,
) (*external_metrics.ExternalMetricValueList, error) {
	list, refusal := p.get(namespace, selector, info.Metric)
	if refusal != nil {
		p.external.observe(info.Metric, int(refusal.ErrStatus.Code))
		return nil, refusal
	}
	p.external.observe(info.Metric, codeOK)
	return list, nil
}

// answer holds a list and its one item, so that an answer is one allocation.
type answer struct {
	list external_metrics.ExternalMetricValueList
	item [1]external_metrics.ExternalMetricValue
}

func (p *Provider) get(namespace string, selector labels.Selector, metric string) (*external_metrics.ExternalMetricValueList, *apierr.StatusError) {
	if metric != MetricPredictedCapacity && metric != MetricPredictedLoad && metric != MetricWarmReplicas {
		return nil, unknownMetric(metric)
	}
	snapshot, now := p.board.Snapshot(), p.clock.Now()
	e, refusal := snapshot.selectOne(namespace, selector)
	if refusal != nil {
		return nil, refusal
	}
	reading, convert := e.pool.PredictedCapacity, replicas
	switch metric {
	case MetricPredictedLoad:
		reading, convert = e.pool.PredictedLoad, quantity
	case MetricWarmReplicas:
		reading = e.pool.Shadows.warm(snapshot.shadowsRole, now)
	}
	if reason := reading.Refusal(now); reason != "" {
		return nil, refused(metric, &e.pool, reason)
	}
	value, err := convert(reading.Value)
	if err != nil {
		return nil, refused(metric, &e.pool, err.Error())
	}
	return newAnswer(metric, e.labels, reading.ComputedAt, value), nil
}

func newAnswer(metric string, l map[string]string, at time.Time, value resource.Quantity) *external_metrics.ExternalMetricValueList {
	a := &answer{item: [1]external_metrics.ExternalMetricValue{{
		MetricName:   metric,
		MetricLabels: l,
		Timestamp:    metav1.NewTime(at),
		Value:        value,
	}}}
	a.list.Items = a.item[:]
	return &a.list
}

// selectOne returns the one pool of the namespace that selector matches.
func (s *Snapshot) selectOne(namespace string, selector labels.Selector) (*entry, *apierr.StatusError) {
	if name, exact := selector.RequiresExactMatch(LabelPool); exact {
		// One name can match one pool at most, so nothing else needs to be looked at.
		if e := s.entry(namespace, name); e != nil && selector.Matches(labels.Set(e.labels)) {
			return e, nil
		}
		return nil, noPool(namespace, selector, s.entries(namespace))
	}
	entries := s.entries(namespace)
	var matched []*entry
	for _, e := range entries {
		if selector.Matches(labels.Set(e.labels)) {
			matched = append(matched, e)
		}
	}
	switch len(matched) {
	case 0:
		return nil, noPool(namespace, selector, entries)
	case 1:
		return matched[0], nil
	}
	return nil, severalPools(namespace, selector, matched)
}
