package publish

// The metrics that the external metrics API offers. Prometheus has them under the same names.
const (
	// MetricPredictedCapacity is the number of replicas that a pool needs: the one number for a HorizontalPodAutoscaler.
	MetricPredictedCapacity = "foreshadow_predicted_capacity_replicas"
	// MetricPredictedLoad is the forecast of a pool's load in the unit of its query.
	MetricPredictedLoad = "foreshadow_predicted_load"
)

// LabelPool is the label that tells the pools of a namespace apart: the one to write into an HPA's metric selector.
const LabelPool = "pool"
