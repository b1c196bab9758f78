package simulate

import (
	"math"
	"strconv"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// What a comparison can be made of. A pool asks at most 6h ahead, and ours an
// HPA's sync more than a cold start; an HPA counts in thousandths, and
// LeastCapacity leaves ten times the replicas a target that it can count.
const (
	LongestColdStart = 6*time.Hour - SyncPeriod
	LeastCapacity    = 0.02
)

// ReactiveTarget is the share of a replica's capacity that the reactive HPA aims
// at.
const ReactiveTarget = 0.7

const (
	safetyTarget = 0.9 // the same for the predictive HPA's second metric
	maxReplicas  = 500

	shadowQuantile = 0.99
	standbyPercent = 50
	mostShadows    = 100
	leastMaxAge    = 15 * time.Minute
)

// Comparison is a workload and its load with the HPAs that are set side by side
// on them, and the pools of ours.
type Comparison struct {
	Load     Load
	Workload WorkloadConfig
	// Step is the history's, Refresh the time between two forecasts.
	Step, Refresh time.Duration
	// Quantile is the pools'.
	Quantile float64
	// IdlePercent is what a shadow requests, of a live pod's CPU.
	IdlePercent int32
}

// Reactive is the peer: an HPA on the load per pod.
func (c Comparison) Reactive() Reactive {
	return Reactive{Workload: c.Workload, HPA: DefaultHPA(1, maxReplicas), Target: ReactiveTarget, Read: c.Load.Read}
}

// Recipe is ours: the value, which read gives, and as the second metric the load
// per pod as a safety net.
func (c Comparison) Recipe(name string, read func(time.Time) (float64, error)) ArmConfig {
	hpa := DefaultHPA(1, maxReplicas)
	hpa.Tolerance = Tolerance{} // the recipe's: our value is exact already
	per := c.Workload.CapacityPerReplica
	first := int(math.Ceil(c.Load.At(c.Load.Start()) / (per * ReactiveTarget)))
	return ArmConfig{
		Name: name, Workload: c.Workload, HPA: hpa, Replicas: min(max(first, 1), maxReplicas),
		Metrics: []Metric{
			{Name: "foreshadow_predicted_capacity_replicas", Type: MetricExternal, AverageValue: 1, Read: read},
			{Name: "load_per_pod", Type: MetricPods, AverageValue: per * safetyTarget, Read: c.Load.Read},
		},
	}
}

// Pool is the ShadowPool of the workload without shadows. Its lead adds an HPA's
// sync to the cold start; what passes until the next refresh, the adapter adds by
// itself.
func (c Comparison) Pool(namespace, name, query string) *v1alpha1.ShadowPool {
	per := v1alpha1.Decimal(strconv.FormatFloat(c.Workload.CapacityPerReplica, 'f', 9, 64))
	p := &v1alpha1.ShadowPool{}
	p.Namespace, p.Name = namespace, name
	p.Spec.Mode = v1alpha1.ModePredict
	p.Spec.ScaleTargetRef.Name = name
	p.Spec.Load.Query, p.Spec.Load.CapacityPerReplica = query, &per
	p.Spec.Prediction.Quantile = v1alpha1.DecimalOf(c.Quantile)
	p.Spec.Prediction.ShadowQuantile = v1alpha1.DecimalOf(max(shadowQuantile, c.Quantile))
	p.Spec.Prediction.ColdStartLead = v1alpha1.DurationOf(c.Workload.ColdStart + SyncPeriod)
	p.Spec.Prediction.MaxAge = v1alpha1.DurationOf(max(leastMaxAge, 3*c.Step+c.Refresh))
	p.Spec.History.Step = v1alpha1.DurationOf(c.Step)
	p.Default()
	return p
}

// StandbyPool is a pool of Comparison.Pool that keeps shadows. What the
// workload's pods take to start was learnt before.
func (c Comparison) StandbyPool(p *v1alpha1.ShadowPool) *v1alpha1.ShadowPool {
	p = p.DeepCopy()
	p.Spec.Mode, p.Spec.BackgroundWork = v1alpha1.ModeActive, v1alpha1.BackgroundWorkNone
	p.Spec.ShadowPercentage, p.Spec.MaxShadows = new(int32(standbyPercent)), new(int32(mostShadows))
	p.Spec.Idle.CPUPercent = new(c.IdlePercent)
	p.Status.Leads = &v1alpha1.LeadStatus{
		ColdStart: v1alpha1.DurationOf(c.Workload.ColdStart), WarmUp: v1alpha1.DurationOf(c.Workload.ColdFor),
	}
	p.Default()
	return p
}
