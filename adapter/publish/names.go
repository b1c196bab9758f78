package publish

// The metrics of the external metrics API. Prometheus has them under the same names.
const (
	// MetricPredictedCapacity is the number of replicas that a pool needs: the one number for a HorizontalPodAutoscaler.
	MetricPredictedCapacity = "foreshadow_predicted_capacity_replicas"
	// MetricPredictedLoad is the forecast of a pool's load in the unit of its query.
	MetricPredictedLoad = "foreshadow_predicted_load"
	// MetricWarmReplicas is the number of a pool's shadows that can be activated now.
	MetricWarmReplicas = "foreshadow_warm_replicas"
)

// MetricWarmUpProgress is how far a shadow has warmed up, 0 to 1: the one metric of the custom metrics API, which has it for the pod.
// The role that keeps the shadows gives it to Prometheus.
const MetricWarmUpProgress = "foreshadow_shadow_warmup_progress_ratio"

// LabelPool is the label that tells the pools of a namespace apart: the one to write into an HPA's metric selector.
const LabelPool = "pool"
