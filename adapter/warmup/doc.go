// Package warmup is what the sidecar of a shadow runs: it sends a reduced
// workload to its own app until the app behaves like the pod that it mirrors,
// and says how far that is.
//
// In go requests, from a List that the user wrote or from a Tap in front of an
// active pod, and a Profile of the source pod. Out comes Progress: a ratio, the
// condition that is still missing, and whether it is done. A round judges; it has
// no clock, no goroutine and no I/O. A Driver sends, in time.
//
// Nothing that it sends leaves the pod: an App is on loopback. Every request
// bears Header, and none is sent once the round is over. A Tap may lose samples
// and never delays or fails a request of the app's own.
package warmup
