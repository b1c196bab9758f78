package refresh

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
)

// The results of a round.
const (
	resultSuccess  = "success"  // the load was read and forecast
	resultDegraded = "degraded" // a value without fresh data or without a forecast
	resultError    = "error"    // no value
	resultRefused  = "refused"  // the pool's spec cannot be served
)

type metrics struct {
	rounds   *prometheus.CounterVec
	profiles *prometheus.CounterVec
	duration prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		rounds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_refreshes_total",
			Help: "Rounds of history, forecast and capacity by result.",
		}, []string{"result"}),
		profiles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_profiles_total",
			Help: "Profiles of the pods of workloads by result.",
		}, []string{"result"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "foreshadow_refresh_duration_seconds",
			Help:    "Time of one round of one pool, Prometheus included.",
			Buckets: []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30},

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	for _, result := range []string{resultSuccess, resultDegraded, resultError, resultRefused} {
		m.rounds.WithLabelValues(result)
	}
	for _, result := range []string{resultSuccess, resultError} {
		m.profiles.WithLabelValues(result)
	}
	if reg != nil {
		reg.MustRegister(m.rounds, m.profiles, m.duration)
	}
	return m
}

// result names the outcome of a round.
func result(r Report) string {
	switch {
	case r.Refused != nil:
		return resultError
	case r.ReadErr != nil || r.ForecastErr != nil || r.Degraded:
		return resultDegraded
	}
	return resultSuccess
}

func (m *metrics) observe(r Report, took time.Duration) {
	m.rounds.WithLabelValues(result(r)).Inc()
	m.duration.Observe(took.Seconds())
}

// logReport says what changed since the last round; debug says the rest.
func logReport(logger log.Logger, r Report, last *Report) {
	if r.OnlyRises && (last == nil || !last.OnlyRises) {
		level.Warn(logger).Log("msg", "load looks like a counter", "reason", onlyRises)
	}
	switch res := result(r); {
	case last != nil && r.NoSkill != last.NoSkill && r.NoSkill:
		level.Warn(logger).Log("msg", "forecast is not followed", "reason", r.noSkill())
	case last != nil && r.NoSkill != last.NoSkill:
		level.Info(logger).Log("msg", "forecast is followed again", "skill", r.Verdict.Skill)
	case last != nil && result(*last) == res && sameCause(last.Refused, r.Refused):
		level.Debug(logger).Log("msg", "pool refreshed", "result", res, "replicas", r.Decision.Value, "load", r.Observed)
	case r.Refused != nil:
		level.Warn(logger).Log("msg", "pool has no value", "err", r.Refused)
	case r.ReadErr != nil:
		level.Warn(logger).Log("msg", "load cannot be read", "err", r.ReadErr)
	case r.ForecastErr != nil:
		level.Warn(logger).Log("msg", "load cannot be forecast", "err", r.ForecastErr)
	case r.Degraded:
		level.Warn(logger).Log("msg", "load may be partial", "reason", strings.Join(r.Warnings, "; "))
	default:
		level.Info(logger).Log("msg", "pool is forecast", "replicas", r.Decision.Value, "load", r.Observed, "history", r.History)
	}
}

// sameCause says that two refusals have the same cause: what kept newer samples
// away may change each time.
func sameCause(a, b error) bool {
	return errors.Is(a, capacity.ErrTooOld) && errors.Is(b, capacity.ErrTooOld) || fmt.Sprint(a) == fmt.Sprint(b)
}
