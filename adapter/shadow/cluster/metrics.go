package cluster

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// The phases of an activation: from when the raise was seen until a look began,
// until the decision was made, until the server had the pod; and the whole of it.
const (
	phaseQueue = "queue"
	phasePlan  = "plan"
	phaseWrite = "write"
	phaseTotal = "total"
)

// missOther is the reason of a cold start that no list of ours knows.
const missOther = "Other"

type metrics struct {
	activations *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	warmUps     prometheus.Histogram
	hits        *prometheus.CounterVec
	misses      *prometheus.CounterVec
	exposures   *prometheus.CounterVec
	writes      *prometheus.CounterVec
	broken      *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	pool := []string{"namespace", "pool"}
	m := &metrics{
		activations: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_activations_total", Help: "Shadows that were to go live, by what became of it.",
		}, append(pool, "result")),
		durations: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "foreshadow_activation_duration_seconds",
			Help:    "Time from the raise of a ReplicaSet, as it was seen, until a shadow had become its pod, by phase.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"phase"}),
		warmUps: f.NewHistogram(prometheus.HistogramOpts{
			Name: "foreshadow_warmup_duration_seconds", Help: "Time from Ready until a shadow was warm.",
			Buckets: []float64{1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600},

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
		hits: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_activation_hits_total", Help: "Pods that joined a workload warm.",
		}, pool),
		misses: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_activation_misses_total", Help: "Pods that joined a workload cold while its pool kept shadows, by why none took their place.",
		}, append(pool, "reason")),
		exposures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_selector_exposures_total", Help: "Shadows that a selector matched which was made later, until they were hidden from it.",
		}, pool),
		writes: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_shadow_writes_total", Help: "Writes of the shadows role, by kind and result.",
		}, []string{"kind", "result"}),
		broken: f.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_shadow_broken_total", Help: "Looks at a pool that found an invariant broken, and wrote nothing.",
		}, pool),
	}
	for _, phase := range []string{phaseQueue, phasePlan, phaseWrite, phaseTotal} {
		m.durations.WithLabelValues(phase)
	}
	return m
}

// begin makes the counters of a pool: the first event of one that does not exist yet is seen by no rate.
func (m *metrics) begin(pool actuate.Pool) {
	for _, v := range []*prometheus.CounterVec{m.hits, m.exposures, m.broken} {
		v.WithLabelValues(pool.Namespace, pool.Name)
	}
	m.activations.WithLabelValues(pool.Namespace, pool.Name, string(actuate.ResultDone))
	m.misses.WithLabelValues(pool.Namespace, pool.Name, shadow.ReasonNoWarmShadow)
}

// forget drops the series of a pool that is gone.
func (m *metrics) forget(pool actuate.Pool) {
	match := prometheus.Labels{"namespace": pool.Namespace, "pool": pool.Name}
	for _, v := range []*prometheus.CounterVec{m.activations, m.hits, m.misses, m.exposures, m.broken} {
		v.DeletePartialMatch(match)
	}
}

// missReason maps why a raise was not served by shadows to a closed set.
func missReason(reason string) string {
	switch reason {
	case shadow.ReasonNoWarmShadow, shadow.ReasonAskedAhead, shadow.ReasonColdPodsStarting, shadow.ReasonRolloutInProgress, shadow.ReasonPaused,
		shadow.ReasonPolicyProportional, shadow.ReasonRolloutNotHealthy:
		return reason
	}
	return missOther
}
