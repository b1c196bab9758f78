package cluster

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// exporter shows the shadows as the last look at each pool found them, and what
// they have cost.
type exporter struct {
	clock clock.PassiveClock

	shadows, info, progress, wasted, cpu, memory *prometheus.Desc

	mu    sync.Mutex
	pools map[actuate.Pool]*account
}

var _ prometheus.Collector = (*exporter)(nil)

// account is what is known of one pool.
type account struct {
	states map[v1alpha1.ShadowState]int
	pods   []exported
	// waiting are the shadows that have not served, by since when they exist.
	waiting map[types.UID]time.Time
	// cores and bytes are requested now, the seconds were until at.
	cores, bytes             float64
	coreSeconds, byteSeconds float64
	wasted                   float64
	at                       time.Time
}

// exported is one shadow.
type exported struct {
	pod      string
	state    v1alpha1.ShadowState
	progress float64
}

func newExporter(c clock.PassiveClock) *exporter {
	pool := []string{"namespace", "pool"}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &exporter{
		clock: c, pools: map[actuate.Pool]*account{},
		shadows: desc("foreshadow_shadows", "Shadows by state.", append(pool, "state")...),
		info:    desc("foreshadow_shadow_info", "A pod that is or was a shadow, with its state; always 1.", "namespace", "pod", "pool", "state"),
		progress: desc("foreshadow_shadow_warmup_progress_ratio",
			"How far a shadow has warmed up, 0 to 1.", "namespace", "pool", "pod"),
		wasted: desc("foreshadow_shadow_wasted_seconds_total", "Lifetime of shadows that ended without having served.", pool...),
		cpu:    desc("foreshadow_shadow_requested_cpu_core_seconds_total", "CPU requests of shadows over time.", pool...),
		memory: desc("foreshadow_shadow_requested_memory_byte_seconds_total", "Memory requests of shadows over time.", pool...),
	}
}

// Describe sends the descriptions of all metrics.
func (e *exporter) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{e.shadows, e.info, e.progress, e.wasted, e.cpu, e.memory} {
		ch <- d
	}
}

// Collect sends what is known of all pools.
func (e *exporter) Collect(ch chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.clock.Now()
	for pool, a := range e.pools {
		a.advance(now)
		for _, s := range states() {
			ch <- prometheus.MustNewConstMetric(e.shadows, prometheus.GaugeValue, float64(a.states[s]), pool.Namespace, pool.Name, string(s))
		}
		for _, p := range a.pods {
			ch <- prometheus.MustNewConstMetric(e.info, prometheus.GaugeValue, 1, pool.Namespace, p.pod, pool.Name, string(p.state))
			if p.state == v1alpha1.ShadowActive {
				continue
			}
			ch <- prometheus.MustNewConstMetric(e.progress, prometheus.GaugeValue, p.progress, pool.Namespace, pool.Name, p.pod)
		}
		for d, v := range map[*prometheus.Desc]float64{e.wasted: a.wasted, e.cpu: a.coreSeconds, e.memory: a.byteSeconds} {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, pool.Namespace, pool.Name)
		}
	}
}

// states lists those that pods are counted in.
func states() []v1alpha1.ShadowState {
	return []v1alpha1.ShadowState{
		v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowActive, v1alpha1.ShadowBridged, v1alpha1.ShadowDraining,
	}
}

// advance adds up what the shadows request until now.
func (a *account) advance(now time.Time) {
	if d := now.Sub(a.at).Seconds(); d > 0 && !a.at.IsZero() {
		a.coreSeconds += a.cores * d
		a.byteSeconds += a.bytes * d
	}
	a.at = now
}

// update takes what a look at a pool found.
func (e *exporter) update(w *observe.World, in *shadow.Observed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.pools[w.Pool.Key()]
	if a == nil {
		a = &account{waiting: map[types.UID]time.Time{}}
		e.pools[w.Pool.Key()] = a
	}
	a.advance(e.clock.Now())
	a.states, a.pods = map[v1alpha1.ShadowState]int{}, nil
	a.cores, a.bytes = 0, 0
	still := map[types.UID]bool{}
	for i := range in.Pods {
		p := &in.Pods[i]
		s := p.State()
		if s == "" || s == v1alpha1.ShadowDeactivated {
			continue
		}
		a.states[s]++
		a.pods = append(a.pods, exported{p.Name, s, progressOf(p, s)})
		if s == v1alpha1.ShadowActive || s == v1alpha1.ShadowBridged {
			delete(a.waiting, p.UID) // it serves
			continue
		}
		still[p.UID] = true
		if p.ActivatedAt.IsZero() && p.DrainingSince.IsZero() {
			a.waiting[p.UID] = p.CreatedAt
		}
		cores, bytes := requests(w.Pods[i])
		a.cores, a.bytes = a.cores+cores, a.bytes+bytes
	}
	for uid, since := range a.waiting {
		if !still[uid] {
			a.wasted += max(0, e.clock.Since(since).Seconds())
			delete(a.waiting, uid)
		}
	}
}

func (e *exporter) forget(pool actuate.Pool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.pools, pool)
}

// progressOf is the progress of a shadow as it follows from its state where it
// does.
func progressOf(p *shadow.Pod, s v1alpha1.ShadowState) float64 {
	switch s {
	case v1alpha1.ShadowReady, v1alpha1.ShadowActive, v1alpha1.ShadowBridged:
		return 1
	case v1alpha1.ShadowWarming:
		return min(1, max(0, p.WarmUp.Ratio))
	case v1alpha1.ShadowCreating, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return 0
}

// requests sums up what a pod requests of its node while it runs.
func requests(p *corev1.Pod) (cores, bytes float64) {
	for i := range p.Spec.Containers {
		r := p.Spec.Containers[i].Resources.Requests
		cores += r.Cpu().AsApproximateFloat64()
		bytes += r.Memory().AsApproximateFloat64()
	}
	for i := range p.Spec.InitContainers {
		c := &p.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			cores += c.Resources.Requests.Cpu().AsApproximateFloat64()
			bytes += c.Resources.Requests.Memory().AsApproximateFloat64()
		}
	}
	return cores, bytes
}
