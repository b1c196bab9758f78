package rules

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	poolOf = "Pool {{ $labels.namespace }}/{{ $labels.pool }}"
	// meant are the reasons why a pool is not forecast that somebody chose.
	meant = `reason=~"Paused|Observe"`
)

// forecastAlerts are about what is predicted.
func forecastAlerts() []Alert {
	return []Alert{
		{
			Name: "ForeshadowForecastStale", Severity: Critical, For: "2m",
			Expr:        fmt.Sprintf("(time() - %s) > 900\nunless on (namespace, pool)\n(%s{%s} == 1)", lastForecast, fallback, meant),
			Summary:     "A pool has not been forecast for longer than its values hold.",
			Description: poolOf + " was last forecast {{ $value | humanizeDuration }} ago. Its metrics are refused once prediction.maxAge has passed.",
		},
		{
			Name: "ForeshadowFallbackActive", Severity: Warning, For: "15m",
			Expr:        fallback + `{reason!~"Paused|Observe|ShortHistory|CapacityUnknown"} == 1`,
			Summary:     "A pool's replicas do not come from its forecast.",
			Description: poolOf + " falls back: {{ $labels.reason }}.",
		},
		{
			Name: "ForeshadowCapacityUnknown", Severity: Warning, For: "30m",
			Expr:        fallback + `{reason="CapacityUnknown"} == 1`,
			Summary:     "Nobody knows what one replica carries, so nothing is published.",
			Description: poolOf + " has neither load.capacityPerReplica nor a history to learn it from.",
		},
		{
			Name: "ForeshadowHistoryShort", Severity: Info, For: "1h",
			Expr:        fallback + `{reason="ShortHistory"} == 1`,
			Summary:     "A pool's history is too short to forecast from.",
			Description: poolOf + " is given the replicas of its load as it is now until there is more history.",
		},
		{
			Name: "ForeshadowHistoryDegraded", Severity: Warning, For: "10m",
			Expr:        degraded + " == 1",
			Summary:     "Prometheus answers with part of the data.",
			Description: "What is read for pool {{ $labels.namespace }}/{{ $labels.pool }} is incomplete: its replicas may rise, never fall.",
		},
		{
			Name: "ForeshadowUnderPrediction", Severity: Warning, For: "1h", KeepFiring: "30m",
			Expr:        underPrediction(),
			Summary:     "The load is above its forecast more often than it should be.",
			Description: poolOf + ": {{ $value | humanizePercentage }} of the loads stayed at or below the {{ $labels.p }} quantile that was forecast {{ $labels.horizon }} ahead.",
		},
		{
			Name: "ForeshadowOverPrediction", Severity: Info, For: "6h",
			Expr: fmt.Sprintf("(%s * %s) / (%s > 0) > 3\nand\n%s > 3",
				predicted, capacity, observedLoad, predicted),
			Summary:     "A pool is given far more replicas than its load needs.",
			Description: poolOf + " has been given {{ $value | humanize }} times the capacity that its load needs, for six hours.",
		},
		{
			Name: "ForeshadowForecastUnskilled", Severity: Info, For: "6h",
			Expr:        pinballRatio + " > 1",
			Summary:     "A forecast is no better than the load of the day before.",
			Description: poolOf + ": the loss of the {{ $labels.p }} quantile {{ $labels.horizon }} ahead is {{ $value | humanize }} times that of yesterday's load.",
		},
	}
}

// quantiles are those that people write; a coverage has its quantile as a label, which PromQL cannot compute with.
var quantiles = []string{"0.8", "0.9", "0.95", "0.98", "0.99", "0.995", "0.999"}

// underPrediction is a coverage that misses more than twice what its quantile allows, and two points.
func underPrediction() string {
	alternatives := make([]string, 0, len(quantiles))
	for _, p := range quantiles {
		allowed, _ := strconv.ParseFloat(p, 64)
		least := strconv.FormatFloat(1-2*(1-allowed)-0.02, 'f', 3, 64)
		alternatives = append(alternatives, fmt.Sprintf("%s{p=%q} < %s", coverage, p, least))
	}
	return strings.Join(alternatives, "\nor\n")
}
