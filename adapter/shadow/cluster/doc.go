// Package cluster runs the lifecycle of shadows on an API server: it watches
// what matters to the pools, leads, and lets observe, shadow and actuate do
// their parts for one pool at a time, for many pools at once.
//
// Only the leader writes. Its epoch grows with each change of the lease and
// stands in every object that it writes, so that a leader which was paused past
// its lease stops at the first one that a later leader has written.
//
// A ReplicaSet that is raised leads to the activations without a pause on the
// way: no rate limit, no debounce, no write before them.
package cluster
