package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// SyncPeriod is how often the HPA looks (kube-controller-manager's default).
const SyncPeriod = 15 * time.Second

// HPAConfig is the part of an HPA's spec that changes from one to the next.
type HPAConfig struct {
	MinReplicas, MaxReplicas int
	Tolerance                Tolerance
	// ScaleDownWindow is the stabilisation of a scale-down: the highest
	// recommendation within it is followed.
	ScaleDownWindow time.Duration
}

// DefaultHPA returns what an HPA without a behavior has: a tolerance of 10 % and
// five minutes of stabilisation.
func DefaultHPA(minReplicas, maxReplicas int) HPAConfig {
	return HPAConfig{
		MinReplicas: minReplicas, MaxReplicas: maxReplicas,
		Tolerance: DefaultTolerance(), ScaleDownWindow: 5 * time.Minute,
	}
}

func (c HPAConfig) validate() error {
	switch {
	case c.MinReplicas < 1:
		return fmt.Errorf("minimum of %d replicas: write 1 or more", c.MinReplicas)
	case c.MaxReplicas < c.MinReplicas || c.MaxReplicas > math.MaxInt32:
		return fmt.Errorf("maximum of %d replicas: write a number from %d to %d", c.MaxReplicas, c.MinReplicas, math.MaxInt32)
	case !(c.Tolerance.ScaleUp >= 0) || !(c.Tolerance.ScaleDown >= 0):
		return fmt.Errorf("tolerance of %v up, %v down: write ratios of at least 0, such as 0.1", c.Tolerance.ScaleUp, c.Tolerance.ScaleDown)
	case c.ScaleDownWindow < 0:
		return fmt.Errorf("scale-down window of %v: write a duration of at least 0s", c.ScaleDownWindow)
	}
	return nil
}

// HPA is the horizontal pod autoscaler's decision: metrics to proposals, the
// highest of them stabilised and limited. It keeps its recommendations and its
// scale events between syncs, as the controller does.
type HPA struct {
	cfg     HPAConfig
	metrics []Metric
	past    []recommendation
	events  []scaleEvent
}

// NewHPA returns an HPA that has not looked yet.
func NewHPA(cfg HPAConfig, metrics ...Metric) (*HPA, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("configure HPA: %w", err)
	}
	if len(metrics) == 0 {
		return nil, errors.New("configure HPA: no metric given: write at least one")
	}
	for _, m := range metrics {
		if err := m.validate(); err != nil {
			return nil, fmt.Errorf("configure HPA: %w", err)
		}
	}
	return &HPA{cfg: cfg, metrics: metrics}, nil
}

// Sync is one pass of the controller: it returns the replicas to ask for. The
// error names what was invalid; the replicas stand all the same (they are those
// asked for already where the HPA holds).
func (h *HPA) Sync(now time.Time, s Scale) (int, error) {
	if h.past == nil {
		h.past = []recommendation{{at: now, replicas: s.SpecReplicas}}
	}
	desired, err := h.desired(now, s)
	if desired != s.SpecReplicas {
		h.record(now, desired-s.SpecReplicas)
	}
	return desired, err
}

func (h *HPA) desired(now time.Time, s Scale) (int, error) {
	// Outside of its bounds an HPA goes back to them without reading a metric.
	if s.SpecReplicas > h.cfg.MaxReplicas {
		return h.cfg.MaxReplicas, nil
	}
	if s.SpecReplicas < h.cfg.MinReplicas {
		return h.cfg.MinReplicas, nil
	}
	proposal, ok, err := h.proposal(now, s)
	if !ok {
		return s.SpecReplicas, err
	}
	return h.limit(now, s.SpecReplicas, h.stabilise(now, s.SpecReplicas, proposal)), err
}

// proposal is the highest of the metrics' proposals. It is not ok when all
// metrics are invalid, or when some are and the others would lower the replicas:
// then the HPA holds.
func (h *HPA) proposal(now time.Time, s Scale) (n int, ok bool, err error) {
	var invalid []error
	for _, m := range h.metrics {
		p, err := m.replicas(now, s, h.cfg.Tolerance)
		if err != nil {
			invalid = append(invalid, err)
			continue
		}
		n = max(n, p)
	}
	if len(invalid) == 0 {
		return n, true, nil
	}
	err = fmt.Errorf("compute replicas: %d of %d metrics invalid: %w", len(invalid), len(h.metrics), errors.Join(invalid...))
	return n, len(invalid) < len(h.metrics) && n >= s.SpecReplicas, err
}
