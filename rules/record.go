package rules

import (
	"fmt"
	"strings"
)

// The rules below are read by alerts. Their level says which labels are left.
const (
	observedLoad    = "namespace_pool:foreshadow_observed_load:max"
	capacity        = "namespace_pool:foreshadow_capacity_per_replica:max"
	predicted       = "namespace_pool:foreshadow_predicted_capacity_replicas:max"
	lastForecast    = "namespace_pool:foreshadow_forecast_last_success_timestamp_seconds:max"
	degraded        = "namespace_pool:foreshadow_history_degraded:max"
	fallback        = "namespace_pool_reason:foreshadow_fallback_active:max"
	coverage        = "namespace_pool_p_horizon:foreshadow_forecast_coverage_ratio:max"
	pinballRatio    = "namespace_pool_p_horizon:foreshadow_forecast_pinball_ratio:max"
	warmReplicas    = "namespace_pool:foreshadow_warm_replicas:max"
	shadowInfo      = "namespace_pool_pod_state:foreshadow_shadow_info:max"
	warmUpProgress  = "namespace_pool_pod:foreshadow_shadow_warmup_progress_ratio:max"
	misses          = "namespace_pool_reason:foreshadow_activation_misses:increase15m"
	activations     = "namespace_pool_result:foreshadow_activations:rate15m"
	broken          = "namespace_pool:foreshadow_shadow_broken:increase15m"
	exposures       = "namespace_pool:foreshadow_selector_exposures:increase1h"
	warmUpSeconds95 = "foreshadow_warmup_duration_seconds:p95_1h"
)

func records() []Record {
	rs := []Record{
		highest("foreshadow_observed_load"),
		highest("foreshadow_capacity_per_replica"),
		highest("foreshadow_predicted_capacity_replicas"),
		highest("foreshadow_predicted_load", "p", "lead"),
		highest("foreshadow_forecast_last_success_timestamp_seconds"),
		highest("foreshadow_history_degraded"),
		highest("foreshadow_fallback_active", "reason"),
		highest("foreshadow_forecast_coverage_ratio", "p", "horizon"),
		highest("foreshadow_forecast_pinball_ratio", "p", "horizon"),
		highest("foreshadow_warm_replicas"),
		highest("foreshadow_shadows", "state"),
		highest("foreshadow_shadow_info", "pod", "state"),
		highest("foreshadow_shadow_warmup_progress_ratio", "pod"),
	}
	return append(rs,
		grown("foreshadow_activation_hits", "15m"),
		grown("foreshadow_activation_misses", "15m", "reason"),
		added("foreshadow_activations", "15m", "result"),
		grown("foreshadow_shadow_broken", "15m"),
		grown("foreshadow_selector_exposures", "1h"),
		Record{warmUpSeconds95, "histogram_quantile(0.95, sum by (le) (rate(foreshadow_warmup_duration_seconds_bucket[1h])))"},
	)
}

// highest records the highest that any adapter says: they say the same, and one that has just started says nothing.
func highest(metric string, more ...string) Record {
	level, by := levelOf(more)
	return Record{level + ":" + metric + ":max", fmt.Sprintf("max by (%s) (\n  %s\n)", by, ofPool(metric, more))}
}

// added records what a counter grows by each second. An event is counted by the one adapter that leads.
func added(metric, window string, more ...string) Record {
	level, by := levelOf(more)
	return Record{level + ":" + metric + ":rate" + window, fmt.Sprintf("sum by (%s) (\n  %s\n)", by, ofPool(fmt.Sprintf("rate(%s_total[%s])", metric, window), more))}
}

// grown records how much a counter of rare events grew. The first event makes the series, which increase alone does not see: a series is
// new that was not there a window ago while adapters were. Where Prometheus itself was down then, nothing is new.
func grown(metric, window string, more ...string) Record {
	level, by := levelOf(more)
	counter := metric + "_total"
	return Record{
		level + ":" + metric + ":increase" + window,
		fmt.Sprintf("sum by (%s) (\n  %s\n  or\n  %s\n)", by,
			ofPool(fmt.Sprintf("(%s unless %s offset %s and on () (count(foreshadow_build_info offset %s) > 0))", counter, counter, window, window), more),
			ofPool(fmt.Sprintf("increase(%s[%s])", counter, window), more)),
	}
}

func levelOf(more []string) (level, by string) {
	labels := append([]string{"namespace", "pool"}, more...)
	return strings.Join(labels, "_"), strings.Join(labels, ", ")
}

// ofPool gives a series back the labels that a scrape without honorLabels has renamed.
func ofPool(vector string, more []string) string {
	vector = honored(vector, "namespace")
	for _, label := range more {
		if label == "pod" {
			vector = honored(vector, label)
		}
	}
	return vector
}

func honored(vector, label string) string {
	return fmt.Sprintf(`label_replace(%s, %q, "$1", "exported_%s", "(.+)")`, vector, label, label)
}
