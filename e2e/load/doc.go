// Package load plays a workload's load in the end-to-end tests: its course over
// time, the target that Prometheus scrapes, and the small custom metrics API
// from which an HPA reads the load of each pod.
//
// A Load maps an instant to a value. A Source is a Load that the test may take
// over and give back. Target and PodMetrics serve one Source, so what Prometheus
// sees and what the HPA sees are the same.
package load
