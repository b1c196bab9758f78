package publish

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"k8s.io/utils/clock"
)

// Exporter is the Prometheus collector of a Board's snapshot. What is refused or unknown is absent, never 0.
type Exporter struct {
	board *Board
	clock clock.PassiveClock

	predictedCapacity  *prometheus.Desc
	predictedLoad      *prometheus.Desc
	observedLoad       *prometheus.Desc
	capacityPerReplica *prometheus.Desc
	forecastSuccess    *prometheus.Desc
	forecastModel      *prometheus.Desc
	historyDegraded    *prometheus.Desc
	fallbackActive     *prometheus.Desc
	absoluteError      *prometheus.Desc
	pinballRatio       *prometheus.Desc
	coverage           *prometheus.Desc
	noSkill            *prometheus.Desc
	warmReplicas       *prometheus.Desc
	deciding           *prometheus.Desc
	dimensionReplicas  *prometheus.Desc
	profiledPods       *prometheus.Desc
	anomalousPods      *prometheus.Desc
	profileTime        *prometheus.Desc
	profileMissing     *prometheus.Desc
	sourcePod          *prometheus.Desc
	sourceChanges      *prometheus.Desc
	pools              *prometheus.Desc
}

var _ prometheus.Collector = (*Exporter)(nil)

// NewExporter returns a collector that reads board and judges the age of readings by c.
func NewExporter(board *Board, c clock.PassiveClock) *Exporter {
	perPool := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"namespace", LabelPool}, more...), nil)
	}
	return &Exporter{
		board: board,
		clock: c,
		predictedCapacity: perPool(MetricPredictedCapacity,
			"Replicas that the pool's workload needs, as the external metrics API gives them to an autoscaler."),
		predictedLoad: perPool(MetricPredictedLoad,
			"Forecast of the pool's load in the unit of its query: it stays below with probability p, lead ahead.", "p", "lead"),
		observedLoad: perPool("foreshadow_observed_load",
			"The pool's load in the unit of its query, as read last."),
		capacityPerReplica: perPool("foreshadow_capacity_per_replica",
			"Load that one replica of the pool's workload carries, in the unit of the pool's query."),
		forecastSuccess: perPool("foreshadow_forecast_last_success_timestamp_seconds",
			"Time of the pool's last forecast that succeeded."),
		forecastModel: perPool("foreshadow_forecast_model_info",
			"The forecast model in use for the pool, always 1.", "model"),
		historyDegraded: perPool("foreshadow_history_degraded",
			"1 while the history behind the pool's readings is incomplete: they may raise, never lower."),
		fallbackActive: perPool("foreshadow_fallback_active",
			"1 for the reason why the pool's capacity is not its forecast's, 0 for every other reason.", "reason"),
		absoluteError: perPool("foreshadow_forecast_absolute_error",
			"Mean distance of the pool's load from what was forecast horizon ahead, over the last 7 days, in the unit of its query.", "horizon"),
		pinballRatio: perPool("foreshadow_forecast_pinball_ratio",
			"Pinball loss of the pool's p-quantile forecast horizon ahead over that of the load of the day before, over the last 7 days: below 1 is better.", "horizon", "p"),
		coverage: perPool("foreshadow_forecast_coverage_ratio",
			"Share of the pool's loads at or below the p-quantile forecast horizon ahead, over the last 7 days: it should be p.", "horizon", "p"),
		noSkill: perPool("foreshadow_forecast_fallback_active",
			"1 while the pool's forecast is not followed because it was no better than the load of the day before for days."),
		warmReplicas: perPool(MetricWarmReplicas,
			"Shadows of the pool that can be activated now."),
		deciding: perPool("foreshadow_deciding_dimension_info",
			"What the pool's predicted capacity is for, its load or a resource, always 1; only where spec.load.dimensions has any.", "dimension"),
		dimensionReplicas: perPool("foreshadow_dimension_replicas",
			"Replicas that a resource of spec.load.dimensions would ask for alone.", "dimension"),
		profiledPods: perPool("foreshadow_profiled_pods",
			"Pods of the pool's workload whose behaviour was looked at."),
		anomalousPods: perPool("foreshadow_anomalous_pods",
			"Pods of the pool's workload that behave far from the others; no shadow mirrors them."),
		profileTime: perPool("foreshadow_profile_timestamp_seconds",
			"End of the window that the pool's last profile looked at."),
		profileMissing: perPool("foreshadow_profile_metric_missing",
			"1 for what could not be measured of all pods of the pool's workload.", "metric"),
		sourcePod: perPool("foreshadow_source_pod_info",
			"The pod that the pool's shadows mirror, always 1.", "pod"),
		sourceChanges: perPool("foreshadow_source_pod_changes_total",
			"How often another pod became the one that the pool's shadows mirror."),
		pools: prometheus.NewDesc("foreshadow_pools", "Pools with published values.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (x *Exporter) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		x.predictedCapacity, x.predictedLoad, x.observedLoad, x.capacityPerReplica,
		x.forecastSuccess, x.forecastModel, x.historyDegraded, x.fallbackActive,
		x.absoluteError, x.pinballRatio, x.coverage, x.noSkill, x.warmReplicas, x.pools,
		x.deciding, x.dimensionReplicas, x.profiledPods, x.anomalousPods, x.profileTime, x.profileMissing, x.sourcePod, x.sourceChanges,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. All its metrics come from one snapshot and one look at the clock.
func (x *Exporter) Collect(ch chan<- prometheus.Metric) {
	snapshot, now := x.board.Snapshot(), x.clock.Now()
	ch <- prometheus.MustNewConstMetric(x.pools, prometheus.GaugeValue, float64(snapshot.Len()))
	for p := range snapshot.Pools() {
		s := newSink(ch, p)
		x.collect(s, p, now)
		if warm := p.Shadows.warm(snapshot.shadowsRole, now); warm.Refusal(now) == "" {
			s.gauge(x.warmReplicas, warm.Value)
		}
	}
}

func (x *Exporter) collect(s sink, p *Pool, now time.Time) {
	if p.PredictedCapacity.Refusal(now) == "" && p.PredictedCapacity.Value >= 0 {
		s.gauge(x.predictedCapacity, math.Ceil(p.PredictedCapacity.Value))
		x.collectNeeds(s, p)
	}
	if p.PredictedLoad.Refusal(now) == "" {
		for _, l := range p.Loads {
			s.gauge(x.predictedLoad, l.Value, l.P, model.Duration(l.Lead).String())
		}
	}
	if p.ObservedLoad.Refusal(now) == "" {
		s.gauge(x.observedLoad, p.ObservedLoad.Value)
	}
	if p.CapacityPerReplica > 0 {
		s.gauge(x.capacityPerReplica, p.CapacityPerReplica)
	}
	if !p.ForecastSuccess.IsZero() {
		s.gauge(x.forecastSuccess, float64(p.ForecastSuccess.UnixMilli())/1000)
	}
	if p.Model != "" {
		s.gauge(x.forecastModel, 1, p.Model)
	}
	x.collectProfile(s, p.Profile)
	x.collectQuality(s, p)
	s.gauge(x.historyDegraded, truth(p.Degraded))
	active := p.fallbackAt(now)
	for _, reason := range Fallbacks() {
		s.gauge(x.fallbackActive, truth(reason == active), string(reason))
	}
}

// sink sends the metrics of one pool.
type sink struct {
	ch   chan<- prometheus.Metric
	pool [2]string
}

func newSink(ch chan<- prometheus.Metric, p *Pool) sink {
	return sink{ch: ch, pool: [2]string{labelValue(p.Namespace), labelValue(p.Name)}}
}

// gauge sends v, unless it is no finite number.
func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.send(d, prometheus.GaugeValue, v, labels...)
}

func (s sink) counter(d *prometheus.Desc, v float64, labels ...string) {
	s.send(d, prometheus.CounterValue, v, labels...)
}

func (s sink) send(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	values := make([]string, 0, len(s.pool)+len(labels))
	values = append(values, s.pool[:]...)
	for _, l := range labels {
		values = append(values, labelValue(l))
	}
	s.ch <- prometheus.MustNewConstMetric(d, kind, v, values...)
}

// labelValue returns s with every byte that is not UTF-8 written as \xNN: Prometheus refuses the whole page for one such byte, and
// dropping it could make two pools one.
func labelValue(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
