// Package derive makes a pool's load of the autoscaler that a workload has.
//
// In goes a HorizontalPodAutoscaler or a ScaledObject of KEDA with the template
// of the workload's pods; out come the PromQL query and what one replica
// carries, as far as they are in it, why the workload may only be observed, if
// so, and what the autoscaler should have besides. Nothing is written.
package derive
