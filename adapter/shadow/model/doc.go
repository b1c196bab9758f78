// Package model is a Kubernetes control plane in memory: an API server, the
// controllers of ReplicaSets, Deployments, EndpointSlices and garbage, a
// scheduler with nodes and kubelets, quotas and an autoscaler. It holds real
// Kubernetes objects and does with them what version 1.37 was seen to do, so
// that an order of things which takes luck on a cluster is one number here.
//
// Everything that happens is a task of a Loop, with an instant on a virtual
// clock; delays, faults and choices come from one Choice, which a seed or the
// bytes of a fuzzer drive. The same Choice gives the same run.
//
// Every client has a cache of its own, which lags: informers are first in, first
// out for each kind, and of no order between kinds. Times in objects have the
// resolution of a second, as in etcd.
//
// What is not here: admission by webhooks, except as a function; priorities and
// preemption; volumes; image pulls that fail; proxies. Server-side apply knows
// lists that are maps for the status of a ShadowPool only.
package model
