package rules

// adapterAlerts are about the processes.
func adapterAlerts() []Alert {
	return []Alert{
		{
			Name: "ForeshadowAdapterDown", Severity: Critical, For: "5m",
			Expr:        `absent(foreshadow_refreshes_total)`,
			Summary:     "No adapter forecasts: autoscalers get no predicted replicas.",
			Description: "Prometheus has seen no adapter with the metrics role for five minutes. Autoscalers follow their other metrics and do not scale in.",
		},
		{
			Name: "ForeshadowShadowsDown", Severity: Warning, For: "5m",
			Expr: `absent(foreshadow_warmup_duration_seconds_count or foreshadow_warmup_duration_seconds)
  and on ()
(count(last_over_time(foreshadow_warmup_duration_seconds_count[1d]) or last_over_time(foreshadow_warmup_duration_seconds[1d])) > 0)`,
			Summary:     "No adapter keeps shadows: pods start cold.",
			Description: "Prometheus has seen no adapter with the shadows role for five minutes, and saw one within the last day. Shadows stay as they are, none goes live.",
		},
		{
			Name: "ForeshadowRefreshesFailing", Severity: Warning, For: "15m",
			Expr: `sum(rate(foreshadow_refreshes_total{result!="success"}[15m]))
  /
sum(rate(foreshadow_refreshes_total[15m]))
  > 0.2`,
			Summary:     "Many forecasts fail or lack data.",
			Description: "{{ $value | humanizePercentage }} of the refreshes of pools end without a full forecast.",
		},
		{
			Name: "ForeshadowPrometheusQueriesFailing", Severity: Warning, For: "10m",
			Expr: `sum(rate(foreshadow_prometheus_queries_total{result!~"success|canceled"}[10m]))
  /
sum(rate(foreshadow_prometheus_queries_total[10m]))
  > 0.1`,
			Summary:     "Prometheus does not answer the adapter as it should.",
			Description: "{{ $value | humanizePercentage }} of the adapter's queries fail or get part of an answer.",
		},
		{
			Name: "ForeshadowShadowWritesFailing", Severity: Warning, For: "15m",
			Expr: `sum by (kind) (rate(foreshadow_shadow_writes_total{result="failed"}[15m]))
  /
sum by (kind) (rate(foreshadow_shadow_writes_total[15m]))
  > 0.1`,
			Summary:     "The API server refuses writes of the shadows role.",
			Description: "{{ $value | humanizePercentage }} of the writes of kind {{ $labels.kind }} fail.",
		},
	}
}

// fileAlerts are about what adapters read and keep on their volumes.
func fileAlerts() []Alert {
	return []Alert{
		{
			Name: "ForeshadowPoolsFileRefused", Severity: Warning, For: "5m",
			Expr:        `min(foreshadow_pools_reload_success) == 0`,
			Summary:     "The pools file as it is now is not in use.",
			Description: "An adapter refused the file of --pools.file and goes on with the pools that it read before.",
		},
		{
			Name: "ForeshadowSourcesFileRefused", Severity: Warning, For: "5m",
			Expr:        `min(foreshadow_sources_reload_success) == 0`,
			Summary:     "The file of sources as it is now is not in use.",
			Description: "An adapter refused the file of --history.sources-file and goes on with the sources that it read before.",
		},
		{
			Name: "ForeshadowKeptLoadsFailing", Severity: Warning, For: "15m",
			Expr: `min by (instance) (foreshadow_kept_load_up) == 0
or
sum by (instance) (rate(foreshadow_kept_load_samples_total{result!="kept"}[10m])) > 0`,
			Summary:     "Loads are not kept for where Prometheus forgets.",
			Description: "Adapter {{ $labels.instance }} could not open its kept loads, or does not keep all of what it should.",
		},
	}
}

// apiAlerts are about what autoscalers ask.
func apiAlerts() []Alert {
	return []Alert{
		{
			Name: "ForeshadowMetricsAPIFailing", Severity: Critical, For: "5m",
			Expr: `sum(rate(foreshadow_external_metric_requests_total{code=~"5..", metric=~"foreshadow_predicted_(capacity_replicas|load)"}[5m]))
  /
sum(rate(foreshadow_external_metric_requests_total{metric=~"foreshadow_predicted_(capacity_replicas|load)"}[5m]))
  > 0.5`,
			Summary:     "Autoscalers get errors for most of what they ask.",
			Description: "{{ $value | humanizePercentage }} of the requests for a predicted metric are answered with an error of the server.",
		},
		{
			Name: "ForeshadowCertificateExpiring", Severity: Critical, For: "15m",
			Expr: `foreshadow_serving_certificate_expiry_timestamp_seconds - time() < 7 * 86400
and
foreshadow_serving_certificate_expiry_timestamp_seconds - time()
  < (foreshadow_serving_certificate_expiry_timestamp_seconds - foreshadow_serving_certificate_start_timestamp_seconds) / 12`,
			Summary:     "The certificate of the metrics APIs ends soon, and nobody has renewed it.",
			Description: "Adapter {{ $labels.instance }} shows a certificate that ends in {{ $value | humanizeDuration }}. Then the API server asks it nothing any more.",
		},
	}
}
