package dashboards

const ofJob = `{job=~"$job", instance=~"$instance"}`

// adapter answers: is the adapter itself well?
func adapter() *Dashboard {
	d := newDashboard("foreshadow-adapter", "Foreshadow / Is the adapter well?",
		"The processes: what they read, forecast, answer and write, and what they use.",
		labelValues("job", "job", "foreshadow_build_info", true),
		labelValues("instance", "instance", `foreshadow_build_info{job=~"$job"}`, true))
	d.line(4,
		stat("Adapters", "none", "Processes that are scraped, of both roles. See the runbook ForeshadowAdapterDown.", `count(foreshadow_build_info`+ofJob+`)`, ""),
		stat("Version", "none", "Versions that run.", `count by (version) (foreshadow_build_info`+ofJob+`)`, "{{version}}"),
		stat("Pools", "none", "Pools with published values.", `max(foreshadow_pools`+ofJob+`)`, ""),
		stat("Forecasts that succeed", "percentunit", "Share of the refreshes of pools that end with a full forecast. See the runbook ForeshadowRefreshesFailing.",
			`sum(rate(foreshadow_refreshes_total{job=~"$job", instance=~"$instance", result="success"}[$__rate_interval])) / sum(rate(foreshadow_refreshes_total`+ofJob+`[$__rate_interval]))`, ""),
		stat("Invariants broken", "none", "Looks at pools that found what must not be, in the time range. See the runbook ForeshadowInvariantBroken.",
			`sum(increase(foreshadow_shadow_broken_total`+ofJob+`[$__range])) or vector(0)`, ""),
		stat("Memory", "bytes", "Resident memory of all processes.", `sum(process_resident_memory_bytes`+ofJob+`)`, ""))
	d.row("Forecasts")
	d.line(8,
		graph("Forecasts", "ops", "Refreshes of pools by result.",
			q(`sum by (result) (rate(foreshadow_refreshes_total`+ofJob+`[$__rate_interval]))`, "{{result}}")),
		graph("Time of a forecast", "s", "One refresh of one pool, Prometheus included.",
			q(`histogram_quantile(0.5, sum by (le) (rate(foreshadow_refresh_duration_seconds_bucket`+ofJob+`[$__rate_interval])))`, "median"),
			q(`histogram_quantile(0.99, sum by (le) (rate(foreshadow_refresh_duration_seconds_bucket`+ofJob+`[$__rate_interval])))`, "99th percentile")))
	d.row("Prometheus")
	d.line(8,
		graph("Queries", "reqps", "Range queries by result. See the runbook ForeshadowPrometheusQueriesFailing.",
			q(`sum by (result) (rate(foreshadow_prometheus_queries_total`+ofJob+`[$__rate_interval]))`, "{{result}}")),
		graph("Time of a query", "s", "Waiting and retries included.",
			q(`histogram_quantile(0.5, sum by (le) (rate(foreshadow_prometheus_query_duration_seconds_bucket`+ofJob+`[$__rate_interval])))`, "median"),
			q(`histogram_quantile(0.99, sum by (le) (rate(foreshadow_prometheus_query_duration_seconds_bucket`+ofJob+`[$__rate_interval])))`, "99th percentile")),
		graph("Requests and cached history", "reqps", "HTTP requests to Prometheus, retries and chunks included, and refreshes: what is read once stays in memory, so a refresh takes about one short request.",
			q(`sum(rate(foreshadow_prometheus_requests_total`+ofJob+`[$__rate_interval]))`, "requests"),
			q(`sum(rate(foreshadow_refreshes_total`+ofJob+`[$__rate_interval]))`, "refreshes"),
			q(`sum by (reason) (rate(foreshadow_prometheus_samples_dropped_total`+ofJob+`[$__rate_interval]))`, "samples dropped: {{reason}}")))
	d.row("Kubernetes")
	d.line(8,
		graph("Answers to autoscalers", "reqps", "Requests for external and custom metrics by code. See the runbook ForeshadowMetricsAPIFailing.",
			q(`sum by (code) (rate(foreshadow_external_metric_requests_total`+ofJob+`[$__rate_interval]))`, "external {{code}}"),
			q(`sum by (code) (rate(foreshadow_custom_metric_requests_total`+ofJob+`[$__rate_interval]))`, "custom {{code}}")),
		graph("Writes", "wps", "Writes of the shadows role by kind and result, and statuses of pools that the metrics role wrote. See the runbook ForeshadowShadowWritesFailing.",
			q(`sum by (kind, result) (rate(foreshadow_shadow_writes_total`+ofJob+`[$__rate_interval]))`, "{{kind}} {{result}}"),
			q(`sum by (result) (rate(foreshadow_pool_status_writes_total`+ofJob+`[$__rate_interval]))`, "status of pools {{result}}")),
		graph("Who leads", "wps", "Only the leader of each role writes: what each process writes in a second.",
			q(`sum by (job, instance) (rate(foreshadow_shadow_writes_total`+ofJob+`[$__rate_interval]))`, "shadows: {{instance}}"),
			q(`sum by (job, instance) (rate(foreshadow_pool_status_writes_total`+ofJob+`[$__rate_interval]))`, "metrics: {{instance}}")))
	d.row("Process")
	d.line(8,
		graph("Memory", "bytes", "Resident memory and the heap in use.",
			q(`process_resident_memory_bytes`+ofJob, "{{instance}} resident"),
			q(`go_memstats_heap_alloc_bytes`+ofJob, "{{instance}} heap")),
		graph("CPU", "none", "Cores in use.",
			q(`rate(process_cpu_seconds_total`+ofJob+`[$__rate_interval])`, "{{instance}}")),
		graph("Goroutines", "none", "Goroutines of each process.",
			q(`go_goroutines`+ofJob, "{{instance}}")))
	return d
}
