package dashboards

const (
	ofPools = `{namespace=~"$namespace", pool=~"$pool"}`
	byPool  = "{{namespace}}/{{pool}}"
)

// overview answers: do the pools do what they are for?
func overview() *Dashboard {
	d := newDashboard("foreshadow-overview", "Foreshadow / Do the pools do what they are for?",
		"All pools: what was predicted against what came, how warm pods joined, and what that cost.",
		labelValues("namespace", "namespace", "foreshadow_history_degraded", true),
		labelValues("pool", "pool", `foreshadow_history_degraded{namespace=~"$namespace"}`, true))
	d.line(4,
		stat("Pools", "none", "Pools with published values.", `max(foreshadow_pools)`, ""),
		bad(stat("Pools in fallback", "none", "Pools whose replicas do not come from their forecast although nobody chose that. See the runbook ForeshadowFallbackActive.",
			`sum(max by (namespace, pool) (foreshadow_fallback_active{namespace=~"$namespace", pool=~"$pool", reason!~"Paused|Observe"}))`, ""), 1),
		stat("Warm shadows", "none", "Shadows that can be activated now.",
			`sum(max by (namespace, pool) (foreshadow_warm_replicas`+ofPools+`))`, ""),
		stat("Joined warm", "percentunit", "Share of the pods that joined a workload warm, of those that joined while its pool kept shadows, in the time range.",
			`sum(increase(foreshadow_activation_hits_total`+ofPools+`[$__range])) / (sum(increase(foreshadow_activation_hits_total`+ofPools+
				`[$__range])) + (sum(increase(foreshadow_activation_misses_total`+ofPools+`[$__range])) or vector(0)))`, ""),
		stat("Oldest forecast", "s", "Age of the oldest forecast of these pools. See the runbook ForeshadowForecastStale.",
			`max(time() - max by (namespace, pool) (foreshadow_forecast_last_success_timestamp_seconds`+ofPools+`))`, ""),
		stat("CPU held by shadows", "none", "Cores that shadows request now.",
			`sum(rate(foreshadow_shadow_requested_cpu_core_seconds_total`+ofPools+`[$__rate_interval]))`, ""))
	d.row("Predicted against actual")
	d.line(9,
		graph("Replicas of all pools", "none", "What autoscalers were given, and what the load needed at that moment.",
			q(`sum(max by (namespace, pool) (foreshadow_predicted_capacity_replicas`+ofPools+`))`, "given to autoscalers"),
			q(`sum(ceil(max by (namespace, pool) (foreshadow_observed_load`+ofPools+`) / max by (namespace, pool) (foreshadow_capacity_per_replica`+ofPools+`)))`, "needed by the load")),
		graph("Given over needed", "percentunit", "Replicas that each pool was given over those that its load needed: below 100 % pods came too late, far above it they cost money. See the runbook ForeshadowOverPrediction.",
			q(`max by (namespace, pool) (foreshadow_predicted_capacity_replicas`+ofPools+`) / (max by (namespace, pool) (foreshadow_observed_load`+ofPools+`) / max by (namespace, pool) (foreshadow_capacity_per_replica`+ofPools+`) > 0)`, byPool)))
	d.row("Shadows")
	d.line(9,
		graph("Warm shadows", "none", "Shadows of each pool that can be activated now. See the runbook ForeshadowPoolExhausted.",
			q(`max by (namespace, pool) (foreshadow_warm_replicas`+ofPools+`)`, byPool)),
		graph("Activations", "ops", "Shadows that were to go live, by what became of it. See the runbook ForeshadowActivationsFailing.",
			q(`sum by (namespace, pool, result) (rate(foreshadow_activations_total`+ofPools+`[$__rate_interval]))`, byPool+" {{result}}")),
		stacked(graph("Hits and misses", "none", "Pods that joined warm, and those that joined cold while their pool kept shadows.",
			q(`sum(increase(foreshadow_activation_hits_total`+ofPools+`[$__rate_interval]))`, "warm"),
			q(`sum by (reason) (increase(foreshadow_activation_misses_total`+ofPools+`[$__rate_interval]))`, "cold: {{reason}}"))))
	d.row("Cost")
	d.line(8,
		graph("Wasted", "none", "Shadows that ended without having served: seconds of their life in each second.",
			q(`sum by (namespace, pool) (rate(foreshadow_shadow_wasted_seconds_total`+ofPools+`[$__rate_interval]))`, byPool)),
		stacked(graph("CPU requested by shadows", "none", "Cores.",
			q(`sum by (namespace, pool) (rate(foreshadow_shadow_requested_cpu_core_seconds_total`+ofPools+`[$__rate_interval]))`, byPool))),
		stacked(graph("Memory requested by shadows", "bytes", "Bytes.",
			q(`sum by (namespace, pool) (rate(foreshadow_shadow_requested_memory_byte_seconds_total`+ofPools+`[$__rate_interval]))`, byPool))))
	d.row("Pool by pool")
	d.line(9, poolTable())
	return d
}

// poolTable leads to the dashboard of each pool.
func poolTable() Panel {
	instant := func(expr string) Target {
		return Target{Expr: expr, Format: "table", Instant: true}
	}
	return Panel{
		Type: "table", Title: "Pools", Description: "The pools as they are now. A pool's name leads to its dashboard.",
		Targets: []Target{
			instant(`max by (namespace, pool) (foreshadow_observed_load` + ofPools + `)`),
			instant(`max by (namespace, pool) (foreshadow_predicted_capacity_replicas` + ofPools + `)`),
			instant(`max by (namespace, pool) (foreshadow_warm_replicas` + ofPools + `)`),
		},
		Transformations: []Transformation{
			{ID: "merge", Options: map[string]any{}},
			{ID: "organize", Options: map[string]any{
				"excludeByName": map[string]any{"Time": true},
				"renameByName":  map[string]any{"Value #A": "load", "Value #B": "replicas", "Value #C": "warm shadows"},
			}},
		},
		FieldConfig: &FieldConfig{
			Defaults: Field{Unit: "short"},
			Overrides: []Override{{Matcher: Matcher{ID: "byName", Options: "pool"}, Properties: []Property{{
				ID: "links", Value: []Link{{Title: "Show the pool", Type: "link", URL: "/d/" + poolUID + "?var-namespace=${__data.fields.namespace}&var-pool=${__data.fields.pool}&${__url_time_range}"}},
			}}}},
		},
		Options: map[string]any{"showHeader": true},
	}
}
