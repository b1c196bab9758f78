package dashboards

const (
	poolUID = "foreshadow-pool"
	ofPool  = `{namespace="$namespace", pool="$pool"}`
)

// pool answers: what does this pool foresee, and is it ready for it?
func pool() *Dashboard {
	d := newDashboard(poolUID, "Foreshadow / What does this pool foresee, and is it ready?",
		"One pool: its forecast beside its load, its replicas, its shadows and how good its forecasts turned out.",
		labelValues("namespace", "namespace", "foreshadow_history_degraded", false),
		labelValues("pool", "pool", `foreshadow_history_degraded{namespace="$namespace"}`, false),
		labelValues("lead", "lead", `foreshadow_predicted_load{namespace="$namespace", pool="$pool"}`, false))
	d.line(4,
		stat("Given to the autoscaler", "none", "Replicas that the autoscaler gets.", `max(foreshadow_predicted_capacity_replicas`+ofPool+`)`, ""),
		stat("Load", "short", "The load as read last, in the unit of the pool's query.", `max(foreshadow_observed_load`+ofPool+`)`, ""),
		stat("A replica carries", "short", "Load that one replica carries, in the unit of the pool's query. See the runbook ForeshadowCapacityUnknown.", `max(foreshadow_capacity_per_replica`+ofPool+`)`, ""),
		stat("Warm now", "none", "Shadows that can be activated now.", `max(foreshadow_warm_replicas`+ofPool+`)`, ""),
		stat("Model", "none", "The forecast model in use.", `max by (model) (foreshadow_forecast_model_info`+ofPool+`)`, "{{model}}"),
		stat("Forecast is from", "s", "Time since the last forecast. See the runbook ForeshadowForecastStale.", `time() - max(foreshadow_forecast_last_success_timestamp_seconds`+ofPool+`)`, ""))
	d.row("Forecast")
	d.line(10, forecastBand())
	d.line(8,
		graph("Replicas", "none", "What the autoscaler gets, and what the load needs at that moment.",
			q(`max(foreshadow_predicted_capacity_replicas`+ofPool+`)`, "given to the autoscaler"),
			q(`ceil(max(foreshadow_observed_load`+ofPool+`) / max(foreshadow_capacity_per_replica`+ofPool+`))`, "needed by the load")),
		upTo(1, graph("Fallback and degraded history", "none", "1 while the pool's replicas do not come from its forecast, by reason, and while its history is incomplete. See the runbook ForeshadowFallbackActive.",
			q(`max by (reason) (foreshadow_fallback_active`+ofPool+`)`, "{{reason}}"),
			q(`max(foreshadow_history_degraded`+ofPool+`)`, "history degraded"))))
	d.row("Shadows")
	d.line(9,
		stacked(graph("Shadows by state", "none", "Shadows of the pool. Those that went live are settling for half a minute.",
			q(`max by (state) (foreshadow_shadows`+ofPool+`)`, "{{state}}"))),
		unfilled(upTo(1, graph("Warm-up of each shadow", "percentunit", "How far each shadow has warmed up. See the runbook ForeshadowWarmUpStuck.",
			q(`max by (pod) (foreshadow_shadow_warmup_progress_ratio`+ofPool+`)`, "{{pod}}")))))
	d.line(9,
		heatmap("Time of an activation, all pools", "Time from the raise of a ReplicaSet, as it was seen, until a shadow had become its pod.",
			`sum by (le) (increase(foreshadow_activation_duration_seconds_bucket{phase="total"}[$__rate_interval]))`),
		graph("Time of an activation by phase, all pools", "s", "The 99th percentile of each phase: waiting for a look, deciding, writing.",
			q(`histogram_quantile(0.99, sum by (phase, le) (rate(foreshadow_activation_duration_seconds_bucket[$__rate_interval])))`, "{{phase}}")))
	d.line(8,
		stacked(graph("Hits and misses", "none", "Pods that joined warm, and those that joined cold, by why.",
			q(`sum(increase(foreshadow_activation_hits_total`+ofPool+`[$__rate_interval]))`, "warm"),
			q(`sum by (reason) (increase(foreshadow_activation_misses_total`+ofPool+`[$__rate_interval]))`, "cold: {{reason}}"))),
		graph("Cost of the shadows", "none", "Cores that shadows request, and shadows that ended unused: seconds of their life in each second.",
			q(`sum(rate(foreshadow_shadow_requested_cpu_core_seconds_total`+ofPool+`[$__rate_interval]))`, "cores"),
			q(`sum(rate(foreshadow_shadow_wasted_seconds_total`+ofPool+`[$__rate_interval]))`, "wasted")))
	d.row("How good the forecasts turned out")
	d.line(8,
		unfilled(upTo(1, graph("Coverage", "percentunit", "Share of the loads at or below each quantile over the last 7 days: it should be the quantile. See the runbook ForeshadowUnderPrediction.",
			q(`max by (p, horizon) (foreshadow_forecast_coverage_ratio`+ofPool+`)`, "{{p}}, {{horizon}} ahead")))),
		graph("Loss against the day before", "percentunit", "Pinball loss over that of the load of the day before: below 100 % the forecast is better. See the runbook ForeshadowForecastUnskilled.",
			q(`max by (p, horizon) (foreshadow_forecast_pinball_ratio`+ofPool+`)`, "{{p}}, {{horizon}} ahead")))
	return d
}

// forecastBand shows what was forecast for each moment, not at it: the forecast is moved by its lead.
func forecastBand() Panel {
	p := graph("Load and what was forecast for it, $lead ahead", "short",
		"The load, and above it the band up to the quantile that was forecast for that moment. Where the load leaves the band, it was higher than foreseen.",
		q(`max(foreshadow_observed_load`+ofPool+`)`, "load"),
		q(`max(foreshadow_predicted_load{namespace="$namespace", pool="$pool", lead="$lead"} offset $lead)`, "quantile"),
		q(`max by (p, lead) (foreshadow_predicted_load{namespace="$namespace", pool="$pool", lead!="$lead"})`, "seen now: {{p}}, {{lead}} ahead"))
	p = look(p, "quantile", Property{ID: "custom.fillBelowTo", Value: "load"}, Property{ID: "custom.fillOpacity", Value: 25}, Property{ID: "custom.lineWidth", Value: 2})
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, Override{
		Matcher: Matcher{ID: "byRegexp", Options: "/^seen now/"},
		Properties: []Property{
			{ID: "custom.lineStyle", Value: map[string]any{"fill": "dash", "dash": []int{4, 6}}}, {ID: "custom.fillOpacity", Value: 0},
		},
	})
	return look(p, "load", Property{ID: "custom.lineWidth", Value: 2}, Property{ID: "custom.fillOpacity", Value: 0})
}
