// Package simulate replays a workload and its HorizontalPodAutoscaler on a
// virtual clock.
//
// In goes a Load (a trace, perhaps with an injected Spike), what a replica
// carries and how long it takes to start (WorkloadConfig), and an HPA with its
// metrics. Out come Totals: the seconds in which the load exceeded the capacity
// in service, the requests above it, the pods that joined cold, the pod-hours.
//
// One Arm is one workload with one HPA. Arms share nothing, so several of them
// run side by side under the same load when the caller advances each to the same
// instant. Solve finds the reactive arm that costs as much as another one, which
// is the fair peer of a predictive arm.
//
// Invariants: the outcome is a pure function of the load, the configurations and
// what the metrics return; between two events (a value of the load, a pod that
// turns ready or warm, a sync of the HPA) nothing changes, and every integral is
// exact there; replicas stay within the HPA's bounds; nothing waits and nothing
// reads a real clock.
package simulate
