package publish

import (
	"context"
	"math"

	apierr "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/metrics/pkg/apis/custom_metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// The labels of a shadow's pod that are known here: its pool's status says them, and this role reads no pods.
const (
	PodLabelPool  = "foreshadow.dev/pool"
	PodLabelState = "foreshadow.dev/state"
)

var podsResource = schema.GroupResource{Resource: "pods"}

// ListAllMetrics names the one metric of pods.
func (p *Provider) ListAllMetrics() []provider.CustomMetricInfo {
	return []provider.CustomMetricInfo{{GroupResource: podsResource, Namespaced: true, Metric: MetricWarmUpProgress}}
}

// GetMetricByName answers for one pod that is a shadow, or refuses: 404 where it is none, 503 where its progress must not be given out.
// selector is of the metric's labels, of which there is one, the pool. Every refusal is a *StatusError.
func (p *Provider) GetMetricByName(
	_ context.Context, name types.NamespacedName, info provider.CustomMetricInfo, selector labels.Selector,
) (*custom_metrics.MetricValue, error) {
	value, refusal := p.progressOf(name, info, selector)
	if refusal != nil {
		p.custom.observe(info.Metric, int(refusal.ErrStatus.Code))
		return nil, refusal
	}
	p.custom.observe(info.Metric, codeOK)
	return value, nil
}

// GetMetricBySelector answers for every shadow whose pod has the labels, as far as they are known here: foreshadow.dev/pool and
// foreshadow.dev/state. It refuses with 404 where there is none, with 400 where it would take labels that are not known to tell, and with
// 503 where any of them must not be given out: an autoscaler would take the rest for all.
func (p *Provider) GetMetricBySelector(
	_ context.Context, namespace string, selector labels.Selector, info provider.CustomMetricInfo, metricSelector labels.Selector,
) (*custom_metrics.MetricValueList, error) {
	list, refusal := p.progressOfAll(namespace, selector, info, metricSelector)
	if refusal != nil {
		p.custom.observe(info.Metric, int(refusal.ErrStatus.Code))
		return nil, refusal
	}
	p.custom.observe(info.Metric, codeOK)
	return list, nil
}

func (p *Provider) progressOf(
	name types.NamespacedName, info provider.CustomMetricInfo, selector labels.Selector,
) (*custom_metrics.MetricValue, *apierr.StatusError) {
	if !served(info) {
		return nil, bounded(provider.NewMetricNotFoundError(info.GroupResource, info.Metric))
	}
	snapshot, now := p.board.Snapshot(), p.clock.Now()
	for _, e := range snapshot.entries(name.Namespace) {
		if !selector.Matches(labels.Set(e.labels)) {
			continue
		}
		for _, s := range e.pool.Shadows.List {
			if s.Pod != name.Name {
				continue
			}
			r := e.pool.Shadows.progress(s, snapshot.shadowsRole, now)
			if reason := r.Refusal(now); reason != "" {
				return nil, refused(info.Metric, &e.pool, reason)
			}
			value := metricValue(&e.pool, s, r, identifier(selector))
			return &value, nil
		}
	}
	return nil, bounded(provider.NewMetricNotFoundForError(info.GroupResource, info.Metric, name.Name))
}

func (p *Provider) progressOfAll(
	namespace string, selector labels.Selector, info provider.CustomMetricInfo, metricSelector labels.Selector,
) (*custom_metrics.MetricValueList, *apierr.StatusError) {
	if !served(info) {
		return nil, bounded(provider.NewMetricNotFoundError(info.GroupResource, info.Metric))
	}
	if key := unknownAbsence(selector); key != "" {
		return nil, labelNotKnown(key)
	}
	snapshot, now := p.board.Snapshot(), p.clock.Now()
	id := identifier(metricSelector)
	list := &custom_metrics.MetricValueList{}
	for _, e := range snapshot.entries(namespace) {
		if !metricSelector.Matches(labels.Set(e.labels)) {
			continue
		}
		for _, s := range e.pool.Shadows.List {
			if !selector.Matches(labels.Set{PodLabelPool: e.pool.Name, PodLabelState: s.State}) {
				continue
			}
			r := e.pool.Shadows.progress(s, snapshot.shadowsRole, now)
			if reason := r.Refusal(now); reason != "" {
				return nil, refused(info.Metric, &e.pool, reason)
			}
			list.Items = append(list.Items, metricValue(&e.pool, s, r, id))
		}
	}
	if len(list.Items) == 0 {
		return nil, bounded(provider.NewMetricNotFoundForSelectorError(info.GroupResource, info.Metric, "*", selector))
	}
	return list, nil
}

// served says that a metric is ours.
func served(info provider.CustomMetricInfo) bool {
	return info.Metric == MetricWarmUpProgress && info.GroupResource == podsResource && info.Namespaced
}

// unknownAbsence returns a label that is not known here and that selector wants a pod not to have, or to have with another value.
// Empty: what is known is enough to tell.
func unknownAbsence(selector labels.Selector) string {
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		if r.Key() == PodLabelPool || r.Key() == PodLabelState {
			continue
		}
		if r.Matches(labels.Set{}) {
			return r.Key()
		}
	}
	return ""
}

// identifier is the metric with the selector by which it was asked for.
func identifier(selector labels.Selector) custom_metrics.MetricIdentifier {
	id := custom_metrics.MetricIdentifier{Name: MetricWarmUpProgress}
	if selector.Empty() {
		return id
	}
	// What has no such form is left out: the value is right without it.
	id.Selector, _ = metav1.ParseToLabelSelector(selector.String())
	return id
}

func metricValue(p *Pool, s Shadow, r Reading, id custom_metrics.MetricIdentifier) custom_metrics.MetricValue {
	return custom_metrics.MetricValue{
		DescribedObject: custom_metrics.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: s.Pod},
		Metric:          id,
		Timestamp:       metav1.NewTime(r.ComputedAt),
		Value:           ratio(r.Value),
	}
}

// ratio converts v, 0 to 1, to thousandths, rounded down: only what is complete is 1.
func ratio(v float64) resource.Quantity {
	const rounding = 1e-9 // of the product of a decimal and 1000, far below a thousandth
	return *resource.NewMilliQuantity(int64(math.Floor(min(max(v, 0), 1)*1000+rounding)), resource.DecimalSI)
}
