// Package profile makes behavioural profiles of a workload's pods, and chooses
// the pod that shadows mirror.
//
// In goes what Prometheus knows of each pod: CPU, memory, network, disk, and
// where the pool says how to ask for them, requests, latencies and errors. Each
// [Query] is asked once for all pods of the workload, so that the number of
// queries does not depend on the number of pods. Out comes a [Profile]: for each
// pod robust statistics over a recent window, for the pool the pod in the middle
// and what is usual at this hour of the week, the pods that are far from the
// others, and the [Choice] of the source.
//
// What holds:
//
//   - a profile is a function of the history and of the pod that was the source
//     before, so that two replicas that read the same answer alike;
//   - a pod that is young, has restarted or is far from the others is never the
//     source; series of shadows are never asked for;
//   - what could not be measured is named, and is never 0.
//
// Behaviours are compared in units of the median absolute deviation (Hampel, The
// influence curve and its role in robust estimation, 1974), which a minority of
// strange pods cannot move.
package profile
