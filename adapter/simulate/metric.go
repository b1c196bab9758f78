package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// MetricType says how the HPA turns a metric into replicas.
type MetricType string

const (
	// MetricPods is a Pods metric with an AverageValue: the mean over the pods
	// that have a sample.
	MetricPods MetricType = "Pods"
	// MetricExternal is an External metric with an AverageValue: one number,
	// divided by the target.
	MetricExternal MetricType = "External"
)

// Metric is one entry of an HPA's spec.metrics.
type Metric struct {
	Name string
	Type MetricType
	// AverageValue is the target per replica.
	AverageValue float64
	// Read returns the metric at an instant: for MetricPods the sum over all
	// pods with a sample, for MetricExternal its value. An error, NaN, an
	// infinite or a negative value makes the metric invalid in that sync.
	Read func(now time.Time) (float64, error)
}

func (m Metric) validate() error {
	switch {
	case m.Type != MetricPods && m.Type != MetricExternal:
		return fmt.Errorf("type %q of metric %q: write %q or %q", m.Type, m.Name, MetricPods, MetricExternal)
	case !(m.AverageValue >= 0.001) || math.IsInf(m.AverageValue, 0):
		return fmt.Errorf("average value %v of metric %q: write a number of at least 0.001", m.AverageValue, m.Name)
	case m.Read == nil:
		return fmt.Errorf("read function of metric %q is missing", m.Name)
	}
	return nil
}

// Scale is what the HPA sees of its workload in one sync.
type Scale struct {
	// SpecReplicas is what is asked for, StatusReplicas what exists.
	SpecReplicas, StatusReplicas int
	// Sampled pods have a sample of a Pods metric, Pending ones are in that
	// phase, Missing ones run without a sample.
	Sampled, Pending, Missing int
}

// replicas returns the metric's proposal for the scale at an instant.
func (m Metric) replicas(now time.Time, s Scale, t Tolerance) (int, error) {
	v, err := m.Read(now)
	switch {
	case err != nil:
		return 0, fmt.Errorf("read metric %s: %w", m.Name, err)
	case math.IsNaN(v) || math.IsInf(v, 0) || v < 0:
		return 0, fmt.Errorf("read metric %s: value %v is no usage", m.Name, v)
	case m.Type == MetricExternal:
		return externalReplicas(milli(v), milli(m.AverageValue), s, t), nil
	}
	return podsReplicas(milli(v), milli(m.AverageValue), s, t)
}

// externalReplicas is ceil(usage/target). The tolerance looks at the usage per
// existing replica, and inside it the existing replicas are the proposal, not
// the ones asked for.
func externalReplicas(usage, target int64, s Scale, t Tolerance) int {
	if t.within(float64(usage) / (float64(target) * float64(s.StatusReplicas))) {
		return s.StatusReplicas
	}
	return replicas(float64(usage) / float64(target))
}

var errNoSamples = errors.New("no pod has a sample (all may be starting)")

// podsReplicas is the HPA's plain metric calculation: ceil(ratio * pods), ratio
// being the mean sample over the target. Pods without a sample damp the change:
// Pending ones count as idle when scaling up and not at all when scaling down;
// missing ones count as idle when scaling up and as on target when scaling down.
// A change whose direction would turn by that is dropped.
func podsReplicas(total, target int64, s Scale, t Tolerance) (int, error) {
	if s.Sampled == 0 {
		return 0, errNoSamples
	}
	ratio := usageRatio(total, s.Sampled, target)
	idle := s.Pending > 0 && ratio > 1
	if !idle && s.Missing == 0 {
		if t.within(ratio) {
			return s.SpecReplicas, nil
		}
		return replicas(ratio * float64(s.Sampled)), nil
	}
	counted := s.Sampled
	if ratio != 1 {
		counted += s.Missing
	}
	if ratio < 1 {
		total += int64(s.Missing) * target
	}
	if idle {
		counted += s.Pending
	}
	damped := usageRatio(total, counted, target)
	turned := (ratio < 1 && damped > 1) || (ratio > 1 && damped < 1)
	if t.within(damped) || turned {
		return s.SpecReplicas, nil
	}
	n := replicas(damped * float64(counted))
	if (damped < 1 && n > s.SpecReplicas) || (damped > 1 && n < s.SpecReplicas) {
		return s.SpecReplicas, nil
	}
	return n, nil
}

// usageRatio divides in whole thousandths first, as the HPA does.
func usageRatio(total int64, pods int, target int64) float64 {
	return float64(total/int64(pods)) / float64(target)
}
