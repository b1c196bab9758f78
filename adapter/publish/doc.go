// Package publish holds the numbers that Foreshadow has computed and gives them to those who ask: the external metrics API of Kubernetes
// and Prometheus.
//
// What goes in is one [Pool] at a time, by [Board.Publish]. What comes out are immutable snapshots ([Board.Snapshot]), which every reader
// takes from an atomic pointer: no reader waits for a writer, for Prometheus or for another reader.
//
// What holds:
//
//   - a [Reading] is given out only until its ValidUntil, judged by the reader's clock at the moment of the request, so that a refresh
//     that hangs cannot make an old value look fresh;
//   - NaN and infinity never leave the process;
//   - no answer is 0 because something failed: what cannot be answered is refused with a reason (the metrics API) or absent (Prometheus);
//   - a selector of the metrics API means exactly one pool, because a HorizontalPodAutoscaler adds up every item that it gets.
//
// [NewCluster] serves the metrics API behind the aggregation layer, [NewStandalone] on a loopback address without a cluster, and
// [NewHandler] serves the Prometheus metrics and the health endpoints on a port of their own.
package publish
